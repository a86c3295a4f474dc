"""Random histories of faults with real processes, and checks of what they leave behind."""
