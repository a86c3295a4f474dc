"""Sends a text of more than `file_after` chunks as a short head and a file with the whole text."""

from __future__ import annotations

from msgspec import structs

from dingbridge.core.catalogue import delivery as say
from dingbridge.core.catalogue import received
from dingbridge.core.delivery import requests
from dingbridge.core.delivery.routing import Route
from dingbridge.core.dingtalk.file_names import safe_name
from dingbridge.core.markdown.blocks import Blocks
from dingbridge.core.markdown.chunking import LARGEST_CODE_POINT, Cutter, encoded_size
from dingbridge.core.markdown.cut_points import best_cut
from dingbridge.core.messages import Delivery, Message, Outbound, Role
from dingbridge.core.options.declarations import Options

HEAD_CHARACTERS = 500
"""Most code points of the text in the head, without the line below it."""


def parted(options: Options, outbound: Outbound, now: float) -> tuple[Outbound, ...]:
    """The messages to send for a text, in order: the text, or a short head and a Markdown file.

    `now` is Unix seconds. Files need OpenAPI: without a route by it, the text is sent in chunks.
    """
    ways = requests.ways(options, outbound, now)
    if not options.file_after or not {Route.SINGLE, Route.GROUP} & {*ways}:
        return (outbound,)
    characters, size = requests.room(options, outbound, ways[0])
    if characters < 1 or size < LARGEST_CODE_POINT:
        return (outbound,)
    pieces = _pieces(outbound.text, characters, size, options.file_after)
    if pieces <= options.file_after:
        return (outbound,)
    name = f"{safe_name(outbound.title, 'message')}.md"
    file = Outbound(
        f"{outbound.id}-file", outbound.target, outbound.text, outbound.title, file_name=name
    )
    return structs.replace(outbound, text=head(outbound.text)), file


def head(text: str) -> str:
    """The beginning of the text, cut like a chunk with code blocks closed, and a file note."""
    end = len(text)
    blocks = Blocks(text)
    if end > HEAD_CHARACTERS:
        end = best_cut(blocks, 0, HEAD_CHARACTERS // 3, HEAD_CHARACTERS, HEAD_CHARACTERS)
    frame = blocks.frame_at(end)
    shown = text[:end].rstrip()
    closed = f"{shown}\n{frame.closing}" if frame else shown
    return f"{closed}\n\n……\n\n{say.ATTACHED()}"


def line(file: Outbound, now: float) -> Message:
    """The transcript's line for the file of a long text; it shows the file's delivery."""
    words = received.FILE_LINE(name=file.file_name)
    return Message(file.id, Role.NOTICE, "dingbridge", words, now, delivery=Delivery.QUEUED)


def _pieces(text: str, characters: int, size: int, most: int) -> int:
    """The number of chunks; for more than `most` it may be `most` + 1."""
    length, encoded = len(text), encoded_size(text)
    if length <= characters and encoded <= size:
        return 1
    if length > most * characters or encoded > most * size:
        # Cutting takes time; a text this long needs more chunks for certain.
        return most + 1
    return len(Cutter(Blocks(text), characters, size).pieces())
