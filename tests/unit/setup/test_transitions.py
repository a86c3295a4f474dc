"""The steps of a setup: what is asked, what follows, and where one that was left goes on."""

from __future__ import annotations

import msgspec
import pytest

from dingbridge.core.dingtalk.scanned_app import ScanCode
from dingbridge.core.setup import progress as progresses
from dingbridge.core.setup.next_step import step_of
from dingbridge.core.setup.progress import FirstWriter, Progress, Stage, resumed
from dingbridge.core.setup.steps import (
    ActionFailed,
    ActionSucceeded,
    AppMade,
    AskSecret,
    AskText,
    ChooseOption,
    CodeGiven,
    MessageWritten,
    NothingLeft,
    OptionChosen,
    SetupAction,
    SetupFact,
    SetupStep,
    TextTyped,
)
from dingbridge.core.setup.transitions import after

CODE = ScanCode("device", "https://open-dev.dingtalk.com/x", 7200.0, 5.0)
ZHANG = FirstWriter("zhangsan", "张三", "早上好")


def led(progress: Progress, *facts: SetupFact) -> Progress:
    for fact in facts:
        progress = after(progress, fact)
    return progress


def next_of(progress: Progress) -> SetupStep:
    return step_of(progress, "~/new.lua")


def words(step: SetupStep) -> list[str]:
    assert isinstance(step, ChooseOption)
    return [word for word, _ in step.options]


PASTED = (
    OptionChosen("conversation"),
    OptionChosen("paste"),
    TextTyped("dingabc"),
    TextTyped(),
)
SCANNED = (
    OptionChosen("conversation"),
    OptionChosen("scan"),
    CodeGiven(CODE),
    AppMade("dingabc"),
)
ANSWERED = (
    ActionSucceeded(),
    MessageWritten(ZHANG),
    OptionChosen("me"),
    ActionSucceeded(),
    OptionChosen("show"),
)


def test_what_was_pasted_is_checked_before_it_is_stored() -> None:
    checking = led(Progress(), *PASTED)
    assert next_of(checking) is SetupAction.CHECK
    storing = after(checking, ActionSucceeded())
    assert next_of(storing) is SetupAction.STORE
    assert next_of(after(storing, ActionSucceeded("dingabc"))) is SetupAction.CONNECT


def test_what_a_scan_gave_is_stored_before_it_is_checked() -> None:
    storing = led(Progress(), *SCANNED)
    assert next_of(storing) is SetupAction.STORE
    checking = after(storing, ActionSucceeded("dingabc"))
    assert (next_of(checking), checking.code) == (SetupAction.CHECK, None)
    assert next_of(after(checking, ActionSucceeded())) is SetupAction.CONNECT


def test_a_conversation_ends_with_who_may_write() -> None:
    linked = led(Progress(), *PASTED, ActionSucceeded(), ActionSucceeded("dingabc"))
    done = led(linked, *ANSWERED)
    assert next_of(done) == NothingLeft()
    assert (done.robot, done.admitted) == ("dingabc", "zhangsan")


def test_somebody_else_is_neither_admitted_nor_answered() -> None:
    asked = led(Progress(Stage.WRITE), MessageWritten(ZHANG))
    again = after(asked, OptionChosen("other"))
    assert (next_of(again), again.writer, again.admitted) == (SetupAction.AWAIT_MESSAGE, None, "")


def test_the_place_is_asked_for_only_where_there_is_a_keyring() -> None:
    goal = OptionChosen("notifications")
    assert isinstance(next_of(after(Progress(), goal)), AskSecret)
    asked = after(Progress(has_keyring=True), goal)
    assert words(next_of(asked)) == ["file", "keyring"]
    chosen = after(asked, OptionChosen("keyring"))
    assert (chosen.place, chosen.stage) == ("keyring", Stage.WEBHOOK)


@pytest.mark.parametrize(
    ("security", "typed", "keyword"),
    [("addresses", (), ""), ("signature", (TextTyped(),), ""), ("keyword", (TextTyped("x"),), "x")],
)
def test_a_group_is_greeted_before_its_webhook_is_stored(
    security: str, typed: tuple[SetupFact, ...], keyword: str
) -> None:
    facts = (OptionChosen("notifications"), TextTyped(), OptionChosen(security), *typed)
    greeting = led(Progress(), *facts)
    assert (next_of(greeting), greeting.keyword) == (SetupAction.GREET_GROUP, keyword)
    stored = led(greeting, ActionSucceeded(), ActionSucceeded("webhook-1"))
    assert words(next_of(stored)) == ["write", "show"]


