"""What `:Chat agent` shows of the words of an agent."""

from __future__ import annotations

import pytest

from dingbridge.core.agents.turn_events import AgentSessionsListed, AgentStarted
from dingbridge.core.errors import BridgeError
from dingbridge.protocol import updates
from dingbridge.service.editors.agent_commands import REASON_CHARACTERS
from tests.service.editors.test_typed_messages import Outside


def test_why_sessions_are_not_listed_is_shown_on_one_line_and_not_without_end() -> None:
    outside = Outside()
    outside.bridge.agent_commands.run("s", "sessions")
    outside.agent.notify(AgentSessionsListed("s", (), "no\x1b[2J\n\u202e" + "x" * 5000))
    [notice] = [one.text for one in outside.shown if isinstance(one, updates.ShowNotice)]
    assert "\n" not in notice
    assert "\x1b" not in notice
    assert "\u202e" not in notice
    assert len(notice) < REASON_CHARACTERS + 100


def notices(outside: Outside) -> list[str]:
    return [one.text for one in outside.shown if isinstance(one, updates.ShowNotice)]


def test_mode_and_model_without_a_name_show_what_is_offered() -> None:
    outside = Outside()
    outside.bridge.agent_commands.run("s", "mode")
    assert "once it has been asked" in notices(outside)[-1]
    outside.bridge.typed.send("s", "m1", "hello")
    modes = (("ask", "Ask"), ("code", "Code"))
    outside.agent.notify(AgentStarted("s", "own", mode="ask", modes=modes))
    outside.bridge.agent_commands.run("s", "mode")
    assert "its mode: ask, of the modes ask, code" in notices(outside)[-1]
    outside.bridge.agent_commands.run("s", "model")
    assert "offers no model" in notices(outside)[-1]


@pytest.mark.parametrize("number", ["", "9" * 5000, "two", "²"])
def test_a_number_that_is_none_says_how_the_command_is_written(number: str) -> None:
    outside = Outside()
    with pytest.raises(BridgeError, match="resume and a number"):
        outside.bridge.agent_commands.run("s", f"resume {number}")


def test_an_id_of_a_session_without_end_is_not_kept() -> None:
    outside = Outside()
    outside.bridge.typed.send("s", "m1", "hello")
    outside.agent.notify(AgentStarted("s", "x" * 3_000_000))
    assert outside.agent.agents.book.of("s").agent_session == ""
    outside.agent.notify(AgentStarted("s", "own"))
    assert outside.agent.agents.book.of("s").agent_session == "own"
    outside.bridge.agent_commands.run("s", "sessions")
    found = (("y" * 3_000_000, "long", 2.0), ("own", "short", 1.0))
    outside.agent.notify(AgentSessionsListed("s", found, ""))
    assert notices(outside)[-1].splitlines()[1:] == ["1. short"]
