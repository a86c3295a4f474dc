"""The session entry of a robot message: its text, its attachments and the message it answers."""

from __future__ import annotations

from collections.abc import Sequence

from dingbridge.core.catalogue import received as say
from dingbridge.core.dingtalk import attachments, quotes
from dingbridge.core.messages import Attachment, Inbound


def to_fetch(inbound: Inbound) -> tuple[Attachment, ...]:
    """The message's attachments, then those of the message it answers.

    In a group, quoting is the only way to send a robot a file (doc/dingtalk.md §5.2).
    """
    return inbound.attachments + (inbound.quote.attachments if inbound.quote else ())


def text(inbound: Inbound, paths: Sequence[str | None] = (), failures: Sequence[str] = ()) -> str:
    """The entry's text, never empty.

    `paths` and `failures` belong to `to_fetch` one by one, as in `attachments.with_paths`.
    """
    own = len(inbound.attachments)
    said = attachments.with_paths(inbound.text, inbound.attachments, paths[:own], failures[:own])
    quoted = ""
    if (quote := inbound.quote) is not None:
        quoted = attachments.with_paths(quote.text, quote.attachments, paths[own:], failures[own:])
    return _whole(inbound, said, quoted)


def while_fetched(inbound: Inbound) -> str:
    """The text while `to_fetch` is being fetched."""
    quote = inbound.quote
    return _whole(
        inbound,
        attachments.while_fetched(inbound.text, inbound.attachments),
        attachments.while_fetched(quote.text, quote.attachments) if quote else "",
    )


def _whole(inbound: Inbound, said: str, quoted: str) -> str:
    # Without visible characters, such as a mention alone.
    said = say.WITHOUT_TEXT() if inbound.says_nothing else said
    quote = inbound.quote
    if quote is None:
        return said
    return quotes.above(quote, said, quoted)
