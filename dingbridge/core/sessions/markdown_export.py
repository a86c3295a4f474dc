"""A transcript as a Markdown document, for people and other programs to read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.markdown.fences import fences, frame
from dingbridge.core.messages import Delivery, Message, Role
from dingbridge.core.regex import regex
from dingbridge.core.sessions.transcript import Transcript
from dingbridge.core.text import clean

_TIME = r"·[^\S\n]*\d{4}-\d\d-\d\d[^\S\n]+\d\d:\d\d"
_LIKE_OURS = regex(
    rf"^(?P<lead> {{0,3}})(?P<mark>#{{1,6}}[ \t][^\n]*{_TIME})"
    rf"|^(?P<above>[^\n]*{_TIME}[ \t]*\n {{0,3}})(?=(?:-+|=+)[ \t]*$)",
    re.MULTILINE,
)
"""A heading with a time, by `#` or by the line below it."""

ENDINGS = (".md", ".markdown")
"""How the name of a Markdown file ends."""


def markdown(transcript: Transcript, local: Callable[[float], datetime]) -> str:
    """The messages of a transcript, each under a heading with author, destination and time.

    Texts stay as they are, with their code, but for lines that look like these headings, also in
    code: programs search the document for them. `local` is the local time at a number of Unix
    seconds.
    """
    return "".join(_parts(transcript, local))


def _parts(transcript: Transcript, local: Callable[[float], datetime]) -> Iterator[str]:
    yield f"# {_line(transcript.info.title)}\n"
    for message in transcript.messages:
        yield f"\n## {_who(message)} · {local(message.time):%Y-%m-%d %H:%M}\n\n"
        if message.delivery is Delivery.FAILED:
            yield f"*{say.NOT_SENT(reason=_line(message.reason))}*\n\n"
        text = _LIKE_OURS.sub(_escaped, clean(message.text).rstrip())
        yield f"{text}\n{_closing(text)}" if text else ""


def _escaped(heading: re.Match[str]) -> str:
    if heading["above"]:
        return f"{heading['above']}\\"
    return f"{heading['lead']}\\{heading['mark']}"


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
