"""Outgoing messages: composed, queued, routed, sent within the rate limit, and their outcome."""
