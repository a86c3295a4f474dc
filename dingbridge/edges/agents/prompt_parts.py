"""What an agent is sent as one prompt: text, and the files that came with it.

A picture goes as its bytes and a text file as its content where the agent takes that. All else goes
as a link to the file, which every agent takes: it runs as the user and can read the file.
"""

from __future__ import annotations

import base64
import mimetypes
from pathlib import Path

from acp import schema

IMAGE_BYTES = 5 * 1024 * 1024
"""The largest picture that is sent as bytes."""

TEXT_BYTES = 100_000
"""The largest text file that is sent as its content."""

IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")

Part = (
    schema.TextContentBlock
    | schema.ImageContentBlock
    | schema.AudioContentBlock
    | schema.ResourceContentBlock
    | schema.EmbeddedResourceContentBlock
)


def parts(
    text: str, files: tuple[str, ...], instructions: str, takes: schema.PromptCapabilities
) -> list[Part]:
    """The parts of a prompt. Blocks while it reads the files."""
    made: list[Part] = []
    if instructions:
        made.append(schema.TextContentBlock(type="text", text=instructions))
    if text or not files:
        made.append(schema.TextContentBlock(type="text", text=text))
    made += [_file(Path(file), takes) for file in files]
    return made


def _file(path: Path, takes: schema.PromptCapabilities) -> Part:
    kind, packed = mimetypes.guess_type(path.name)
    mime = None if packed else kind
    try:
        size = path.stat().st_size if path.is_file() else 0
        if takes.image and mime in IMAGES and 0 < size <= IMAGE_BYTES:
            data = base64.b64encode(path.read_bytes()).decode()
            return schema.ImageContentBlock(
                type="image", data=data, mime_type=mime, uri=path.as_uri()
            )
        if takes.embedded_context and 0 < size <= TEXT_BYTES and not _is_binary(mime):
            content = schema.TextResourceContents(
                uri=path.as_uri(), mime_type=mime, text=path.read_text("utf-8")
            )
            return schema.EmbeddedResourceContentBlock(type="resource", resource=content)
    except (OSError, ValueError):
        pass  # gone, unreadable or no text: the agent says so itself when it looks
    if not path.is_absolute():
        return schema.TextContentBlock(type="text", text=str(path))
    return schema.ResourceContentBlock(
        type="resource_link", uri=path.as_uri(), name=path.name, mime_type=mime
    )


def _is_binary(mime: str | None) -> bool:
    return mime is not None and mime.startswith(("image/", "audio/", "video/"))
