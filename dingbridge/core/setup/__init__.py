"""The guided setup: its steps, what is left of it on disk, and the settings it ends with."""
