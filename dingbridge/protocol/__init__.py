"""The protocol between an editor's host and the service."""
