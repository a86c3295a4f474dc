"""A text of more chunks than the user wants to read in a chat: as its beginning and a file."""

from __future__ import annotations

from msgspec import structs

from dingbridge.core.catalogue import received as say
from dingbridge.core.delivery import requests
from dingbridge.core.delivery.file_form import as_file
from dingbridge.core.delivery.routing import Route
from dingbridge.core.dingtalk.file_names import safe_name
from dingbridge.core.markdown.blocks import Blocks
from dingbridge.core.markdown.chunking import LARGEST_CODE_POINT, Cutter, encoded_size
from dingbridge.core.messages import Delivery, Message, Outbound, Role
from dingbridge.core.options.declarations import Options


def parted(options: Options, outbound: Outbound, now: float) -> tuple[Outbound, ...]:
    """What leaves in the place of a text, in order: the text itself, or a short head and a Markdown
    file of all of it, by `file_after`. `now` is Unix seconds.

    Only where OpenAPI reaches the target, since nothing else takes a file.
    """
    ways = requests.ways(options, outbound, now)
    if not options.file_after or not {Route.SINGLE, Route.GROUP} & {*ways}:
        return (outbound,)
    characters, size = requests.room(options, outbound, ways[0])
    if characters < 1 or size < LARGEST_CODE_POINT:
        return (outbound,)
    pieces = _pieces(outbound.text, characters, size, options.file_after)
    form = as_file(outbound.text, pieces, options.file_after)
    if form is None:
        return (outbound,)
    head, whole = form
    name = f"{safe_name(outbound.title, 'message')}.md"
    file = Outbound(f"{outbound.id}-file", outbound.target, whole, outbound.title, file_name=name)
    return structs.replace(outbound, text=head), file


def line(file: Outbound, now: float) -> Message:
    """The line of a session for the file that follows a long text; it shows the file's fate."""
    words = say.FILE_LINE(name=file.file_name)
    return Message(file.id, Role.NOTICE, "dingbridge", words, now, delivery=Delivery.QUEUED)


def _pieces(text: str, characters: int, size: int, most: int) -> int:
    """How many chunks the text takes; more than `most` may be said as `most` + 1."""
    length, encoded = len(text), encoded_size(text)
    if length <= characters and encoded <= size:
        return 1
    if length > most * characters or encoded > most * size:
        # Counting is for texts in doubt: cutting takes time.
        return most + 1
    return len(Cutter(Blocks(text), characters, size).pieces())
