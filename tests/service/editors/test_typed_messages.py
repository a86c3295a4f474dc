"""Typed messages and the agent of their session, up to the end of the service."""

from __future__ import annotations

from typing import Any, cast

import pytest

from dingbridge.core.agents.chosen_agents import NOTHING, ChosenAgent, decode, encode
from dingbridge.core.agents.turn_events import TurnEnded
from dingbridge.core.approvals.approval import ApprovalRequest, Decision
from dingbridge.core.delivery.outbox_records import Purpose
from dingbridge.core.messages import (
    Conversation,
    ConversationKind,
    Inbound,
    Message,
    Role,
    Sender,
)
from dingbridge.core.options.settings import read_all
from dingbridge.core.sessions.transcript import Entry, SessionInfo
from dingbridge.protocol import updates
from dingbridge.service.approvals.approvals import Approvals
from dingbridge.service.editors import command_dispatch
from dingbridge.service.editors.bridge import Bridge
from dingbridge.service.editors.departure import Departure
from dingbridge.service.editors.editor_ports import EditorPorts
from dingbridge.service.presence import Presence
from dingbridge.service.robots.robot_news import CarryOut, Deliver
from dingbridge.service.robots.robot_requests import InTranscript, SendMessage
from dingbridge.service.sessions.store import SessionStore
from dingbridge.service.sessions.unread_counts import UnreadCounts
from tests.service.agents.test_agents import Outside as AgentOutside
from tests.service.editors.test_sending import APP
from tests.service.editors.test_sending import Outside as EditorOutside


def inbound(key: str, text: str, user: str) -> Inbound:
    """A message in a chat with the robot."""
    conversation = Conversation(f"cid-{user}", ConversationKind.SINGLE)
    return Inbound(key, "key", conversation, Sender(user, "", user), True, "text", text, 1.0)


class Outside(EditorOutside):
    """An editor with one session and the agent Qwen: notes what the transcript gets."""

    def __init__(self, left: dict[str, ChosenAgent] | None = None) -> None:
        super().__init__()
        self.added: list[tuple[Role, str]] = []
        self.agent = AgentOutside()
        self.agent.agents.book.restore(left or {})
        self.presence = Presence()
        port = cast(Any, self)
        self.approvals = Approvals(port, lambda seconds, call: None)
        ports = EditorPorts(
            editor=port,
            storage=port,
            saved=cast(Any, None),
            search=cast(Any, None),
            robot=lambda _: port,
            programs=port,
            project=cast(Any, None),
            presence=self.presence.join(),
            media=cast(Any, None),
            approvals=self.approvals,
            packing=cast(Any, None),
            runtime=port,
            later=lambda seconds, call: None,
            pid=1,
            cwd="/",
            environ={},
            agents=self.agent.agents,
        )
        store = SessionStore(port, port, lambda call: call(), UnreadCounts(lambda _: None))
        self.bridge = Bridge(ports, store, [SessionInfo("s", "Session", 1.0)])
        self.bridge.configure(read_all({**APP, "agent": "qwen"}, {}), ())

    def read_spool(self) -> None:
        pass

    def below(self, limit: int) -> int:
        return 0

    def environ(self) -> dict[str, str]:
        return {}

    def now(self) -> float:
        return 1.0

    def new_id(self) -> str:
        return f"id{len(self.added)}"

    def append(self, session: Any, entry: Entry) -> None:
        if isinstance(entry.message, Message):
            self.added.append((entry.message.role, entry.message.text))

    def take(self, session: str, arrivals: Any, info: Any, then: Any) -> None:
        then(tuple(True for _ in arrivals))

    def delete(self, session: str, *_: Any) -> None:
        pass

    def receive(self, key: str, text: str, user: str = "zhangsan") -> None:
        """A message from DingTalk arrives in the session, and is with the responder in its turn."""
        deliver = Deliver(key, inbound(key, text, user), "s")
        self.bridge.received.take(self.bridge.accounts.default, deliver)

    def command(self, text: str, user: str = "zhangsan") -> str:
        """A command from DingTalk about the session, and its answer."""
        order = CarryOut(text, inbound(text, text, user), "s")
        self.bridge.remote_requests.carry_out(self.bridge.accounts.default, order)
        return self.sent[-1]

    def asked_for(self, key: str) -> None:
        """It is on the disk that a message is asked about."""
        self.bridge.received.may_ask(key)

    @property
    def sent(self) -> list[str]:
        """The texts that leave."""
        return [ask.outbound.text for ask in self.asked if isinstance(ask, SendMessage)]

    @property
    def prompted(self) -> list[str]:
        """The prompts that the agent got."""
        return [prompt.text for prompt in self.agent.prompts]

    @property
    def notices(self) -> list[str]:
        """What the session says of itself."""
        return [text for role, text in self.added if role is Role.NOTICE]


