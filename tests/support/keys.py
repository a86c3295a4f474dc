"""Private keys and files with them."""

from __future__ import annotations

from tests.support.guard_corpus import drawing, lines

KEY = lines(drawing("excerpts"), 12)
MARKED = ["-----" + "BEGIN PRIVATE KEY-----", *KEY, "-----" + "END PRIVATE KEY-----"]
NOTES = ["# Notes", "", "The key of the server:", *MARKED, "", "That was it.", "secret-free line"]