@pytest.mark.parametrize(
    ("stage", "otherwise"),
    [
        (Stage.BEGIN, ["again", "paste", "leave"]),
        (Stage.SCAN, ["again", "paste", "leave"]),
        (Stage.CHECK, ["again", "paste", "leave"]),
        (Stage.STORE, ["again", "leave"]),
        (Stage.LINK, ["again", "without", "leave"]),
        (Stage.WRITE, ["again", "without", "leave"]),
        (Stage.HELLO, ["again", "without", "leave"]),
        (Stage.GROUP_HELLO, ["again", "webhook", "leave"]),
        (Stage.SNIPPET, ["again", "leave"]),
    ],
)
def test_a_stage_that_fails_asks_what_to_do_and_is_tried_again(
    stage: Stage, otherwise: list[str]
) -> None:
    failed = after(Progress(stage, goal="conversation", code=CODE), ActionFailed("no network"))
    asked = next_of(failed)
    assert words(asked) == otherwise
    assert isinstance(asked, ChooseOption)
    assert asked.question == "no network"
    again = after(failed, OptionChosen("again"))
    assert again.problem == ""
    assert again.stage is (Stage.BEGIN if stage is Stage.SCAN else stage)


def test_other_credentials_are_checked_and_stored_anew() -> None:
    stored = led(Progress(), *SCANNED, ActionSucceeded("dingabc"), ActionFailed("refused"))
    typing = after(stored, OptionChosen("paste"))
    assert isinstance(next_of(typing), AskText)
    assert (typing.way, typing.is_stored, typing.is_checked) == ("paste", False, False)


def test_a_fact_that_answers_nothing_changes_nothing() -> None:
    facts = (OptionChosen("x"), TextTyped("x"), ActionSucceeded(), AppMade("x"), CodeGiven(CODE))
    assert led(Progress(), *facts) == Progress()


@pytest.mark.parametrize(
    ("left", "now", "goes_on"),
    [
        (Progress(Stage.WAY, goal="conversation"), 0.0, Stage.WAY),
        (Progress(Stage.CLIENT_ID, way="paste"), 0.0, Stage.CLIENT_ID),
        (Progress(Stage.CHECK, way="paste"), 0.0, Stage.CLIENT_SECRET),
        (Progress(Stage.STORE, way="paste"), 0.0, Stage.CLIENT_SECRET),
        (Progress(Stage.SCAN, way="scan", code=CODE), 7199.0, Stage.SCAN),
        (Progress(Stage.SCAN, way="scan", code=CODE), 7200.0, Stage.BEGIN),
        (Progress(Stage.STORE, way="scan", code=CODE), 0.0, Stage.SCAN),
        (Progress(Stage.CHECK, way="scan", is_stored=True), 0.0, Stage.CHECK),
        (Progress(Stage.LINK, is_stored=True), 0.0, Stage.LINK),
        (Progress(Stage.WHO, is_stored=True), 0.0, Stage.WRITE),
        (Progress(Stage.HELLO, is_stored=True), 0.0, Stage.WRITE),
        (Progress(Stage.SIGNATURE, goal="notifications"), 0.0, Stage.WEBHOOK),
        (Progress(Stage.GROUP_HELLO, goal="notifications"), 0.0, Stage.WEBHOOK),
        (Progress(Stage.STORE, goal="notifications"), 0.0, Stage.WEBHOOK),
        (Progress(Stage.SNIPPET, goal="notifications", is_stored=True), 0.0, Stage.SNIPPET),
    ],
)
def test_a_setup_that_was_left_goes_on_where_it_can(
    left: Progress, now: float, goes_on: Stage
) -> None:
    assert resumed(left, now).stage is goes_on


def test_what_is_written_down_quotes_nobody() -> None:
    left = Progress(Stage.WHO, robot="dingabc", writer=ZHANG, problem="张三 said", code=CODE)
    data = progresses.encode(left)
    assert "张三".encode() not in data
    assert progresses.decode(data) == Progress(Stage.WHO, robot="dingabc", code=CODE)


@pytest.mark.parametrize("data", [b"", b"{", b'{"stage": "nowhere"}', msgspec.json.encode([1])])
def test_what_cannot_be_read_is_no_progress(data: bytes) -> None:
    assert progresses.decode(data) is None
