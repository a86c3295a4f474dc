"""An agent's own session: continued where the agent can, with its modes, models and lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.agents.turn_events import (
    AgentProgram,
    AgentSessionsListed,
    AgentSettings,
    AgentStarted,
    PermissionAsked,
    TextAdded,
    TurnEnded,
    TurnFailed,
)
from dingbridge.edges.agents import chat_session
from tests.support.agents import Agents

RESUMES: dict[str, Any] = {"agentCapabilities": {"sessionCapabilities": {"resume": {}, "list": {}}}}
LISTS: dict[str, Any] = {"agentCapabilities": {"sessionCapabilities": {"list": {}}}}
LOADS: dict[str, Any] = {"agentCapabilities": {"loadSession": True}}
REFUSES = {"code": -32602, "message": "no such session"}


def heard(path: Path) -> list[str]:
    """The methods that the agent was asked, in order."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [line["method"] for line in lines if "method" in line]


@pytest.mark.parametrize(("can", "method"), [(RESUMES, "session/resume"), (LOADS, "session/load")])
def test_an_earlier_session_is_continued(
    agents: Agents, tmp_path: Path, can: dict[str, Any], method: str
) -> None:
    log = tmp_path / "heard"
    program = agents.program([["text", "new"]], initialize=can, replay=["old"], heard=str(log))
    assert agents.run(program, resume="before") == "new"
    [began] = agents.of(AgentStarted)
    assert (began.agent_session, began.is_resumed) == ("before", True)
    assert heard(log) == ["initialize", method, "session/prompt"]
    # Its earlier turns are in the transcript already.
    assert [each.text for each in agents.of(TextAdded)] == ["new"]


@pytest.mark.parametrize(
    ("can", "errors"),
    [
        ({}, {}),
        (RESUMES, {"session/resume": REFUSES}),
        (LOADS, {"session/load": REFUSES}),
    ],
)
def test_a_session_that_cannot_be_continued_is_a_new_one(
    agents: Agents, can: dict[str, Any], errors: dict[str, Any], tmp_path: Path
) -> None:
    log = tmp_path / "heard"
    program = agents.program([["text", "new"]], initialize=can, errors=errors, heard=str(log))
    assert agents.run(program, resume="before") == "new"
    [began] = agents.of(AgentStarted)
    assert (began.agent_session, began.is_resumed) == ("scripted-1", False)
    # It is not tried again, whichever of the two the next prompt names.
    assert agents.run(program, resume="before") == "new"
    assert agents.run(program, resume="scripted-1") == "new"
    assert len(agents.of(AgentStarted)) == 1
    assert heard(log).count("session/new") == 1


def test_a_prompt_may_change_to_another_session_of_the_same_agent(agents: Agents) -> None:
    program = agents.program([["text", "a"]], initialize=RESUMES)
    agents.run(program)
    assert agents.run(program, resume="other") == "a"
    assert [each.agent_session for each in agents.of(AgentStarted)] == ["scripted-1", "other"]


def test_a_log_in_that_is_needed_to_continue_is_no_reason_for_a_new_session(
    agents: Agents,
) -> None:
    error = {"code": -32000, "message": "log in"}
    program = agents.program([], initialize=RESUMES, errors={"session/resume": error})
    assert agents.fail(program, resume="before").kind == "login"


# --- modes and models -----------------------------------------------------------------------------

MODES = {
    "currentModeId": "ask",
    "availableModes": [{"id": "ask", "name": "Ask first"}, {"id": "code", "name": "Code"}],
}
OPTIONS = [
    {
        **{"id": "m", "name": "Mode", "category": "mode", "type": "select"},
        **{"currentValue": "ask", "options": [{"value": "ask", "name": "Ask first"}]},
    },
    {
        **{"id": "model", "name": "Model", "type": "select", "currentValue": "$small"},
        "options": [
            {
                **{"group": "all", "name": "All"},
                "options": [
                    {"value": "$small", "name": "Small"},
                    {"value": "$large", "name": "Large"},
                ],
            }
        ],
    },
    {"id": "fast", "name": "Fast", "type": "boolean", "currentValue": True},
    {"id": "odd", "name": "Odd", "type": "slider"},
]


def test_what_can_be_chosen_is_told_at_the_start(agents: Agents) -> None:
    agents.run(agents.program([], session={"modes": MODES}))
    [began] = agents.of(AgentStarted)
    assert (began.mode, began.modes) == ("ask", (("ask", "Ask first"), ("code", "Code")))
    assert (began.model, began.models) == ("", ())


def test_config_options_are_modes_and_models(agents: Agents) -> None:
    agents.run(agents.program([], session={"modes": MODES, "configOptions": OPTIONS}))
    [began] = agents.of(AgentStarted)
    assert (began.mode, began.modes) == ("ask", (("ask", "Ask first"),))
    assert (began.model, began.models) == ("$small", (("$small", "Small"), ("$large", "Large")))