def test_when_the_service_ends_nothing_that_waits_is_asked_and_the_session_says_what_is_lost() -> (
    None
):
    outside = Outside()
    for number in ("1", "2", "3"):
        outside.bridge.typed.send("s", f"m{number}", f"question {number}")
    assert outside.bridge.prompts.is_waiting
    outside.agent.notify(TurnEnded("m1", "end_turn"))
    assert outside.prompted == ["question 1", "question 2"]
    outside.bridge.end()
    assert outside.prompted == ["question 1", "question 2"]
    assert not outside.bridge.prompts.is_waiting
    lost = [text for text in outside.notices if "the service ended before" in text]
    assert [number for number in "123" if any(f"question {number}" in text for text in lost)] == [
        "2",
        "3",
    ]


@pytest.mark.parametrize("goes", ["agent off", "settings", "deleted"])
def test_what_waits_is_said_to_have_no_answer_when_the_agent_or_the_session_goes(goes: str) -> None:
    outside = Outside()
    for number in ("1", "2", "3"):
        outside.bridge.typed.send("s", f"m{number}", f"question {number}")
    outside.receive("k4", "question 4")
    if goes == "agent off":
        outside.agent.agents.book.choose("s", None)
    elif goes == "settings":
        outside.bridge.configure(read_all(APP, {}), ())
    else:
        outside.bridge.sessions.delete("s")
    outside.agent.notify(TurnEnded("m1", "end_turn"))
    assert outside.prompted == ["question 1"]
    assert not outside.bridge.prompts.is_waiting
    assert not outside.agent.agents.queue.is_busy("s")
    notices = [one.text for one in outside.shown if isinstance(one, updates.ShowNotice)]
    said = notices if goes == "deleted" else outside.notices
    assert [sum(f"“question {number}" in text for text in said) for number in "23"] == [1, 1]
    assert [text for text in outside.sent if "not answered" in text] != []
    assert InTranscript("k4") in outside.asked


def test_the_sessions_of_a_service_that_was_killed_say_which_typed_messages_have_no_answer() -> (
    None
):
    outside = Outside()
    for number in ("1", "2", "3"):
        outside.bridge.typed.send("s", f"m{number}", f"question {number}")
    outside.agent.notify(TurnEnded("m1", "end_turn"))
    left = decode(encode(outside.agent.kept))
    again = Outside(left)
    assert again.prompted == []
    assert [sum(f"“question {number}" in text for text in again.notices) for number in "123"] == [
        0,
        1,
        1,
    ]
    assert decode(encode(again.agent.kept)).get("s", NOTHING).open == {}
    once_more = Outside(again.agent.kept)
    assert once_more.notices == []


