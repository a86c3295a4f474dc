"""One attached editor: what it asks for, and what it is shown."""