def test_a_prompt_chooses_its_mode_and_model_once(agents: Agents, tmp_path: Path) -> None:
    log = tmp_path / "heard"
    program = agents.program(
        [["text", "a"]], session={"modes": MODES, "configOptions": OPTIONS[1:2]}, heard=str(log)
    )
    for _ in range(2):
        agents.run(program, mode="code", model="large")
    assert heard(log) == [
        *("initialize", "session/new", "session/set_mode", "session/set_config_option"),
        *("session/prompt", "session/prompt"),
    ]
    assert agents.of(AgentSettings) == [AgentSettings("chat", "code", "$large")]


def test_a_continued_session_gets_its_mode_again(agents: Agents, tmp_path: Path) -> None:
    """The agent begins with its own default, and may not even say which."""
    log = tmp_path / "heard"
    program = agents.program(
        [["text", "a"]], initialize=RESUMES, session={"modes": MODES}, heard=str(log)
    )
    agents.run(program, mode="code", resume="before")
    assert heard(log)[1:3] == ["session/resume", "session/set_mode"]


@pytest.mark.parametrize(
    ("fields", "session", "detail"),
    [
        ({"mode": "yolo"}, {"modes": MODES}, "it has no mode yolo; it has: ask, code"),
        ({"mode": "yolo"}, {}, "it has no modes to choose from"),
        (
            {"model": "huge"},
            {"configOptions": OPTIONS},
            "it has no model huge; it has: $small, $large",
        ),
        ({"model": "huge"}, {}, "it has no models to choose from"),
    ],
)
def test_a_mode_or_model_that_is_not_offered_fails_the_turn_with_what_is(
    agents: Agents, fields: dict[str, str], session: dict[str, Any], detail: str
) -> None:
    """In another mode than the wanted one an agent might do more than it may."""
    program = agents.program([["text", "a"]], session=session)
    failed = agents.fail(program, **fields)
    assert (failed.kind, failed.detail) == ("refused", detail)
    assert agents.of(TextAdded) == []
    assert agents.run(program) == "a"
    assert len(agents.of(AgentStarted)) == 1


def test_mode_and_model_are_chosen_between_turns(agents: Agents) -> None:
    agents.run(agents.program([], session={"modes": MODES, "configOptions": OPTIONS[1:2]}))
    agents.thread.set_mode("chat", "Code")
    assert agents.next(AgentSettings) == AgentSettings("chat", "code", "$small", answers="mode")
    agents.thread.set_model("chat", "$large")
    assert agents.next(AgentSettings) == AgentSettings("chat", "code", "$large", answers="model")
    agents.thread.set_model("chat", "huge")
    assert agents.next(AgentSettings).failure == "it has no model huge; it has: $small, $large"


def test_a_choice_that_the_agent_refuses_says_why(agents: Agents) -> None:
    error = {"code": -32603, "message": "not now"}
    program = agents.program([], session={"modes": MODES}, errors={"session/set_mode": error})
    agents.run(program)
    agents.thread.set_mode("chat", "code")
    assert agents.next(AgentSettings) == AgentSettings("chat", "ask", "", "not now", "mode")


def test_a_mode_that_the_agent_sets_by_itself_is_told(agents: Agents) -> None:
    update = {"sessionUpdate": "current_mode_update", "currentModeId": "code"}
    changed = {"sessionUpdate": "config_option_update", "configOptions": OPTIONS[1:2]}
    agents.run(agents.program([["update", update], ["update", changed]], session={"modes": MODES}))
    assert agents.of(AgentSettings) == [
        AgentSettings("chat", "code", ""),
        AgentSettings("chat", "code", "$small"),
    ]


# --- lists ----------------------------------------------------------------------------------------


def test_the_agents_sessions_are_listed(agents: Agents, tmp_path: Path) -> None:
    sessions = [
        {"sessionId": "1", "cwd": "/a", "title": "one", "updatedAt": "1970-01-01T00:01:00Z"},
        {"sessionId": "2", "cwd": "/a", "title": None, "updatedAt": "yesterday"},
        {"sessionId": 3},
    ]
    program = agents.program([["text", "a"]], initialize=RESUMES, sessions=sessions)
    agents.thread.list_sessions("chat", program)
    assert agents.next(AgentSessionsListed) == AgentSessionsListed(
        "chat", (("1", "one", 60.0), ("2", "", 0.0))
    )
    assert agents.run(program) == "a"


def test_a_list_that_cannot_be_had_says_why(agents: Agents) -> None:
    agents.thread.list_sessions("chat", agents.program([]))
    assert agents.next(AgentSessionsListed) == AgentSessionsListed(
        "chat", (), "it cannot list its sessions"
    )


