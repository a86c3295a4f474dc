"""Approvals: what an agent wants to do, and who allows or refuses it."""
