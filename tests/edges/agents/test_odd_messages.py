"""What an agent sends that nobody expects costs that message and nothing else."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.agents.turn_events import (
    AgentSettings,
    AskedUnknown,
    PermissionAsked,
    TextAdded,
    ThoughtAdded,
    ToolChanged,
    TurnEnded,
)
from dingbridge.edges.agents import message_stream
from tests.support.agents import Agents

UNKNOWN = {"sessionUpdate": "mood_update", "mood": "sunny"}
CALL = {"toolCallId": "t1", "title": "Edit notes.txt"}
ODD_KIND = [{"optionId": "ever", "name": "For ever", "kind": "allow_for_ever"}]
ALLOW = {"optionId": "yes", "name": "Allow", "kind": "allow_once"}


def test_updates_of_unknown_kinds_are_counted_and_passed_over(
    agents: Agents, caplog: pytest.LogCaptureFixture
) -> None:
    steps = [["text", "a"], ["update", UNKNOWN], ["update", {}], ["text", "b"]]
    with caplog.at_level(logging.INFO):
        assert agents.run(agents.program(steps)) == "ab"
    assert [record.getMessage() for record in caplog.records] == [
        "an agent has sent 2 updates of unknown kinds"
    ]


def test_an_unknown_kind_or_state_of_a_tool_call_costs_that_alone(agents: Agents) -> None:
    call = {**CALL, "sessionUpdate": "tool_call", "kind": "paint", "status": "drying"}
    agents.run(agents.program([["update", call]]))
    [told] = agents.of(ToolChanged)
    assert (told.call.title, told.call.kind, told.call.state) == (
        *("Edit notes.txt", "other"),
        "pending",
    )


def test_a_permission_with_options_of_unknown_kinds_only_is_refused_and_told(
    agents: Agents, tmp_path: Path
) -> None:
    steps = [["ask", CALL, ODD_KIND], ["allowed", [["text", "yes"]], [["text", "no"]]]]
    request = agents.ask(agents.program(steps, heard=str(tmp_path / "heard")))
    agents.end(request)
    assert agents.answer(request) == "no"
    assert agents.of(AskedUnknown) == [AskedUnknown(request, "Edit notes.txt")]
    assert agents.of(PermissionAsked) == []
    answer = json.loads((tmp_path / "heard").read_text("utf-8").splitlines()[-1])
    assert answer["result"] == {"outcome": {"outcome": "cancelled"}}


def test_an_option_of_an_unknown_kind_beside_known_ones_is_not_offered(agents: Agents) -> None:
    request = agents.ask(agents.program([["ask", CALL, [*ODD_KIND, ALLOW]], ["text", "on"]]))
    question = agents.next(PermissionAsked)
    assert [option.id for option in question.options] == ["yes"]
    agents.thread.decide(question.permission, "yes")
    agents.end(request)
    assert agents.answer(request) == "on"
    assert agents.of(AskedUnknown) == []


@pytest.mark.parametrize("call", [{}, None, {"toolCallId": 5}])
def test_a_permission_that_cannot_be_read_is_refused_and_told(agents: Agents, call: Any) -> None:
    request = agents.ask(agents.program([["ask", call], ["text", "on"]]))
    agents.end(request)
    assert agents.answer(request) == "on"
    assert agents.of(AskedUnknown) == [AskedUnknown(request, "session/request_permission")]


@pytest.mark.parametrize(
    ("method", "is_told"),
    [
        ("elicitation/create", True),
        ("fs/write_text_file", False),
        ("terminal/create", False),
        ("_made/up", False),
    ],
)
def test_what_was_not_offered_is_refused_and_told_if_people_are_asked(
    agents: Agents, method: str, is_told: bool
) -> None:
    request = agents.ask(agents.program([["request", method, {"path": "/x"}]]))
    agents.end(request)
    assert json.loads(agents.answer(request))["error"]["code"] == -32601
    assert agents.of(AskedUnknown) == ([AskedUnknown(request, method)] if is_told else [])


@pytest.mark.parametrize(
    "line", ["npm notice a new version", "", "[1, 2]", "5", "{", '{"method": 5}', '{"id": 99}']
)
def test_a_line_that_is_no_message_is_passed_over(
    agents: Agents, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    steps = [["text", "a"], ["line", line], ["text", "b"]]
    assert agents.run(agents.program(steps)) == "ab"
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("kilobytes", [200, 5 * 1024])
def test_a_long_line_arrives_as_a_whole(agents: Agents, kilobytes: int) -> None:
    answer = agents.run(agents.program([["big", kilobytes], ["text", "end"]]))
    assert answer == "x" * (kilobytes * 1024) + "end"


def test_a_line_without_an_end_is_passed_over(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_stream, "LINE_BYTES", 100_000)
    assert agents.run(agents.program([["big", 5 * 1024], ["text", "end"]])) == "end"


def test_half_a_character_becomes_one_that_can_be_written(agents: Agents) -> None:
    assert agents.run(agents.program([["text", "a\ud83d"], ["text", "b"]])) == "a\ufffdb"


SMILE = "😀"
FIRST, SECOND = "\ud83d", "\ude00"


def test_the_two_halves_of_a_character_in_two_texts_are_one(agents: Agents) -> None:
    steps = [
        *(["text", f"a{FIRST}"], ["thought", f"t{FIRST}"], ["text", f"{SECOND}b{FIRST}"]),
        *(["thought", f"{SECOND}u"], ["text", SECOND], ["text", f"{FIRST}{SECOND}\\ud83d"]),
        *(["text", f"x{FIRST}"], ["text", "y"], ["text", f"{SECOND}z"]),
    ]
    expected = f"a{SMILE}b{SMILE}{SMILE}\\ud83dx\ufffdy\ufffdz"
    program = agents.program([*steps, ["text", FIRST]], [["text", f"{SECOND}c"]])
    assert agents.run(program) == expected
    assert "".join(each.text for each in agents.of(ThoughtAdded)) == f"t{SMILE}u"
    # The half at the end of a turn is of no other.
    assert agents.run(program) == "\ufffdc"


@pytest.mark.parametrize(
    ("answer", "kind", "detail"),
    [
        ({"id": 2, "error": "broken"}, "refused", "broken"),
        ({"id": 2, "error": ["broken"]}, "refused", "Error"),
        ({"id": 2, "error": {"code": "E1", "message": {"a": 1}}}, "refused", "Error"),
        ({"id": 2, "error": {"code": -32000}}, "login", "Error"),
        ({"id": "2", "error": {"code": -32603, "message": "broken"}}, "refused", "broken"),
        (
            {"id": None, "error": {"code": -32700, "message": "Parse error"}},
            "refused",
            "Parse error",
        ),
        ({"id": 2}, "protocol", ""),
        ({"id": 2, "result": None}, "protocol", ""),
        ({"id": 2, "result": "done"}, "protocol", ""),
        ({"id": 2, "result": {}}, "protocol", ""),
    ],
)
def test_an_answer_that_cannot_be_read_fails_the_turn_at_once(
    agents: Agents, answer: dict[str, Any], kind: str, detail: str
) -> None:
    lines: list[dict[str, Any]] = [
        {"id": {}},
        {"id": [2]},
        {"id": 77, "result": {}},
        {"id": None},
        answer,
    ]
    steps = [["line", json.dumps({"jsonrpc": "2.0", **each})] for each in [*lines, answer]]
    failed = agents.fail(agents.program([["text", "half"], *steps, ["deaf"]]))
    assert failed.kind == kind
    assert detail in failed.detail
    assert agents.answer(failed.request) == "half"


def test_an_update_of_another_session_is_not_shown(agents: Agents) -> None:
    update = {
        "sessionUpdate": "agent_message_chunk",
        "content": {"type": "text", "text": "not yours"},
    }
    other = {"method": "session/update", "params": {"sessionId": "other", "update": update}}
    steps = [["line", json.dumps({"jsonrpc": "2.0", **other})], ["text", "mine"]]
    assert agents.run(agents.program(steps)) == "mine"


def test_what_is_said_after_the_end_of_a_turn_is_not_shown(agents: Agents) -> None:
    program = agents.program([["text", "one"], ["later", "late"]], [["text", "two"]])
    first = agents.ask(program)
    ended = agents.end(first)
    if not agents.of(AgentSettings):
        agents.next(AgentSettings)
    assert agents.run(program) == "two"
    after = agents.seen[agents.seen.index(ended) :]
    assert [each.text for each in after if isinstance(each, TextAdded)] == ["two"]


def test_a_turn_that_ends_for_an_unknown_reason_has_ended(agents: Agents) -> None:
    request = agents.ask(agents.program([["end", "tired"]]))
    assert agents.end(request) == TurnEnded(request, "end_turn")


@pytest.mark.parametrize("reason", ["max_tokens", "max_turn_requests", "refusal"])
def test_the_reason_for_the_end_of_a_turn_is_told(agents: Agents, reason: str) -> None:
    request = agents.ask(agents.program([["end", reason]]))
    assert agents.end(request) == TurnEnded(request, reason)  # type: ignore[arg-type]  # one of them


def test_what_is_no_text_becomes_words_for_it(agents: Agents) -> None:
    def chunk(content: dict[str, Any]) -> list[Any]:
        return ["update", {"sessionUpdate": "agent_message_chunk", "content": content}]

    link = {"type": "resource_link", "uri": "file:///a.txt", "name": "a.txt"}
    picture = {"type": "image", "data": "AAAA", "mimeType": "image/png"}
    inner = {"uri": "file:///b", "text": "inside"}
    steps = [chunk(link), chunk(picture), chunk({"type": "resource", "resource": inner})]
    assert agents.run(agents.program(steps)) == "[a.txt](file:///a.txt)[image/png]inside"
