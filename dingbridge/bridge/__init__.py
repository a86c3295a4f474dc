"""The application: who is bound to whom, and what is under way. It runs on the host loop only."""
