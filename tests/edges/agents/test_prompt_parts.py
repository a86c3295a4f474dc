"""Files of a prompt: as bytes or content where the agent takes that, else as a link."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from acp import schema

from dingbridge.edges.agents import prompt_parts
from dingbridge.edges.agents.prompt_parts import parts

ALL = schema.PromptCapabilities(image=True, embedded_context=True)
NONE = schema.PromptCapabilities()


def part(path: Path, takes: schema.PromptCapabilities = ALL) -> prompt_parts.Part:
    [_, made] = parts("look", (str(path),), "", takes)
    return made


def is_link(made: prompt_parts.Part, path: Path) -> bool:
    return isinstance(made, schema.ResourceContentBlock) and made.uri == path.as_uri()


@pytest.mark.parametrize(
    ("name", "mime"),
    [("a.png", "image/png"), ("a.JPG", "image/jpeg"), ("a.gif", "image/gif")],
)
def test_a_picture_goes_as_its_bytes(tmp_path: Path, name: str, mime: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"bytes")
    made = part(path)
    assert isinstance(made, schema.ImageContentBlock)
    assert (base64.b64decode(made.data), made.mime_type) == (b"bytes", mime)
    assert made.uri == path.as_uri()


def test_a_text_goes_as_its_content(tmp_path: Path) -> None:
    path = tmp_path / "笔记 1.md"
    path.write_text("# 你好", "utf-8")
    made = part(path)
    assert isinstance(made, schema.EmbeddedResourceContentBlock)
    assert isinstance(made.resource, schema.TextResourceContents)
    assert (made.resource.text, made.resource.uri) == ("# 你好", path.as_uri())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("big.png", b"x" * (prompt_parts.IMAGE_BYTES + 1)),
        ("empty.png", b""),
        ("a.svg", b"<svg/>"),
        ("a.bmp", b"bytes"),
        ("big.txt", b"x" * (prompt_parts.TEXT_BYTES + 1)),
        ("binary", b"\xff\xfe\x00"),
        ("a.mp3", b"text"),
    ],
)
def test_what_an_agent_does_not_take_goes_as_a_link(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert is_link(part(path), path)


@pytest.mark.parametrize("name", ["a.png", "a.txt"])
def test_an_agent_that_takes_text_alone_gets_links(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"bytes")
    assert is_link(part(path, NONE), path)


def test_a_file_that_is_gone_or_none_goes_as_a_link(tmp_path: Path) -> None:
    """A pipe must not be opened: that would wait for its writer."""
    assert is_link(part(tmp_path / "gone.png"), tmp_path / "gone.png")
    assert is_link(part(tmp_path), tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        assert is_link(part(tmp_path / "pipe.png"), tmp_path / "pipe.png")


def test_a_name_that_is_no_path_is_written_out() -> None:
    assert part(Path("notes.txt")) == schema.TextContentBlock(type="text", text="notes.txt")


def test_files_alone_need_no_text(tmp_path: Path) -> None:
    assert len(parts("", (str(tmp_path / "a"),), "", ALL)) == 1
    assert parts("", (), "", ALL) == [schema.TextContentBlock(type="text", text="")]
