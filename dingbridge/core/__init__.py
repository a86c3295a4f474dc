"""Values and decisions. Nothing here does I/O or reads a clock: time and chance are arguments."""
