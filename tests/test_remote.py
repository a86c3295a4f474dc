"""What people may say to the bridge itself from their phone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core import remote
from dingbridge.core.remote import ChooseSession, Command, ListSessions, Row

ROWS = [
    Row("20261121-1", "Release", "/home/me/dingbridge", busy=False),
    Row("20261121-2", "修复", "/srv/shop/", busy=True, here=True),
    Row("3", "Notes", "/", busy=False),
]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/list", ListSessions()),
        (" /LIST \n", ListSessions()),
        ("/session 2", ChooseSession("2")),
        ("/Session   20261121-2 ", ChooseSession("20261121-2")),
        ("/session", ListSessions()),
        ("/session ", ListSessions()),
        ("/lists", None),
        ("/list all", None),
        ("/sessions", None),
        ("/session2", None),
        ("/session 1 2", None),
        ("/session 2\nplease", None),
        ("please /list", None),
        ("list", None),
        ("", None),
        ("/", None),
    ],
)
def test_only_a_whole_line_is_a_command_everything_else_is_for_the_session(
    text: str, command: Command | None
) -> None:
    assert remote.read(text) == command


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    command = remote.read(text)
    assert command is None or text.strip().lower().startswith(("/list", "/session"))


@pytest.mark.parametrize(
    ("wanted", "session"),
    [
        ("1", "20261121-1"),
        ("02", "20261121-2"),
        ("20261121-2", "20261121-2"),
        ("3", "3"),
        ("0", None),
        ("4", None),
        ("-1", None),
        ("２", None),
        ("²", None),
        ("20261121", None),
        ("9" * 5000, None),
    ],
)
def test_a_session_is_chosen_by_its_number_or_its_id(wanted: str, session: str | None) -> None:
    chosen = remote.choose(ROWS, wanted)
    assert (chosen.session if chosen else None) == session


@given(st.text(), st.integers(0, 3))
def test_any_choice_is_one_of_the_sessions_or_none(wanted: str, count: int) -> None:
    assert remote.choose(ROWS[:count], wanted) in [*ROWS[:count], None]


def test_the_list_names_each_session_with_its_folder_and_who_is_busy() -> None:
    first, second, third, blank, hint = remote.describe(ROWS).splitlines()
    assert first == "1. Release · dingbridge"
    assert second == "2. 修复 · shop (忙 busy) ←"
    assert third == "3. Notes · /"
    assert blank == ""
    assert "/session N" in hint


def test_without_sessions_the_list_says_so() -> None:
    assert "No session is bound" in remote.describe([])
