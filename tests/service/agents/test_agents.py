"""Turns of agents in the service: what is said meanwhile, decisions, and the order of sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from msgspec import UnsetType

from dingbridge.core.agents.chosen_agents import ChosenAgent
from dingbridge.core.agents.known_agents import AgentChoice
from dingbridge.core.agents.turn_events import (
    AgentEvent,
    AgentGone,
    AgentProgram,
    AgentSessionsListed,
    AgentSettings,
    AgentStarted,
    PermissionAsked,
    PermissionGone,
    PermissionKind,
    PermissionOption,
    Prompt,
    Setting,
    TextAdded,
    ToolCall,
    ToolChanged,
    TurnEnded,
    TurnFailed,
)
from dingbridge.core.agents.turn_result import TurnResult
from dingbridge.core.approvals.approval import ApprovalRequest, Decision
from dingbridge.protocol import updates
from dingbridge.service.agents.agent_book import AgentBook
from dingbridge.service.agents.agent_ports import AgentPorts
from dingbridge.service.agents.agents import Agents
from dingbridge.service.agents.running_turn import MOST_REPORTS, AgentQuestion, chosen
from dingbridge.service.agents.turn_queue import QueuedTurn, TurnQueue
from dingbridge.service.sessions.live_turns import LiveTurns, TurnUpdate

QWEN = AgentChoice("qwen", ("qwen", "--acp"))
CALL = ToolCall("t", "Write a.py", "edit")


class Outside:
    """The ports: a clock that the test moves, and what was asked of the others."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.prompts: list[Prompt] = []
        self.decisions: list[tuple[str, str | None]] = []
        self.cancelled: list[str] = []
        self.listed: list[str] = []
        self.modes: list[str] = []
        self.requests: list[ApprovalRequest] = []
        self.code = "K7QD"
        self.withdrawn: list[str] = []
        self.forgotten: list[str] = []
        self.closed: list[str] = []
        self.decided: Callable[[Decision | None], None] = lambda _: None
        self.shown: list[TurnUpdate] = []
        self.notify: Callable[[AgentEvent], None] = lambda _: None
        self.live = LiveTurns()
        self.live.join(self)
        ports = AgentPorts(self.run, self, cast(Any, self), self.later, lambda call: call())
        self.kept: dict[str, ChosenAgent] = {}
        self.agents = Agents(AgentBook(self.keep), self.live, ports)

    def keep(self, sessions: dict[str, ChosenAgent]) -> None:
        self.kept = dict(sessions)

    def now(self) -> float:
        return self.time

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.timers.append((self.time + seconds, call))

    def wait(self, minutes: float) -> None:
        """Let time pass, with its timers."""
        end = self.time + 60 * minutes
        while due := sorted((one for one in self.timers if one[0] <= end), key=lambda one: one[0]):
            self.timers.remove(due[0])
            self.time = max(self.time, due[0][0])
            due[0][1]()
        self.time = end

    def run(self, notify: Callable[[AgentEvent], None]) -> Any:
        self.notify = notify
        return self

    def prompt(self, prompt: Prompt) -> None:
        self.prompts.append(prompt)

    def decide(self, permission: str, option: str | None) -> None:
        self.decisions.append((permission, option))

    def cancel(self, session: str) -> None:
        self.cancelled.append(session)

    def set_mode(self, session: str, mode: str) -> None:
        self.modes.append(mode)

    def list_sessions(self, session: str, program: AgentProgram) -> None:
        self.listed.append(session)

    def ask(self, request: ApprovalRequest, decided: Callable[[Decision | None], None]) -> str:
        self.requests.append(request)
        self.decided = decided
        return self.code

    def withdraw(self, code: str) -> None:
        self.withdrawn.append(code)

    def forget_always(self, session: str) -> tuple[str, ...]:
        self.forgotten.append(session)
        return ()

    def close(self, session: str) -> None:
        self.closed.append(session)

    def turned(self, session: str, update: TurnUpdate) -> None:
        self.shown.append(update)


