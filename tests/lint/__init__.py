"""Checks of what ruff does not read: the Lua, and the prose."""
