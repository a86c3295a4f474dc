"""Random histories of trouble with real processes, and a judge of what is left of them."""
