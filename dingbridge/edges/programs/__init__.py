"""Runs other programs, and identifies processes."""
