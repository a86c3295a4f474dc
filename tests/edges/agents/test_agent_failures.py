"""A turn that cannot be finished fails with what went wrong, and the next one starts anew."""

from __future__ import annotations

import gc
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.agents.turn_events import (
    AgentGone,
    AgentProgram,
    AgentSessionsListed,
    AgentStarted,
    PermissionAsked,
    PermissionGone,
    TextAdded,
    TurnEnded,
    TurnFailed,
)
from dingbridge.edges.agents import chat_session
from tests.support.agents import POSIX, Agents, python
from tests.support.processes import is_alive, until

QUIET = 1.0
"""Seconds of silence that a test waits for. The interpreter itself needs a part of it to start."""

CALL = {"toolCallId": "t1", "title": "Edit notes.txt"}


def started(agents: Agents) -> int:
    return len(agents.of(AgentStarted))


def test_a_program_that_is_missing_is_named(agents: Agents, tmp_path: Path) -> None:
    for name in ("no-such-agent", str(tmp_path / "agent"), "./agent"):
        failed = agents.fail(AgentProgram("mine", (name,), str(tmp_path), dict(os.environ)))
        assert (failed.kind, failed.detail) == ("not found", name)


@pytest.mark.skipif(not POSIX, reason="the rights of POSIX")
def test_a_program_is_found_in_the_home_folder_and_one_that_is_none_says_what_it_is(
    agents: Agents, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / "folder").mkdir(parents=True)
    (home / "text").write_text("text")
    environ = {**os.environ, "HOME": str(home)}
    for name, words in [("folder", "is a folder"), ("text", "may not be executed")]:
        failed = agents.fail(AgentProgram("mine", (f"~/{name}",), str(tmp_path), environ))
        assert (failed.kind, failed.detail) == ("not started", f"{home / name} {words}")
    failed = agents.fail(AgentProgram("mine", ("~/gone",), str(tmp_path), environ))
    assert (failed.kind, failed.detail) == ("not found", "~/gone")
    program = agents.program([["text", "well"]])
    (home / "agent").symlink_to(program.argv[0])
    argv = ("~/agent", *program.argv[1:])
    assert agents.run(AgentProgram("mine", argv, str(tmp_path), environ)) == "well"


