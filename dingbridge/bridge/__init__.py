"""The application: who is bound to whom, and what is under way. Service loop only."""
