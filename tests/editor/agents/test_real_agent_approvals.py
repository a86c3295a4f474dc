"""A real agent changes a file once somebody on DingTalk allows it, and only then.

`tests/node_agents.py` says how it gets here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.support.agent_sessions import set_up
from tests.support.asking_service import start_service
from tests.support.editor import Editor
from tests.support.real_agents import ENDS, PATIENCE, RealAgent, here, opencode, qwen
from tests.support.scripted_model import ScriptedModel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

BUTTONS = {"approve": ("同意 Allow", "allow"), "reject": ("拒绝 Reject", "reject")}
"""By command: the words of the link, and what the button of a card reports, that do the same."""

T = TypeVar("T")


class Asked:
    """A real agent behind a chat, and 张三, who asks it and answers what it asks."""

    def __init__(self, editor: Editor, sandbox: Sandbox, real: RealAgent) -> None:
        self.editor, self.client, self.real = editor, sandbox.client, real
        self.turns = 0

    def edit(self) -> None:
        """Ask for a change of the file, which the agent reads before."""
        self.turns += 1
        self.client.say("please read it and please edit it")

    def answer(self, way: str, command: str) -> None:
        """Answer the request of the turn, once it is there."""
        label, action = BUTTONS[command]
        if way == "card":
            card = self._latest(lambda: [each for each in self.client.cards() if each.places])
            self.client.press(card.out_track_id, action)
            return
        question = self._latest(
            lambda: [each for each in self.client.arrived() if "/approve " in each.text]
        )
        if way == "link":
            self.client.tap(question, label)
            return
        [code] = {*re.findall(r"/approve (\w{4})", question.text)}
        self.client.say(f"/{command} {code}")

    def _latest(self, found: Callable[[], Sequence[T]]) -> T:
        waiting = self.turns - 1
        return self.editor.until(lambda: found()[waiting:], "a request", PATIENCE)[0]

    def ended(self) -> str:
        """What the file contains once the turn has its answer."""
        self.editor.until(lambda: len(self.answers()) == self.turns, "the answer", PATIENCE)
        return self.real.notes.read_text("utf-8")

    def answers(self) -> list[str]:
        """The answers so far."""
        rows = self.editor.transcript()
        answers = (row for row in rows if row["role"] == "responder")
        return [row["text"] for row in answers if "is_live" not in row]


Start = Callable[..., Asked]


@pytest.fixture
def start(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> Iterator[Start]:
    """Set up an editor with a real agent, with more options, and with a service of ours."""
    real = RealAgent(tmp_path)
    with ScriptedModel(real.answer) as model:

        def begin(name: str = "qwen", service: str = "", **options: Any) -> Asked:
            program = qwen(real, model) if name == "qwen" else opencode(real, model)
            more = ("--approval-mode", real.mode) if real.mode else ()
            agent = {"name": name, "command": [*program.argv, *more]}
            work = f"cd {program.cwd}"
            editor = start_editor(environ=dict(program.environ), commands=(work,))
            if service:
                start_service(editor, service)
            set_up(editor, {**api_options, **options}, agent)
            return Asked(editor, sandbox, real)

        yield begin


@pytest.mark.parametrize(
    ("name", "way"),
    [
        *(pytest.param("qwen", way, marks=here("qwen")) for way in ("command", "link", "card")),
        pytest.param("opencode", "command", marks=here("opencode")),
    ],
)
def test_an_edit_is_made_when_the_asker_allows_it_and_not_when_they_refuse(
    start: Start, name: str, way: str
) -> None:
    asked = start(name, approval_cards=way == "card")
    asked.edit()
    asked.answer(way, "reject")
    assert asked.ended() == "a\n"
    asked.edit()
    asked.answer(way, "approve")
    assert asked.ended() == "b\n"
    assert asked.answers()[-1] == ENDS[1]


@here("qwen")
def test_an_edit_that_nobody_allows_in_time_is_not_made(start: Start) -> None:
    asked = start(service="tests.support.hasty_service")
    asked.edit()
    assert asked.ended() == "a\n"
    asked.client.wait_arrived(lambda each: "Expired" in each.text)
    asked.answer("link", "approve")
    asked.client.wait_arrived(lambda each: "closed before" in each.text or "Expired" in each.text)
    assert asked.real.notes.read_text("utf-8") == "a\n"
