"""Requests while a service is gone keep their order, whether Lua or the host keeps them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dingbridge.editor.waiting_requests import WaitingRequests
from dingbridge.protocol.frames import EditorEvent, FromHost, RawSettings, RunCommand

SHOWN, WORKING = EditorEvent("shown", {"sessions": []}), EditorEvent("working", {"questions": []})


def message(name: str) -> EditorEvent:
    return EditorEvent("send", {"id": name, "text": name})


def command(name: str) -> RunCommand:
    return RunCommand(f"open {name}", {}, has_range=False)


def handed_over(waiting: WaitingRequests, *frames: FromHost) -> list[FromHost]:
    """What is sent when Lua hands these over."""
    return [each for frame in (SHOWN, *frames, WORKING) for each in waiting.pass_on(frame)]


def test_a_command_stays_between_the_messages_between_which_it_was_given() -> None:
    waiting = WaitingRequests()
    waiting.lost([message("one"), command("a")])
    waiting.put(message("two"))
    waiting.put(command("b"))
    assert waiting.take() == []
    # The service is there, but Lua does not know it yet.
    assert waiting.pass_on(message("three")) == []
    sent = handed_over(waiting, message("zero"), message("one"), message("two"), message("three"))
    wanted = [message("zero"), message("one"), command("a"), message("two"), command("b")]
    assert sent == [SHOWN, *wanted, message("three"), WORKING]
    assert waiting.pass_on(command("c")) == [command("c")]


def test_a_file_whose_text_is_not_handed_over_again_keeps_the_place_of_both() -> None:
    both = EditorEvent("send", {"id": "text", "file_id": "file", "text": "see"})
    waiting = WaitingRequests()
    waiting.lost([message("one"), both, command("a")])
    sent = handed_over(waiting, message("one"), message("file"))
    assert sent == [SHOWN, message("one"), message("file"), command("a"), WORKING]


def test_what_lua_does_not_hand_over_again_is_not_sent() -> None:
    waiting = WaitingRequests()
    waiting.lost([message("refused"), command("a"), message("sent")])
    assert handed_over(waiting, message("sent")) == [SHOWN, command("a"), message("sent"), WORKING]


def test_what_is_handed_over_goes_by_the_latest_settings() -> None:
    earlier, latest = (RawSettings({}, (), "/", number, 0.0, b"") for number in (1, 2))
    waiting = WaitingRequests()
    waiting.lost([])
    frames: tuple[FromHost, ...] = (earlier, message("one"), latest)
    for frame in frames:
        waiting.put(frame)
    sent = handed_over(waiting, message("zero"), message("one"))
    assert sent == [SHOWN, latest, message("zero"), message("one"), WORKING]


def test_before_the_first_service_everything_waits_in_its_order() -> None:
    waiting = WaitingRequests()
    waiting.put(message("one"))
    waiting.put(command("a"))
    assert waiting.take() == [message("one"), command("a")]
    assert waiting.pass_on(message("two")) == [message("two")]


@given(
    asked=st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12),
    gone=st.integers(0, 12),
    back=st.integers(0, 12),
)
def test_whatever_waits_is_sent_once_and_in_the_order_in_which_it_was_asked_for(
    asked: list[tuple[bool, bool]], gone: int, back: int
) -> None:
    frames: list[tuple[FromHost, bool]] = [
        (message(str(number)) if makes_message else command(str(number)), is_wanted)
        for number, (makes_message, is_wanted) in enumerate(asked)
    ]
    gone = min(gone, len(frames))
    back = max(gone, min(back, len(frames)))
    waiting = WaitingRequests()
    waiting.lost([frame for frame, _ in frames[:gone]])
    for frame, _ in frames[gone:back]:
        waiting.put(frame)
    for frame, _ in frames[back:]:
        assert waiting.pass_on(frame) == []
    again = [frame for frame, wanted in frames if wanted and isinstance(frame, EditorEvent)]
    wanted = [frame for frame, wanted in frames if wanted or isinstance(frame, RunCommand)]
    assert handed_over(waiting, *again) == [SHOWN, *wanted, WORKING]
