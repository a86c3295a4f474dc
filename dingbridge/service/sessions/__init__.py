"""Sessions on the disk, for all editors."""
