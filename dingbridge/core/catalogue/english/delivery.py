"""Sentences about outgoing messages, for DingTalk in English alone."""

from __future__ import annotations

ATTACHED = "full text attached"
