"""Values and decisions. Pure: no I/O, no clock; time and random numbers are arguments."""
