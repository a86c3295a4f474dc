"""One robot: its link, queue, access and sessions, for all editors that use it."""