def test_a_program_of_the_folder_alone_is_missing(
    agents: Agents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "agent"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environ = {**os.environ, "PATH": f":.:{os.environ['PATH']}"}
    assert agents.fail(AgentProgram("mine", ("agent",), str(tmp_path), environ)).kind == "not found"


def test_a_folder_that_is_missing_is_named(agents: Agents, tmp_path: Path) -> None:
    program = agents.program([])
    gone = str(tmp_path / "gone")
    failed = agents.fail(AgentProgram(program.name, program.argv, gone, program.environ))
    assert (failed.kind, failed.detail) == ("not started", f"there is no folder {gone}")


@pytest.mark.skipif(not POSIX, reason="a script of POSIX")
def test_a_program_that_cannot_be_executed_says_why(agents: Agents, tmp_path: Path) -> None:
    script = tmp_path / "agent"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    failed = agents.fail(AgentProgram("mine", (str(script),), str(tmp_path), dict(os.environ)))
    assert failed.kind == "died"
    assert "No such file or directory" in failed.detail
    assert "status 127" in failed.detail


def test_an_agent_that_dies_at_once_says_its_last_words(agents: Agents, tmp_path: Path) -> None:
    code = "import sys; sys.exit('no key: set MY_KEY')"
    failed = agents.fail(python(code, str(tmp_path)))
    assert failed.kind == "died"
    assert failed.detail == "no key: set MY_KEY\nit ended with status 1"


def test_only_the_end_of_what_an_agent_complains_about_is_kept(
    agents: Agents, tmp_path: Path
) -> None:
    code = "import sys; sys.stderr.write('x' * 100000 + 'end'); sys.exit(3)"
    failed = agents.fail(python(code, str(tmp_path)))
    assert failed.detail.endswith("xend\nit ended with status 3")
    assert len(failed.detail) < 2100


def test_an_agent_that_dies_in_a_turn_fails_that_and_the_next_starts_another(
    agents: Agents,
) -> None:
    dying = [["text", "so far"], ["say_error", "out of memory"], ["die", 9]]
    program = agents.program(dying)
    failed = agents.fail(program)
    assert (failed.kind, failed.detail) == ("died", "out of memory\nit ended with status 9")
    assert agents.answer(failed.request) == "so far"
    agents.next(AgentGone)
    assert agents.fail(program).kind == "died"
    assert started(agents) == 2


def test_an_agent_that_dies_while_people_are_asked_withdraws_its_question(agents: Agents) -> None:
    request = agents.ask(agents.program([["ask_only", CALL], ["die", 1]]))
    ended = agents.end(request)
    assert isinstance(ended, TurnFailed)
    [question] = agents.of(PermissionAsked)
    assert agents.of(PermissionGone) == [PermissionGone(request, question.permission)]
    assert agents.seen.index(agents.of(PermissionGone)[0]) < agents.seen.index(ended)


def test_an_agent_that_dies_between_turns_is_gone_and_the_next_prompt_starts_another(
    agents: Agents,
) -> None:
    program = agents.program([["text", "one"], ["die_later"]])
    assert agents.run(program) == "one"
    agents.next(AgentGone)
    assert agents.run(program) == "one"
    assert started(agents) == 2


def test_an_agent_of_another_version_is_told_apart(agents: Agents) -> None:
    failed = agents.fail(agents.program([], initialize={"protocolVersion": 2}))
    assert (failed.kind, failed.detail) == ("protocol", "it speaks version 2")


@pytest.mark.parametrize(
    ("method", "initialize"), [("initialize", {"protocolVersion": "new"}), ("session/new", {})]
)
def test_an_answer_that_is_none_is_a_failure_of_the_protocol(
    agents: Agents, method: str, initialize: dict[str, Any]
) -> None:
    script = {"initialize": initialize} if initialize else {"session": {"sessionId": None}}
    failed = agents.fail(agents.program([], **script))
    assert failed.kind == "protocol"
    assert "Response" in failed.detail


LOGINS = [
    {"id": "key", "name": "API key", "description": "Set MY_KEY"},
    {"id": "web", "name": "Browser"},
]


@pytest.mark.parametrize("method", ["session/new", "session/prompt"])
def test_a_log_in_that_is_needed_says_what_the_agent_says(agents: Agents, method: str) -> None:
    error = {"code": -32000, "message": "Authentication required"}
    program = agents.program([], initialize={"authMethods": LOGINS}, errors={method: error})
    failed = agents.fail(program)
    assert failed.kind == "login"
    assert failed.detail == "Authentication required\nAPI key: Set MY_KEY\nBrowser"
    agents.next(AgentGone)


BY_KEY = {
    **{"id": "env", "name": "Key", "type": "env_var"},
    "vars": [{"name": "MY_KEY"}, {"name": "MY_MODEL", "optional": True}],
}


@pytest.mark.parametrize(("key", "is_logged_in"), [("k", True), ("", False)])
def test_a_key_of_the_environment_that_the_agent_asks_for_logs_in(
    agents: Agents, monkeypatch: pytest.MonkeyPatch, key: str, is_logged_in: bool
) -> None:
    monkeypatch.setenv("MY_KEY", key)
    error = {"code": -32000, "message": "Authentication required"}
    script = {"initialize": {"authMethods": [BY_KEY]}, "errors": {"session/new": error}}
    program = agents.program([["text", "a"]], **script)
    if is_logged_in:
        assert agents.run(program) == "a"
    else:
        assert agents.fail(program).kind == "login"


def test_an_error_fails_its_turn_and_the_agent_stays(agents: Agents) -> None:
    error = {"code": -32603, "message": "Internal error", "data": {"details": "quota exceeded"}}
    program = agents.program([["fail", error]], [["text", "again"]])
    failed = agents.fail(program)
    assert (failed.kind, failed.detail) == ("refused", "Internal error\nquota exceeded")
    assert agents.run(program) == "again"
    assert started(agents) == 1


@pytest.mark.parametrize("silent", ["initialize", "session/new"])
def test_an_agent_that_does_not_answer_is_given_up(agents: Agents, silent: str) -> None:
    failed = agents.fail(agents.program([], silent=[silent]), silence=QUIET)
    assert failed.kind == "silent"
    assert silent in failed.detail or silent == "session/new"


def test_an_agent_that_says_nothing_in_its_turn_is_ended(agents: Agents) -> None:
    program = agents.program([["pid"], ["ignore"]])
    failed = agents.fail(program, silence=QUIET)
    assert (failed.kind, failed.detail) == ("silent", "no answer to `session/prompt` within 1 s")
    agents.next(AgentGone)
    pid = int(agents.answer(failed.request))
    until(lambda: not is_alive(pid), "the agent is gone")


@pytest.mark.skipif(not POSIX, reason="only the guard can say that it is gone")
def test_an_agent_that_is_being_ended_is_gone_when_all_are_stopped(agents: Agents) -> None:
    program = agents.program([["pid"], ["ignore"]])
    failed = agents.fail(program, silence=QUIET)
    pid = int(agents.answer(failed.request))
    complaints: list[object] = []
    before, sys.unraisablehook = sys.unraisablehook, complaints.append
    try:
        agents.thread.stop()
        assert not is_alive(pid)
        gc.collect()
    finally:
        sys.unraisablehook = before
    assert complaints == []


def test_whatever_an_agent_sends_is_a_sign_of_life(agents: Agents) -> None:
    """It says something every 0.4 s, for longer than it may be silent."""
    steps: list[Any] = [["update", {"sessionUpdate": "mood"}], ["pause", 0.4]] * 6
    request = agents.ask(agents.program([*steps, ["text", "done"]]), silence=QUIET)
    assert agents.end(request) == TurnEnded(request, "end_turn")


def test_an_agent_that_waits_for_people_is_not_silent(agents: Agents) -> None:
    request = agents.ask(agents.program([["ask", CALL], ["text", "on"]]), silence=QUIET)
    question = agents.next(PermissionAsked)
    # Nothing is to happen; twice the silence shows that it does not.
    threading.Event().wait(2 * QUIET)
    agents.thread.decide(question.permission, "yes")
    assert agents.end(request) == TurnEnded(request, "end_turn")


# --- cancelling -----------------------------------------------------------------------------------


def test_a_cancelled_turn_ends_and_the_agent_stays(agents: Agents) -> None:
    program = agents.program([["text", "a"], ["wait"]], [["text", "b"]])
    request = agents.ask(program)
    agents.next(TextAdded)
    agents.thread.cancel("chat")
    assert agents.end(request) == TurnEnded(request, "cancelled")
    assert agents.run(program) == "b"
    assert started(agents) == 1


def test_a_permission_of_a_cancelled_turn_is_answered_as_cancelled(agents: Agents) -> None:
    """The protocol wants that answer; the agent tells it before it ends."""
    program = agents.program([["ask_only", CALL], ["outcome"], ["wait_cancelled"]])
    request = agents.ask(program)
    question = agents.next(PermissionAsked)
    agents.thread.cancel("chat")
    assert agents.end(request) == TurnEnded(request, "cancelled")
    assert agents.answer(request) == '{"outcome": "cancelled"}'
    assert agents.of(PermissionGone) == [PermissionGone(request, question.permission)]


def test_a_permission_that_is_asked_after_the_cancel_is_answered_at_once(agents: Agents) -> None:
    program = agents.program([["text", "a"], ["until_cancelled"], ["ask", CALL], ["outcome"]])
    request = agents.ask(program)
    agents.next(TextAdded)
    agents.thread.cancel("chat")
    agents.end(request)
    assert agents.answer(request) == 'a{"outcome": "cancelled"}'
    assert agents.of(PermissionAsked) == []


def test_an_error_as_the_answer_to_a_cancel_is_the_end_that_was_wanted(agents: Agents) -> None:
    error = {"code": -32603, "message": "aborted"}
    request = agents.ask(agents.program([["text", "a"], ["until_cancelled"], ["fail", error]]))
    agents.next(TextAdded)
    agents.thread.cancel("chat")
    assert agents.end(request) == TurnEnded(request, "cancelled")


@pytest.mark.parametrize("step", ["ignore", "deaf"])
def test_an_agent_that_ignores_the_cancel_is_killed(
    agents: Agents, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    assert chat_session.CANCELS_WITHIN == 5.0
    monkeypatch.setattr(chat_session, "CANCELS_WITHIN", 0.3)
    request = agents.ask(agents.program([["pid"], [step]]))
    agents.next(TextAdded)
    agents.thread.cancel("chat")
    assert agents.end(request) == TurnEnded(request, "cancelled")
    agents.next(AgentGone)
    pid = int(agents.answer(request))
    until(lambda: not is_alive(pid), "the agent is gone")


def test_a_turn_whose_agent_still_starts_can_be_cancelled(agents: Agents, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    program = agents.program([["text", "a"]], silent=["initialize"], heard=str(heard))
    request = agents.ask(program)
    until(heard.exists, "the agent is asked")
    agents.thread.cancel("chat")
    assert agents.end(request) == TurnEnded(request, "cancelled")
    assert agents.run(agents.program([["text", "a"]])) == "a"


def test_a_turn_that_is_cancelled_before_it_begins_does_not_begin(agents: Agents) -> None:
    program = agents.program([["text", "a"]])
    request = agents.ask(program)
    agents.thread.cancel("chat")
    assert agents.end(request) == TurnEnded(request, "cancelled")
    assert agents.of(TextAdded) == []
    assert agents.run(program) == "a"


def test_a_cancel_without_a_turn_changes_nothing(agents: Agents) -> None:
    agents.thread.cancel("chat")
    program = agents.program([["text", "a"]])
    assert agents.run(program) == "a"
    agents.thread.cancel("chat")
    assert agents.run(program) == "a"


# --- closing --------------------------------------------------------------------------------------


def test_a_session_that_is_closed_ends_its_turns_and_its_agent(agents: Agents) -> None:
    program = agents.program([["text", "a"], ["wait"]])
    running, waiting = agents.ask(program), agents.ask(program)
    agents.next(TextAdded)
    agents.thread.close("chat")
    assert agents.end(running) == TurnEnded(running, "cancelled")
    assert agents.end(waiting) == TurnEnded(waiting, "cancelled")
    agents.next(AgentGone)


def test_without_the_library_a_turn_says_what_installs_it(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("dingbridge.edges.agents.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "acp", None)
    failed = agents.fail(agents.program([]))
    assert failed.kind == "not started"
    assert "`:Chat install`" in failed.detail
    agents.thread.cancel("chat")
    agents.thread.list_sessions("chat", agents.program([]))
    assert "`:Chat install`" in agents.next(AgentSessionsListed).failure
