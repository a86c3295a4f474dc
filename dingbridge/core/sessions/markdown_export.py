"""A transcript as a Markdown document, for people and other programs to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.markdown.fences import fences, frame
from dingbridge.core.messages import Delivery, Message, Role
from dingbridge.core.sessions.transcript import Transcript
from dingbridge.core.text import clean

ENDINGS = (".md", ".markdown")
"""How the name of a Markdown file ends."""


def markdown(transcript: Transcript, local: Callable[[float], datetime]) -> str:
    """The messages of a transcript, each under a heading with author, destination and time.

    Texts stay as they are, with their code; `local` is the local time at a number of Unix seconds.
    """
    return "".join(_parts(transcript, local))


def _parts(transcript: Transcript, local: Callable[[float], datetime]) -> Iterator[str]:
    yield f"# {_line(transcript.info.title)}\n"
    for message in transcript.messages:
        yield f"\n## {_who(message)} · {local(message.time):%Y-%m-%d %H:%M}\n\n"
        if message.delivery is Delivery.FAILED:
            yield f"*{say.NOT_SENT(reason=_line(message.reason))}*\n\n"
        text = clean(message.text).rstrip()
        yield f"{text}\n{_closing(text)}" if text else ""


def _who(message: Message) -> str:
    author = _line(message.author)
    if message.role is not Role.DINGTALK and message.target_name:
        return f"{author} → {_line(message.target_name)}"
    return author


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _closing(text: str) -> str:
    """The line that closes a code block that the text leaves open; empty if it leaves none."""
    *_, last = (None, *fences(text))
    if last is None or last.code_end < last.end or last.end < len(text):
        return ""
    lines = frame(text[last.start : last.code_start])
    return f"{lines.closing}\n" if lines is not None else ""
