"""What is said about an agent that gives no answer."""

from __future__ import annotations

from typing import get_args

import pytest

from dingbridge.core.agents.agent_environment import for_agent
from dingbridge.core.agents.failure_texts import reason, remedy
from dingbridge.core.agents.known_agents import KNOWN, AgentChoice
from dingbridge.core.agents.turn_events import FailureKind

MINE = AgentChoice("mine", ("/opt/mine", "--acp"))
CHOICES = [*(agent.choice for agent in KNOWN.values()), MINE]


@pytest.mark.parametrize("kind", get_args(FailureKind))
def test_every_failure_of_every_agent_has_its_sentence_and_what_to_do(kind: FailureKind) -> None:
    for choice in CHOICES:
        title = KNOWN[choice.name].title if choice.name in KNOWN else "mine"
        assert reason(kind, choice).startswith(title)
        assert remedy(kind, choice)


def test_an_agent_that_is_missing_says_how_to_install_it() -> None:
    qwen = KNOWN["qwen"].choice
    assert reason("not found", qwen) == (
        "Qwen Code is not installed: there is no program `qwen` on the PATH"
    )
    assert remedy("not found", qwen) == (
        "Install it with `npm install --global @qwen-code/qwen-code`"
    )
    for choice in (MINE, KNOWN["goose"].choice):
        assert remedy("not found", choice) == (
            "Install it, or name its program with its whole path"
        )


def test_a_log_in_says_which_command_does_it() -> None:
    assert remedy("login", KNOWN["codex"].choice) == (
        "Run `codex login` once in a terminal, and log in"
    )
    assert remedy("login", MINE) == "Log in as its documents say"


def test_an_old_agent_says_how_to_update_it() -> None:
    assert remedy("protocol", KNOWN["gemini"].choice) == (
        "Update it with `npm install --global @google/gemini-cli@latest`"
    )
    assert remedy("protocol", KNOWN["kimi"].choice) == "Update it"


def test_an_agent_that_died_says_how_to_see_more() -> None:
    # Without its arguments, which may be secret: people on DingTalk read it.
    assert remedy("died", MINE) == "`/opt/mine` in a terminal shows more"


@pytest.mark.parametrize(
    "name",
    ["DINGTALK_APP_KEY", "dingbridge_x", "NVIM", "NVIM_APPNAME", "VIM", "VIMRUNTIME", "MYVIMRC"],
)
def test_variables_of_ours_and_of_the_editor_are_kept_from_agents(name: str) -> None:
    assert for_agent({name: "x", "HOME": "/home/me"}) == {"HOME": "/home/me"}


@pytest.mark.parametrize("name", ["VIMEO_TOKEN", "PYTHONPATH", "MY_DINGTALK_X", "OPENAI_API_KEY"])
def test_variables_of_the_user_reach_agents(name: str) -> None:
    assert for_agent({name: "x"}) == {name: "x"}
