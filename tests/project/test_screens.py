"""The pictures of the documents: taken from a real terminal, small, and each of them known."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.screens.__main__ import BESIDE
from tests.screens.page import PAGES
from tests.screens.pictures import PICTURES
from tests.screens.terminal import missing, x_server
from tests.support.editor import ROOT
from tests.support.processes import run

LARGEST = 120_000
"""Bytes of a picture."""
PNG = b"\x89PNG\r\n\x1a\n"


def test_every_picture_is_small_and_can_be_taken_anew() -> None:
    files = {path.stem: path.stat().st_size for path in (ROOT / "doc" / "images").iterdir()}
    assert {*files} == {*PICTURES, *PAGES, BESIDE}
    assert max(files.values()) < LARGEST


def test_what_a_picture_needs_is_named_when_it_is_missing(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tests.screens"]
    ended = run(argv, cwd=ROOT, text=True, env={"PATH": str(tmp_path)})
    assert ended.returncode == 1
    assert ended.stdout.startswith("Pictures need Xvfb, xterm, import, fc-list.")
    assert "apt install xvfb xterm imagemagick fontconfig" in ended.stdout


def test_a_picture_that_there_is_not_is_named() -> None:
    ended = run([sys.executable, "-m", "tests.screens", "sunset"], cwd=ROOT, text=True)
    assert (ended.returncode, ended.stdout[:27]) == (2, "There is no picture sunset,")


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_a_picture_shows_a_neovim_in_a_terminal(tmp_path: Path) -> None:
    file = tmp_path / "guidance.png"
    with x_server() as display:
        PICTURES["guidance"](display, file)
    assert file.read_bytes().startswith(PNG)
    assert 1000 < file.stat().st_size < LARGEST
