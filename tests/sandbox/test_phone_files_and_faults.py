"""The demo's phone for those without a browser: files and faults."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from dingbridge.demo.phone import Phone
from dingbridge.sandbox import Sandbox
from dingbridge.sandbox.speaking import PICTURE
from tests.support.editor import Editor


@pytest.fixture
def screen() -> io.StringIO:
    """What the phone shows."""
    return io.StringIO()


@pytest.fixture
def phone(sandbox: Sandbox, screen: io.StringIO) -> Phone:
    """A phone of the sandbox."""
    return Phone(sandbox.client, screen)


def test_the_phone_sends_a_file_and_a_picture(bound: Editor, phone: Phone, tmp_path: Path) -> None:
    notes, picture = tmp_path / "my notes.txt", tmp_path / "shot.PNG"
    notes.write_bytes(b"some notes")
    picture.write_bytes(PICTURE)
    phone.enter(f":file {notes}")
    phone.enter(f":file '{picture}'")
    bound.until(lambda: len(bound.transcript()) == 2)
    first, second = (each["text"] for each in bound.transcript())
    assert "my notes.txt" in first
    assert "picture" in second or ".png" in second


def test_the_phone_says_what_is_wrong_with_a_file(
    phone: Phone, screen: io.StringIO, sandbox: Sandbox, tmp_path: Path
) -> None:
    phone.enter(f":file {tmp_path / 'missing.txt'}")
    assert "No such file" in screen.getvalue()
    phone.enter(":file")
    assert ":file needs a PATH." in screen.getvalue()
    assert sandbox.client.said() == []


def test_the_phone_says_that_nobody_got_a_file(
    phone: Phone, screen: io.StringIO, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    phone.enter(f":file {tmp_path / 'a.txt'}")
    assert "Not delivered: the editor is not connected." in screen.getvalue()


def test_the_phone_causes_trouble_by_its_name(
    phone: Phone, screen: io.StringIO, sandbox: Sandbox
) -> None:
    phone.enter(":fault")
    assert "Trouble to cause: rate-limit, " in screen.getvalue()
    phone.enter(":fault redelivery")
    assert "no earlier message" in screen.getvalue()
    phone.enter(":fault server-error")
    assert "Caused: server-error." in screen.getvalue()
    phone.enter(":fault clear")
    assert "No trouble any more." in screen.getvalue()
    assert sandbox.client.page()  # the control API is never hit by a fault


def test_the_phone_names_the_page(bound: Editor, phone: Phone, screen: io.StringIO) -> None:
    phone.greet()
    assert "In a browser:" in screen.getvalue()
    assert "http://127.0.0.1:" in screen.getvalue()