class Asked:
    """One turn of the session `s`, and what became of it."""

    def __init__(
        self,
        outside: Outside,
        progress: int = 0,
        asker: str = "zhangsan",
        agent: AgentChoice = QWEN,
        robot: str = "robot",
    ) -> None:
        self.said: list[str] = []
        self.results: list[TurnResult] = []
        turn = AgentQuestion(
            request="r",
            session="s",
            agent=agent,
            text="hello",
            files=(),
            instructions="",
            model="",
            silence=60,
            asker=asker,
            robot=robot,
            progress=progress,
            report=self.said.append,
            ended=self.results.append,
        )
        outside.agents.ask(turn, "", "/here", {"HOME": "/me"})


def test_the_one_who_asked_hears_after_3_10_and_30_minutes_that_the_agent_still_works() -> None:
    outside = Outside()
    asked = Asked(outside)
    outside.wait(2.9)
    assert asked.said == []
    outside.wait(0.2)
    outside.notify(ToolChanged("r", CALL))
    outside.wait(7)
    outside.wait(200)
    minutes = [words.split("min")[0].split()[-1] for words in asked.said]
    assert minutes == ["3", "10", "30"]
    assert "Write a.py" in asked.said[1]


def test_progress_is_said_once_a_minute_at_most_and_not_for_ever() -> None:
    outside = Outside()
    asked = Asked(outside, progress=1)
    outside.wait(5)
    assert len(asked.said) == 5
    outside.wait(600)
    assert len(asked.said) == MOST_REPORTS


def test_a_turn_warns_before_it_has_spent_fifty_calls() -> None:
    outside = Outside()
    asked = Asked(outside)
    approve(outside, 17)
    assert asked.said == []
    approve(outside, 20)
    [warning] = asked.said
    assert "36 messages" in warning
    whole = outside.live.so_far("s")
    assert whole is not None
    assert "36 messages" in str(whole.message.steps)


def approve(outside: Outside, count: int) -> None:
    """Let the agent ask so many times, and allow it."""
    for number in range(count):
        outside.notify(PermissionAsked("r", f"p{number}", CALL, options("allow_once")))
        outside.decided("allow")


def test_a_turn_whose_approvals_are_asked_in_the_editor_alone_spends_no_calls() -> None:
    outside = Outside()
    asked = Asked(outside, robot="")
    approve(outside, 60)
    outside.code = ""  # always allowed
    other = Asked(outside)
    approve(outside, 60)
    assert asked.said == other.said == []


def test_the_step_in_a_word_about_a_turn_is_no_markdown() -> None:
    outside = Outside()
    asked = Asked(outside)
    outside.notify(ToolChanged("r", ToolCall("t", "[log in](https://example.com)", "edit")))
    outside.wait(4)
    [words] = asked.said
    assert "`[log in](https://example.com)`" in words


def test_nothing_is_said_any_more_when_the_turn_has_ended() -> None:
    outside = Outside()
    asked = Asked(outside, progress=1)
    outside.notify(TurnEnded("r", "end_turn"))
    outside.wait(30)
    assert asked.said == []
    assert len(asked.results) == 1


def test_a_turn_that_grows_is_shown_once_in_a_while_and_its_updates_have_what_is_new() -> None:
    outside = Outside()
    Asked(outside)
    for number in range(100):
        outside.notify(TextAdded("r", f"{number} "))
    outside.wait(0.1)
    outside.notify(TextAdded("r", "more"))
    outside.wait(0.1)
    begun, *grew = outside.shown
    assert isinstance(begun, updates.ShowTurn)
    assert [one.text for one in grew if isinstance(one, updates.TurnGrew)] == [
        "".join(f"{number} " for number in range(100)),
        "more",
    ]
    whole = outside.live.so_far("s")
    assert whole is not None
    assert whole.message.text.endswith("99 more")
    outside.notify(TurnEnded("r", "end_turn"))
    assert isinstance(outside.shown[-1], updates.TurnOver)
    assert outside.live.so_far("s") is None


def options(*kinds: PermissionKind) -> tuple[PermissionOption, ...]:
    return tuple(PermissionOption(kind, kind, kind) for kind in kinds)


