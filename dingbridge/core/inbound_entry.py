"""The session entry of a robot message: its text, its attachments and the message it answers."""

from __future__ import annotations

from collections.abc import Sequence

from dingbridge.core import attachments, quoted_message
from dingbridge.core.catalogue import received as say
from dingbridge.core.messages import Attachment, Inbound


def to_fetch(inbound: Inbound) -> tuple[Attachment, ...]:
    """The message's own attachments, then those of the message it answers: in a group, quoting is
    the only way to give a robot a file (protocol section 5.2)."""
    return inbound.attachments + (inbound.quote.attachments if inbound.quote else ())


def text(inbound: Inbound, paths: Sequence[str | None] = (), failures: Sequence[str] = ()) -> str:
    """The entry's text, never empty. `paths` and `failures` belong to `to_fetch` one by one, as
    those of `attachments.with_paths`."""
    own = len(inbound.attachments)
    said = attachments.with_paths(inbound.text, inbound.attachments, paths[:own], failures[:own])
    # Without visible characters, such as a mention alone.
    said = say.WITHOUT_TEXT() if inbound.says_nothing else said
    quote = inbound.quote
    if quote is None:
        return said
    quoted = attachments.with_paths(quote.text, quote.attachments, paths[own:], failures[own:])
    return quoted_message.above(quote, said, quoted)
