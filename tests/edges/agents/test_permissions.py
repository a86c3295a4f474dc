"""What an agent asks for is asked of people only if they can allow exactly that."""

from __future__ import annotations

import pytest

from dingbridge.core.agents.turn_events import AgentEvent, AskedUnknown, PermissionAsked
from dingbridge.edges.agents.prompted_turn import PromptedTurn


@pytest.mark.parametrize(
    ("kinds", "is_asked"),
    [
        (("allow_once", "reject_once"), True),
        (("allow_once",), True),
        (("allow_always", "reject_once"), False),
        (("reject_once",), False),
    ],
)
def test_a_request_that_cannot_be_allowed_once_is_refused_with_words(
    kinds: tuple[str, ...], is_asked: bool
) -> None:
    seen: list[AgentEvent] = []
    answers: list[tuple[object, str | None]] = []
    turn = PromptedTurn("r", seen.append, lambda id, option: answers.append((id, option)))
    options = [{"optionId": kind, "name": kind, "kind": kind} for kind in kinds]
    call = {"toolCallId": "t", "title": "Write a.py", "kind": "edit"}
    turn.ask(7, {"sessionId": "own", "toolCall": call, "options": options})
    [event] = seen
    if is_asked:
        assert isinstance(event, PermissionAsked)
        assert answers == []
    else:
        assert event == AskedUnknown("r", "Write a.py")
        assert answers == [(7, None)]