@pytest.mark.parametrize(
    ("decision", "kinds", "option"),
    [
        ("allow", ("allow_once", "allow_always", "reject_once"), "allow_once"),
        ("allow", ("allow_always", "reject_once"), None),
        ("always", ("allow_always", "allow_once"), "allow_once"),
        ("always", ("allow_once",), "allow_once"),
        ("reject", ("allow_once", "reject_once"), "reject_once"),
        ("reject", ("allow_once", "reject_always"), "reject_always"),
        ("reject", ("allow_once",), None),
        (None, ("allow_once", "reject_once"), "reject_once"),
    ],
)
def test_the_agent_gets_the_option_that_was_decided_and_a_refusal_when_it_expired(
    decision: Decision | None, kinds: tuple[PermissionKind, ...], option: str | None
) -> None:
    outside = Outside()
    Asked(outside)
    outside.notify(PermissionAsked("r", "p", CALL, options(*kinds)))
    [request] = outside.requests
    assert (request.session, request.asker, request.robot) == ("s", "zhangsan", "robot")
    outside.decided(decision)
    assert outside.decisions == [("p", option)]


@pytest.mark.parametrize(
    ("kind", "can_always"), [("edit", True), ("other", False), ("switch_mode", False)]
)
def test_what_has_no_certain_kind_or_frees_the_agent_cannot_be_allowed_always(
    kind: str, can_always: bool
) -> None:
    outside = Outside()
    Asked(outside)
    call = ToolCall("t", "Do it", kind)
    outside.notify(PermissionAsked("r", "p", call, options("allow_once")))
    assert outside.requests[0].can_always is can_always


def test_what_is_always_allowed_is_forgotten_with_the_agent_that_it_was_allowed() -> None:
    outside = Outside()
    Asked(outside)
    outside.agents.end_session("s")
    assert outside.forgotten == ["s"]
    assert outside.closed == ["s"]
    Asked(outside)
    assert outside.forgotten == ["s"]
    Asked(outside, agent=AgentChoice("claude", ("claude-code-acp",)))
    assert outside.forgotten == ["s", "s"]


def test_an_approval_is_withdrawn_when_the_turn_ends() -> None:
    outside = Outside()
    Asked(outside)
    outside.notify(PermissionAsked("r", "p", CALL, options("allow_once")))
    outside.notify(TurnEnded("r", "cancelled"))
    assert outside.withdrawn == ["K7QD"]
    assert outside.decisions == []


def test_a_tool_call_that_asks_twice_shows_the_code_that_is_still_open() -> None:
    outside = Outside()
    Asked(outside)
    decided: list[Callable[[Decision | None], None]] = []
    for number, code in enumerate(("K7QD", "M3XR", "P9WA")):
        outside.code = code
        outside.notify(PermissionAsked("r", f"p{number}", CALL, options("allow_once")))
        decided.append(outside.decided)

    def shown() -> list[str]:
        whole = outside.live.so_far("s")
        assert whole is not None
        assert not isinstance(whole.message.steps, UnsetType)
        return [step.approval for step in whole.message.steps]

    assert shown() == ["K7QD"]
    decided[0]("allow")
    assert shown() == ["M3XR"]
    outside.notify(PermissionGone("r", "p1"))
    assert outside.withdrawn == ["M3XR"]
    assert shown() == ["P9WA"]
    decided[2]("reject")
    assert shown() == [""]


class BrokenView:
    """A view with a defect."""

    def turned(self, session: str, update: TurnUpdate) -> None:
        raise ValueError("broken")


def test_the_one_who_asked_gets_the_answer_though_a_view_fails() -> None:
    outside = Outside()
    outside.live.leave(outside)
    outside.live.join(BrokenView())
    outside.live.join(outside)
    asked = Asked(outside)
    outside.notify(TextAdded("r", "done"))
    outside.notify(TurnEnded("r", "end_turn"))
    assert [result.text for result in asked.results] == ["done"]
    assert [type(one) for one in outside.shown] == [updates.ShowTurn, updates.TurnOver]


class BrokenDesk(Outside):
    """Approvals with a defect."""

    is_broken = True

    def ask(self, request: ApprovalRequest, decided: Callable[[Decision | None], None]) -> str:
        if self.is_broken:
            raise ValueError("broken")
        return super().ask(request, decided)

    def withdraw(self, code: str) -> None:
        raise ValueError("broken")


