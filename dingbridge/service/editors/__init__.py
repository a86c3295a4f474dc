"""Everything that serves one attached editor."""
