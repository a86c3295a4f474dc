"""Coding agents: how they are started, and what happens in their turns."""
