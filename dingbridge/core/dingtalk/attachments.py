"""The text for an attachment in a message, and its path once it was fetched."""

from __future__ import annotations

from collections.abc import Sequence

from dingbridge.core.catalogue import received as say
from dingbridge.core.errors import without_stop
from dingbridge.core.messages import Attachment
from dingbridge.core.regex import regex
from dingbridge.core.text import shorten, tame

NAME_CHARACTERS = 80
"""Longest file name that is shown, in code points; its ending stays."""

_WORDS = {"picture": say.PICTURE, "file": say.FILE, "audio": say.VOICE, "video": say.VIDEO}
_ESCAPED_IN_A_LABEL = regex(r"[\\`*\[\]<>&!]")
_ESCAPED_IN_A_PATH = regex(r"[\\<>&]")
_NOT_IN_A_PATH = regex(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ESCAPE = r"\\\g<0>"
_PLAIN_PATH = regex(r"[\w/.:+,@~=-]+")
_WINDOWS = regex(r"[A-Za-z]:\\|\\\\")


def words(attachment: Attachment) -> str:
    """The text for an attachment: `[file: report.pdf, 12 KB]`."""
    said = _WORDS[attachment.kind]()
    name = shown_name(attachment.file_name)
    if name:
        said += ": " + _ESCAPED_IN_A_LABEL.sub(r"\\\g<0>", name)
    if attachment.duration:
        said += f", {_clock(attachment.duration)}"
    if attachment.size:
        said += f", {_amount(attachment.size)}"
    return f"[{said}]"


def shown_name(file_name: str) -> str:
    """A file's name on one line, shortened; its end, which shows the type, stays."""
    line = " ".join(tame(file_name).split())
    if len(line) <= NAME_CHARACTERS:
        return line
    stem, dot, ending = line.rpartition(".")
    if not dot or not 0 < len(ending) <= 10:
        return shorten(line, NAME_CHARACTERS)
    return f"{shorten(stem, NAME_CHARACTERS - len(ending) - 1)}.{ending}"


def with_paths(
    text: str,
    attachments: Sequence[Attachment],
    paths: Sequence[str | None],
    failures: Sequence[str] = (),
) -> str:
    """`text`, a message's own, with each attachment's words replaced by a link to its path.

    `paths` and `failures` correspond to the attachments: without a path, the words stay, followed
    by the failure, a phrase such as "it is larger than 50 MB". Only the ranges of the attachments
    are replaced. An attachment without a range, or whose words are not there, is added on a line at
    the end.
    """
    shown: list[str] = []
    for number, attachment in enumerate(attachments):
        path = paths[number] if number < len(paths) else None
        failure = failures[number] if number < len(failures) else ""
        shown.append(_link(attachment, path) if path else _without_path(attachment, failure))
    return _in_place(text, attachments, shown)


def while_fetched(text: str, attachments: Sequence[Attachment]) -> str:
    """The same while the attachments are downloaded, with `fetching report.pdf …` for each."""
    shown = [say.FETCHING(attachment=_label(attachment)) for attachment in attachments]
    return _in_place(text, attachments, shown)


def _in_place(text: str, attachments: Sequence[Attachment], each: Sequence[str]) -> str:
    pieces: list[str] = []
    after: list[str] = []
    done = 0
    for attachment, shown in zip(attachments, each, strict=True):
        start, end = attachment.start, attachment.end
        if done <= start < end and text[start:end] == words(attachment):
            pieces += (text[done:start], shown)
            done = end
        else:
            after.append(shown)
    pieces.append(text[done:])
    return "\n\n".join(filter(None, ["".join(pieces), *after]))


def _link(attachment: Attachment, path: str) -> str:
    if attachment.kind == "picture":
        return f"![picture]({_target(path)})"
    return f"[{_label(attachment)}]({_target(path)})"


def _label(attachment: Attachment) -> str:
    name = shown_name(attachment.file_name) or _WORDS[attachment.kind]()
    return _ESCAPED_IN_A_LABEL.sub(_ESCAPE, name)


def link(name: str, path: str, *, is_picture: bool) -> str:
    """A file of the user as Markdown: `[file: notes.txt](/home/me/notes.txt)`."""
    label = _ESCAPED_IN_A_LABEL.sub(_ESCAPE, shown_name(name))
    shown = f"![{label}]" if is_picture else say.FILE_LINE(name=label)
    return f"{shown}({_target(path)})"


def _target(path: str) -> str:
    if _WINDOWS.match(path):
        path = path.replace("\\", "/")  # Windows accepts both
    return path if _PLAIN_PATH.fullmatch(path) else f"<{_escaped(path)}>"


def _escaped(path: str) -> str:
    """A path as it is written between angle brackets."""
    path = _ESCAPED_IN_A_PATH.sub(r"\\\g<0>", path)
    return _NOT_IN_A_PATH.sub(lambda found: f"%{ord(found[0]):02X}", path)


def _without_path(attachment: Attachment, failure: str) -> str:
    if not failure:
        return words(attachment)
    reason = without_stop(" ".join(tame(failure).split()))
    return say.NOT_FETCHED(attachment=words(attachment), reason=reason)


def _clock(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60}:{whole % 60:02} min"


def _amount(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    if count < 1_000_000:
        return f"{round(count / 1000)} KB"
    return f"{count / 1_000_000:.1f} MB"
