"""A transcript that is read again: nothing is shown twice, and nothing is missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.bridge.catching_up import Shown, difference, note
from dingbridge.bridge.updates import SLICE, Fate, Messages
from dingbridge.core.messages import Delivery, Message, Role


def message(name: str, delivery: Delivery = Delivery.NONE, reason: str = "") -> Message:
    """A message whose text is its id."""
    return Message(name, Role.EDITOR, "You", name, 1.0, delivery=delivery, reason=reason)


class Screen:
    """What the editor shows when it carries out updates."""

    def __init__(self, *names: str) -> None:
        self.names: list[str] = []
        self.shown: Shown = {}
        self.since: list[Messages | Fate] = []
        self.moved = 0
        self.carry_out(Messages("s", tuple(message(name) for name in names)))
        self.since.clear()

    def carry_out(self, update: Messages | Fate) -> None:
        """As the editor does; while a transcript is read, it is noted too."""
        note(self.shown, update)
        self.since.append(update)
        if isinstance(update, Messages):
            self.moved += update.reset
            self.names = [] if update.reset else self.names
            self.names += [one.id for one in update.list]

    def read(self, *transcript: Message) -> tuple[str, ...]:
        """The transcript has been read. Returns the messages whose fate is asked for."""
        found = difference("s", self.shown, transcript, tuple(self.since))
        for update in found.updates:
            self.carry_out(update)
        assert self.names == list(self.shown)
        return found.open


@given(
    before=st.lists(st.sampled_from("abcdef"), unique=True),
    others=st.lists(st.sampled_from("uvwxyz"), unique=True),
    since=st.lists(st.sampled_from("ghijk"), unique=True),
    data=st.data(),
)
def test_all_that_stands_on_the_disk_and_all_that_came_since_is_shown_once(
    before: list[str], others: list[str], since: list[str], data: st.DataObject
) -> None:
    screen = Screen(*before)
    for name in since:
        screen.carry_out(Messages("s", (message(name),)))
    # The disk may have been read before or after each of those was written, but in order.
    written = since[: data.draw(st.integers(0, len(since)))]
    place = data.draw(st.integers(0, len(before)))
    file = [*before[:place], *others, *before[place:], *written]
    screen.read(*map(message, file))
    assert screen.names == [*file, *since[len(written) :]]


def test_what_is_there_already_does_not_move() -> None:
    screen = Screen("a", "b")
    screen.moved = 0
    screen.read(*map(message, "abc"))
    assert (screen.names, screen.moved) == (["a", "b", "c"], 0)


def test_a_transcript_that_another_editor_cleared_is_empty() -> None:
    screen = Screen("a", "b")
    screen.read()
    assert screen.names == []


def test_one_that_is_cleared_here_while_it_is_read_stays_empty() -> None:
    screen = Screen("a", "b")
    screen.carry_out(Messages("s", (), reset=True))
    screen.carry_out(Messages("s", (message("c"),)))
    screen.read(*map(message, "ab"))
    assert screen.names == ["c"]


def test_a_long_one_comes_in_bites() -> None:
    screen = Screen("0")
    names = [str(number) for number in range(2 * SLICE)]
    found = difference("s", screen.shown, tuple(map(message, names)), ())
    assert [len(one.list) for one in found.updates if isinstance(one, Messages)] == [
        SLICE,
        SLICE - 1,
    ]


@pytest.mark.parametrize(
    ("here", "disk", "shown", "asked"),
    [
        (Delivery.QUEUED, Delivery.SENT, Delivery.SENT, ()),
        (Delivery.FAILED, Delivery.SENT, Delivery.SENT, ()),
        (Delivery.RETRYING, Delivery.QUEUED, Delivery.RETRYING, ()),
        (Delivery.SENT, Delivery.QUEUED, Delivery.SENT, ()),
        (Delivery.QUEUED, Delivery.FAILED, Delivery.QUEUED, ("a",)),
        (Delivery.SENT, Delivery.SENT, Delivery.SENT, ()),
    ],
)
def test_what_became_of_a_message_never_goes_back(
    here: Delivery, disk: Delivery, shown: Delivery, asked: tuple[str, ...]
) -> None:
    for file in ([message("a", disk)], [message("0"), message("a", disk)]):
        screen = Screen("a")
        screen.carry_out(Fate("s", "a", here))
        screen.since.clear()
        assert screen.read(*file) == asked
        assert screen.shown["a"][0] is shown


def test_the_end_of_a_message_that_comes_while_it_is_read_counts() -> None:
    screen = Screen()
    screen.carry_out(Fate("s", "a", Delivery.SENT))
    assert screen.read(message("a", Delivery.QUEUED)) == ()
    assert screen.shown["a"][0] is Delivery.SENT


def test_only_a_message_that_is_new_here_is_asked_about() -> None:
    screen = Screen("a")
    screen.carry_out(Messages("s", (message("mine", Delivery.QUEUED),)))
    asked = screen.read(
        message("a"), message("theirs", Delivery.QUEUED), message("mine", Delivery.QUEUED)
    )
    assert asked == ("theirs",)
