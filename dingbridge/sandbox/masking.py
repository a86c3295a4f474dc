"""What of a body may be kept and shown: its beginning, without secrets."""

from __future__ import annotations

from dingbridge.core.secrets.redaction import redact

SPARE = 2_000
"""Characters beyond the limit that are read, so that no secret is cut in two and then missed."""


def without_secrets(text: str, most: int) -> str:
    """At most `most` characters of `text`, with `…` if there are more, and with secrets masked."""
    if not most:
        return ""
    masked = redact(text[: most + SPARE])
    return masked if len(masked) <= most else masked[:most] + "…"