def test_the_sessions_are_listed_while_the_agent_works_on_a_turn(
    agents: Agents, tmp_path: Path
) -> None:
    own = [{"sessionId": "old", "title": "Old work", "cwd": str(tmp_path)}]
    # It serves what comes while it waits for people.
    steps = [["ask", {"toolCallId": "t", "title": "Edit"}], ["text", "on"]]
    program = agents.program(steps, initialize=LISTS, sessions=own)
    request = agents.ask(program)
    question = agents.next(PermissionAsked)
    agents.thread.list_sessions("chat", program)
    listed = agents.next(AgentSessionsListed)
    assert (listed.found, listed.failure) == ((("old", "Old work", 0.0),), "")
    agents.thread.decide(question.permission, "yes")
    assert agents.end(request) == TurnEnded(request, "end_turn")
    assert agents.answer(request) == "on"


def test_an_agent_that_lists_nothing_while_it_works_costs_the_list_alone(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_session, "LISTS_WITHIN", 0.3)
    program = agents.program([["text", "a"], ["until_cancelled"]], initialize=LISTS)
    request = agents.ask(program)
    # Before it runs: the list waits for the start, not for the end.
    agents.thread.list_sessions("chat", program)
    assert agents.next(AgentSessionsListed) == AgentSessionsListed("chat", (), "")
    if not any(isinstance(each, TextAdded) for each in agents.seen):
        agents.next(TextAdded)
    agents.thread.list_sessions("chat", program)
    assert "while it works on a turn" in agents.next(AgentSessionsListed).failure
    agents.thread.cancel("chat")
    assert agents.end(request) == TurnEnded(request, "end_turn")


def test_the_sessions_of_another_program_are_listed_after_the_turn(agents: Agents) -> None:
    request = agents.ask(agents.program([["text", "a"], ["wait"]]))
    agents.next(TextAdded)
    agents.thread.list_sessions("chat", agents.program([], initialize=LISTS))
    agents.thread.cancel("chat")
    assert agents.end(request) == TurnEnded(request, "cancelled")
    assert agents.next(AgentSessionsListed) == AgentSessionsListed("chat", (), "")


def test_a_list_is_answered_also_when_something_fails_that_nobody_expected(
    agents: Agents,
) -> None:
    nothing = AgentProgram("nothing", (), agents.folder, {})
    agents.thread.list_sessions("chat", nothing)
    assert agents.next(AgentSessionsListed).failure


# --- prompts --------------------------------------------------------------------------------------


def test_instructions_stand_before_the_first_prompt_of_a_new_session(agents: Agents) -> None:
    program = agents.program([["prompt"]], initialize=RESUMES)
    first = json.loads(agents.run(program, "one", instructions="Be brief."))
    assert [part["text"] for part in first] == ["Be brief.", "one"]
    second = json.loads(agents.run(program, "two", instructions="Be brief."))
    assert [part["text"] for part in second] == ["two"]
    third = json.loads(agents.run(program, "three", instructions="Be brief.", resume="old"))
    assert [part["text"] for part in third] == ["three"]


def test_files_go_as_what_the_agent_takes(agents: Agents, tmp_path: Path) -> None:
    notes, picture = tmp_path / "notes.txt", tmp_path / "a b.png"
    notes.write_text("words", "utf-8")
    picture.write_bytes(b"\x89PNG")
    can = {"agentCapabilities": {"promptCapabilities": {"image": True, "embeddedContext": True}}}
    for initialize, kinds in (
        (can, ["text", "resource", "image"]),
        ({}, ["text", "resource_link", "resource_link"]),
    ):
        program = agents.program([["prompt"]], initialize=initialize)
        parts = json.loads(agents.run(program, "look", files=(str(notes), str(picture))))
        assert [part["type"] for part in parts] == kinds


def test_a_prompt_that_cannot_be_read_by_the_agent_is_its_error(agents: Agents) -> None:
    error = {"code": -32602, "message": "no pictures, please"}
    failed = agents.fail(agents.program([["fail", error]]))
    assert failed == TurnFailed(failed.request, "refused", "no pictures, please")


@pytest.mark.parametrize("wanted", [{"mode": "yolo"}, {"model": "huge"}])
def test_it_is_reported_that_what_a_prompt_chooses_is_not_offered(
    agents: Agents, wanted: dict[str, str]
) -> None:
    program = agents.program([], session={"modes": MODES})
    request = agents.ask(program, **wanted)
    ended = agents.end(request)
    assert isinstance(ended, TurnFailed)
    [setting] = wanted
    [told] = [event for event in agents.seen if isinstance(event, AgentSettings)]
    assert (told.refused, told.failure) == (setting, ended.detail)
