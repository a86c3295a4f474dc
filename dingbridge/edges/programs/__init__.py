"""Other programs: run, watched, and found again by their process id."""