def test_an_agent_does_not_wait_for_an_approval_that_could_not_be_asked_for() -> None:
    outside = BrokenDesk()
    Asked(outside)
    outside.notify(PermissionAsked("r", "p", CALL, options("allow_once")))
    assert outside.decisions == [("p", None)]
    whole = outside.live.so_far("s")
    assert whole is not None
    outside.notify(TurnEnded("r", "end_turn"))


def test_a_turn_has_its_end_though_an_approval_cannot_be_withdrawn() -> None:
    outside = BrokenDesk()
    outside.is_broken = False
    asked = Asked(outside)
    outside.notify(PermissionAsked("r", "p", CALL, options("allow_once")))
    with pytest.raises(ValueError, match="broken"):
        outside.notify(TurnEnded("r", "end_turn"))
    assert len(asked.results) == 1
    assert outside.live.so_far("s") is None


def test_only_the_one_who_asked_or_everybody_in_the_editor_stops_a_turn() -> None:
    outside = Outside()
    Asked(outside)
    assert not outside.agents.stop("s", "lisi")
    assert not outside.agents.stop("other")
    assert outside.agents.stop("s", "zhangsan")
    assert outside.agents.stop("s")
    assert outside.cancelled == ["s", "s"]


def test_sessions_can_be_listed_again_after_the_agent_was_ended_while_it_listed_them() -> None:
    outside = Outside()
    heard: list[AgentSessionsListed] = []
    for _ in range(2):
        outside.agents.list_sessions("s", QWEN, ("", "/here"), {}, heard.append)
        outside.agents.end_session("s")
    assert [one.failure for one in heard] == ["it was ended meanwhile"] * 2
    assert outside.listed == ["s", "s"]


def test_a_mode_is_said_to_be_chosen_once_the_agent_has_taken_it() -> None:
    outside = Outside()
    said: list[str] = []
    outside.agents.set_mode("s", "ask", said.append)
    assert said == [""]  # the first turn begins with it
    Asked(outside)
    outside.notify(AgentStarted("s", "own", mode="ask"))
    outside.agents.set_mode("s", "code", said.append)
    outside.agents.set_mode("s", "yolo", said.append)
    assert outside.modes == ["code", "yolo"]
    outside.notify(AgentSettings("s", "plan", ""))  # by itself
    assert said == [""]
    outside.notify(AgentSettings("s", "code", "", answers="mode"))
    assert said == ["", ""]
    outside.notify(AgentSettings("s", "code", "", "no such mode", "mode"))
    assert said == ["", "", "no such mode"]
    assert outside.agents.book.of("s").mode == "code"
    outside.agents.set_mode("s", "plan", said.append)
    outside.notify(AgentGone("s"))
    assert said[3:] == [""]


@pytest.mark.parametrize("setting", ["mode", "model"])
def test_a_choice_that_is_not_offered_is_taken_back_with_words(setting: Setting) -> None:
    outside = Outside()
    said: list[str] = []
    getattr(outside.agents, f"set_{setting}")("s", "yolo", said.append)
    asked = Asked(outside)
    assert getattr(outside.prompts[0], setting) == "yolo"
    outside.notify(AgentStarted("s", "own"))
    outside.notify(AgentSettings("s", "ask", "", "it has no yolo", refused=setting))
    outside.notify(TurnFailed("r", "refused", "it has no yolo"))
    [result] = asked.results
    assert [step.title for step in result.steps] == [
        f"the {setting} yolo is not chosen any more: the agent does not take it"
    ]
    assert getattr(outside.agents.book.of("s"), setting) == ""
    assert getattr(ask_again(outside), setting) == ""


def ask_again(outside: Outside) -> Prompt:
    """A second turn of the session `s`, by an editor elsewhere."""
    turn = AgentQuestion(
        request="r2",
        session="s",
        agent=QWEN,
        text="again",
        files=(),
        instructions="",
        model="",
        silence=60,
        asker="",
        robot="",
        progress=0,
        report=lambda _: None,
        ended=lambda _: None,
    )
    outside.agents.ask(turn, "", "/elsewhere", {"HOME": "/me", "NVIM": "/run/other"})
    return outside.prompts[-1]


def test_an_agent_that_runs_goes_on_for_an_editor_in_another_folder() -> None:
    outside = Outside()
    Asked(outside)
    outside.notify(TurnEnded("r", "end_turn"))
    assert ask_again(outside).program == outside.prompts[0].program


