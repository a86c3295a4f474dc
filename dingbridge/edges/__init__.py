"""One module for each outside thing. None imports another; all of them speak the values of core."""
