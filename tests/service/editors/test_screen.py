"""What an editor is shown in one turn of the service's loop: one frame, with the latest status."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from dingbridge.core.messages import Delivery, Message, Role
from dingbridge.protocol import updates
from dingbridge.service.editors.screen import IN_A_FRAME, MOST_WAITING, Screen

Frame = tuple[updates.Update, ...]


class Editor:
    """Notes the frames that come."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.done: list[int] = []
        self.came = asyncio.Event()
        self.is_behind = False
        self.screen = Screen(self._take, lambda: self.is_behind)
        self.status = "one"

    def _take(self, shown: Frame, done: int, look_up: str | None) -> None:
        self.frames.append(shown)
        self.done.append(done)
        self.came.set()

    def latest(self) -> updates.Update:
        """Stands for the status."""
        return updates.ShowNotice(self.status)

    async def next_frame(self) -> Frame:
        """The frame that comes next."""
        await self.came.wait()
        self.came.clear()
        return self.frames[-1]


def message(number: int) -> Message:
    return Message(f"m{number}", Role.DINGTALK, "Zhang", "text", 1.0)


def says(*texts: str) -> Frame:
    return tuple(updates.ShowNotice(text) for text in texts)


def in_loop(test: Callable[[Editor], Awaitable[None]]) -> None:
    async def run() -> None:
        await asyncio.wait_for(test(Editor()), 30)

    asyncio.run(run())


def test_all_of_a_turn_comes_in_one_frame_with_the_latest_status_once() -> None:
    async def test(editor: Editor) -> None:
        editor.screen.show(updates.ShowNotice("before"))
        for status in ("two", "three"):
            editor.status = status
            editor.screen.show_latest(editor.latest)
            editor.screen.show(updates.ShowNotice(f"after {status}"))
        assert await editor.next_frame() == says("before", "three", "after two", "after three")

    in_loop(test)


def test_of_the_fates_of_a_message_in_one_turn_the_last_one_is_shown_and_every_event() -> None:
    def fate(name: str, delivery: Delivery) -> updates.ShowDelivery:
        return updates.ShowDelivery("s", name, delivery)

    async def test(editor: Editor) -> None:
        queued, delivered = (updates.TriggerEvent(name, {}) for name in ("Queued", "Delivered"))
        editor.screen.show(queued, fate("m", Delivery.QUEUED), fate("n", Delivery.QUEUED))
        editor.screen.show(fate("m", Delivery.SENT), delivered)
        shown = (queued, fate("n", Delivery.QUEUED), fate("m", Delivery.SENT), delivered)
        assert await editor.next_frame() == shown

    in_loop(test)


def test_a_status_that_is_known_is_not_shown_again() -> None:
    async def test(editor: Editor) -> None:
        editor.screen.show_latest(editor.latest)
        assert await editor.next_frame() == says("one")
        editor.screen.show_latest(editor.latest)
        editor.screen.show(updates.ShowNotice("something else"))
        assert await editor.next_frame() == says("something else")
        editor.status = "two"
        editor.screen.show_latest(editor.latest)
        assert await editor.next_frame() == says("two")

    in_loop(test)


def test_what_comes_while_an_editor_shows_much_is_gathered() -> None:
    async def test(editor: Editor) -> None:
        many = tuple(message(number) for number in range(500))
        editor.screen.show(updates.ShowMessages("s", many))
        await editor.next_frame()
        for number in range(5):
            editor.screen.show(updates.ShowNotice(f"{number}"))
            await asyncio.sleep(0)
        assert await editor.next_frame() == says("0", "1", "2", "3", "4")
        assert len(editor.frames) == 2

    in_loop(test)


def test_what_comes_while_an_editor_does_not_read_is_gathered() -> None:
    async def test(editor: Editor) -> None:
        editor.is_behind = True
        for status in ("two", "three"):
            editor.status = status
            editor.screen.show_latest(editor.latest)
            await asyncio.sleep(0.001)
        assert editor.frames == []
        editor.is_behind = False
        assert await editor.next_frame() == says("three")

    in_loop(test)


def test_an_editor_that_never_reads_is_sent_what_is_too_much_to_keep() -> None:
    async def test(editor: Editor) -> None:
        editor.is_behind = True
        texts = [f"{number}" for number in range(MOST_WAITING + 1)]
        editor.screen.show(*says(*texts))
        assert await editor.next_frame() == says(*texts[:IN_A_FRAME])

    in_loop(test)


def test_no_frame_keeps_an_editor_long_and_none_overtakes_what_it_was_asked_for_with() -> None:
    async def test(editor: Editor) -> None:
        texts = [f"{number}" for number in range(2 * IN_A_FRAME + 1)]
        editor.screen.show(*says(*texts))
        editor.screen.carried_out()
        while len(editor.frames) < 3:
            await editor.next_frame()
        assert [update for frame in editor.frames for update in frame] == list(says(*texts))
        assert list(map(len, editor.frames)) == [IN_A_FRAME, IN_A_FRAME, 1]
        # That its command was carried out it hears with the last of what came of it.
        assert editor.done == [0, 0, 1]

    in_loop(test)


def test_nothing_waits_when_the_editor_is_left() -> None:
    async def test(editor: Editor) -> None:
        editor.screen.show(
            updates.ShowMessages("s", tuple(message(number) for number in range(500)))
        )
        editor.screen.flush()
        editor.screen.show(updates.ShowNotice("last"))
        editor.screen.flush()
        assert editor.frames[1:] == [says("last")]

    in_loop(test)


def test_a_status_that_cannot_be_made_takes_nothing_along(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test(editor: Editor) -> None:
        editor.screen.show_latest(lambda: [][0])
        editor.screen.show(updates.ShowNotice("shown"))
        assert await editor.next_frame() == says("shown")

    in_loop(test)
    assert "IndexError" in caplog.text