def test_an_agent_that_has_gone_is_started_with_what_the_next_editor_has() -> None:
    outside = Outside()
    Asked(outside)
    outside.notify(TurnEnded("r", "end_turn"))
    outside.notify(AgentGone("s"))
    program = ask_again(outside).program
    assert (program.cwd, program.environ["NVIM"]) == ("/elsewhere", "/run/other")


def test_what_a_turn_has_started_is_known_though_the_agent_before_it_goes_late() -> None:
    outside = Outside()
    Asked(outside)
    outside.notify(TurnEnded("r", "end_turn"))
    ask_again(outside)
    outside.notify(AgentGone("s"))
    outside.notify(AgentStarted("s", "own"))
    assert outside.agents.started("s") is not None


def test_a_decision_that_is_not_offered_cancels_the_request() -> None:
    assert chosen({}, "allow") is None


class Turns:
    """Turns of a queue that end when the test says so."""

    def __init__(self) -> None:
        self.queue = TurnQueue()
        self.begun: list[str] = []
        self.withdrawn: list[str] = []
        self.forgotten: list[str] = []
        self._done: dict[str, Callable[[], None]] = {}

    def put(self, session: str, name: str, *, is_next: bool = False, asker: str = "") -> int:
        """Put a turn; returns how many are before it."""

        def start(done: Callable[[], None]) -> None:
            self.begun.append(name)
            self._done[name] = done

        def withdrawn() -> bool:
            self.withdrawn.append(name)
            return name not in self.forgotten

        turn = QueuedTurn(
            session=session, start=start, withdrawn=withdrawn, asker=asker, is_next=is_next
        )
        return self.queue.put(session, turn)

    def end(self, name: str) -> None:
        """A turn ends."""
        self._done[name]()


def test_turns_of_a_session_run_one_after_the_other_and_those_of_others_beside_them() -> None:
    turns = Turns()
    assert [turns.put("s", name) for name in "abc"] == [0, 1, 2]
    assert turns.put("t", "x") == 0
    assert turns.put("s", "d", is_next=True) == 1
    assert turns.begun == ["a", "x"]
    for name in "adbc":
        turns.end(name)
        turns.end(name)  # a second end is ignored
    assert turns.begun == ["a", "x", "d", "b", "c"]
    assert not turns.queue.is_busy("s")
    assert turns.queue.is_busy("t")


def test_several_that_go_before_the_others_that_wait_run_in_their_order() -> None:
    turns = Turns()
    for name in "ab":
        turns.put("s", name)
    assert [turns.put("s", name, is_next=True) for name in "xyz"] == [1, 2, 3]
    assert turns.put("s", "c") == 5
    for name in "axy":
        turns.end(name)
    assert turns.put("s", "w", is_next=True) == 1
    for name in "zwbc":
        turns.end(name)
    assert turns.begun == [*"axyzwbc"]


def test_a_turn_that_cannot_be_started_does_not_block_the_next_one() -> None:
    turns = Turns()

    def broken(done: Callable[[], None]) -> None:
        raise ValueError("broken")

    turns.put("s", "a")
    turns.queue.put("s", QueuedTurn(session="s", start=broken, withdrawn=lambda: True))
    turns.put("s", "b")
    turns.end("a")
    assert turns.begun == ["a", "b"]


def test_what_a_person_withdraws_is_not_run_and_all_else_keeps_its_order() -> None:
    turns = Turns()
    for name, asker in zip("abcd", ("one", "one", "two", "one"), strict=True):
        turns.put("s", name, asker=asker)
    turns.put("s", "x", asker="one", is_next=True)
    turns.put("s", "y", asker="two", is_next=True)
    turns.put("t", "e", asker="one")
    turns.put("t", "f", asker="one")
    turns.forgotten.append("d")
    assert turns.queue.withdraw("s", "one") == 2
    assert sorted(turns.withdrawn) == ["b", "d", "x"]
    assert turns.put("s", "z", is_next=True) == 2
    for name in "ayzc":
        turns.end(name)
    assert turns.begun == [*"aeyzc"]
    assert turns.queue.withdraw("s", "one") == 0
