"""What `:Chat agent` shows of the words of an agent."""

from __future__ import annotations

from dingbridge.core.agents.turn_events import AgentSessionsListed
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