def test_that_a_message_is_queued_holds_up_no_question_and_no_answer() -> None:
    outside = Outside()
    outside.receive("k1", "question 1")
    outside.receive("k2", "question 2")
    outside.asked_for("k1")
    [queued] = [ask for ask in outside.asked if isinstance(ask, SendMessage)]
    assert "Queued, 1 before you" in queued.outbound.text
    assert queued.kind is Purpose.NOTIFICATION
    outside.agent.wait(minutes=3)
    [_, working] = [ask for ask in outside.asked if isinstance(ask, SendMessage)]
    assert "Still working" in working.outbound.text
    assert working.kind is Purpose.NOTIFICATION


def test_stop_withdraws_what_waits_of_the_one_who_says_it_alone() -> None:
    outside = Outside()
    outside.receive("k1", "question 1")
    outside.asked_for("k1")
    outside.receive("k2", "question 2", user="lisi")
    outside.receive("k3", "question 3")
    outside.bridge.typed.send("s", "m4", "question 4")
    assert "withdrawn" in outside.command("/stop", user="lisi")
    assert outside.agent.cancelled == []
    assert InTranscript("k2") in outside.asked
    assert InTranscript("k3") not in outside.asked
    assert "Stopped" not in outside.command("/stop", user="lisi")
    words = outside.command("/stop")
    assert "Stopped" in words
    assert "withdrawn" in words
    assert outside.agent.cancelled == ["s"]
    outside.bridge.typed.send("s", "m5", "question 5")
    command_dispatch.send(outside.bridge, "s", "m6", "/stop")
    assert not outside.bridge.prompts.is_waiting
    outside.agent.notify(TurnEnded(outside.agent.prompts[0].request, "cancelled"))
    assert outside.prompted == ["question 1"]
    assert not outside.agent.agents.queue.is_busy("s")
    withdrawn = [text for text in outside.notices if "waited" in text]
    assert [text.split("“")[1].split("”")[0] for text in withdrawn] == [
        *("question 2", "question 3"),
        *("question 4", "question 5"),
    ]
    assert decode(encode(outside.agent.kept)).get("s", NOTHING).open == {}


@pytest.mark.parametrize("text", ["/stop", "/停止", " /STOP "])
def test_a_draft_that_says_stop_ends_the_turn(text: str) -> None:
    outside = Outside()
    outside.bridge.typed.send("s", "m1", "question 1")
    command_dispatch.send(outside.bridge, "s", "m2", text)
    assert outside.agent.cancelled == ["s"]
    assert outside.prompted == ["question 1"]
    assert (Role.EDITOR, text) in outside.added


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("/approve {}", "allow"),
        ("/同意 {}", "allow"),
        ("/reject {}", "reject"),
        ("/always {}", "always"),
    ],
)
def test_a_draft_answers_an_approval(text: str, decision: str) -> None:
    outside = Outside()
    outside.bridge.typed.send("s", "m1", "question 1")
    decisions: list[Decision | None] = []
    request = ApprovalRequest(session="s", source="qwen", title="Edit", kind="edit")
    code = outside.approvals.ask(request, decisions.append)
    command_dispatch.send(outside.bridge, "s", "m2", text.format(code))
    assert decisions == [decision]
    assert outside.prompted == ["question 1"]
    outside.agent.notify(TurnEnded("m1", "end_turn"))
    assert outside.prompted == ["question 1"]


def test_a_draft_that_only_begins_like_a_command_is_a_message_to_the_agent() -> None:
    outside = Outside()
    command_dispatch.send(outside.bridge, "s", "m1", "/approve the whole plan")
    assert outside.prompted == ["/approve the whole plan"]


def test_the_user_is_away_from_an_editor_that_is_closed_while_its_question_is_answered() -> None:
    outside = Outside()
    outside.bridge.away.user_is(away=False)
    outside.bridge.typed.send("s", "m1", "question")
    port = cast(Any, outside)
    Departure(port, outside.bridge, cast(Any, None), port, cast(Any, None)).begin()
    assert outside.bridge.is_working
    assert outside.presence.is_away
    outside.bridge.away.user_is(away=False)
    assert outside.presence.is_away
