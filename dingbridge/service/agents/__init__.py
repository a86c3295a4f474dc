"""The coding agents of a service: their turns, their sessions, and what the editors see of them."""
