"""The files in a received message: pictures, voice messages, videos and other files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dingbridge.core.dingtalk.json_fields import (
    duration_of,
    first,
    number_of,
    said_in,
)
from dingbridge.core.dingtalk.part_kinds import MessagePart
from dingbridge.core.messages import Attachment
from dingbridge.core.text import clean

_MOST_BYTES: Final = 1 << 50
_FILE_NAME_CHARACTERS: Final = 255

MEDIA_KINDS: Final = {
    "picture": "picture",
    "image": "picture",
    "audio": "audio",
    "voice": "audio",
    "video": "video",
    "file": "file",
}

_TELLING: Final = (
    ("richText", "richText"),
    ("recognition", "audio"),
    ("videoType", "video"),
    ("fileName", "file"),
    ("downloadCode", "picture"),
    ("pictureDownloadCode", "picture"),
    ("chatRecord", "chatRecord"),
    ("summary", "chatRecord"),
)


def kind_in(body: dict[str, Any]) -> str:
    """The msgtype by the fields of a payload, when none or a wrong one comes with it."""
    return next((kind for field, kind in _TELLING if field in body), "text")


def attachment_in(body: dict[str, Any], otherwise: str = "picture") -> Attachment | None:
    """The attachment of a payload or an item, whatever its msgtype; None without a download code.

    `otherwise` is its kind when no field shows one.
    """
    told = (
        kind for field, kind in _TELLING if field in body and kind in ("audio", "video", "file")
    )
    return _read_attachment(next(told, otherwise), body) if _code(body) else None


def _read_attachment(kind: Any, body: dict[str, Any]) -> Attachment:
    name = " ".join(clean(first(body, "fileName", "name")).split())
    return Attachment(
        kind=kind,
        download_code=_code(body),
        file_name=name[-_FILE_NAME_CHARACTERS:] if kind == "file" else "",
        size=int(number_of(body, _MOST_BYTES, "fileSize", "size")),
        duration=duration_of(body) if kind in ("audio", "video") else 0.0,
    )


def _code(body: dict[str, Any]) -> str:
    code = first(body, "downloadCode", "pictureDownloadCode").strip()
    return code if code.isprintable() else ""


def media(msgtype: str, text: object, body: dict[str, Any]) -> Iterator[MessagePart]:
    """A file and the text with it; for a voice message, first the text that DingTalk recognised."""
    kind = MEDIA_KINDS[msgtype]
    recognised = first(body, "recognition").strip() if kind == "audio" else ""
    if recognised:
        yield f"{recognised}\n\n"
    yield _read_attachment(kind, body)
    said = first(body, "text", "content", "caption") or said_in(text, "content")
    if said:
        yield f"\n\n{said}"
