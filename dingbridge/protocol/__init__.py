"""What an editor's host and the service say to each other."""
