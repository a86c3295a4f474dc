"""The coding agents that settings may name, and how each is started."""

from __future__ import annotations

import re

from msgspec import Struct

from dingbridge.core.near_names import nearest

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
"""The name of an agent, known or of the user."""

OFF = "off"
"""Instead of a name, for a session: none."""


class AgentChoice(Struct, frozen=True):
    """An agent as the settings name it: `argv` is run without a shell."""

    name: str
    argv: tuple[str, ...]


class KnownAgent(Struct, frozen=True):
    """An agent that speaks the protocol.

    - `title`: its name in sentences
    - `package`: its package on npm; empty for one that is not there
    - `login`: the command that logs in, run once in a terminal
    """

    name: str
    title: str
    argv: tuple[str, ...]
    package: str
    login: str

    @property
    def choice(self) -> AgentChoice:
        """The same as a setting."""
        return AgentChoice(self.name, self.argv)


KNOWN = {
    agent.name: agent
    for agent in (
        KnownAgent("qwen", "Qwen Code", ("qwen", "--acp"), "@qwen-code/qwen-code", "qwen"),
        KnownAgent(
            *("claude", "Claude", ("claude-agent-acp",)),
            *("@agentclientprotocol/claude-agent-acp", "claude"),
        ),
        KnownAgent(
            *("codex", "Codex", ("codex-acp",)),
            *("@agentclientprotocol/codex-acp", "codex login"),
        ),
        KnownAgent(
            *("gemini", "Gemini", ("gemini", "--experimental-acp")),
            *("@google/gemini-cli", "gemini"),
        ),
        KnownAgent(
            *("opencode", "opencode", ("opencode", "acp"), "opencode-ai", "opencode auth login"),
        ),
        KnownAgent(
            *("copilot", "Copilot", ("copilot", "--acp", "--stdio")),
            *("@github/copilot", "copilot login"),
        ),
        KnownAgent("goose", "Goose", ("goose", "acp"), "", "goose configure"),
        KnownAgent("cursor", "Cursor", ("agent", "acp"), "", "agent login"),
        KnownAgent("kimi", "Kimi", ("kimi", "acp"), "", "kimi login"),
        KnownAgent("vibe", "Vibe", ("vibe-acp",), "", "vibe --setup"),
    )
}
"""By name."""


def title(name: str) -> str:
    """The agent's name in sentences."""
    return KNOWN[name].title if name in KNOWN else name


def package(name: str) -> str:
    """The package of an agent on npm; empty for one that is not there, and for one of the user."""
    return KNOWN[name].package if name in KNOWN else ""


def login(name: str) -> str:
    """The command that logs in to an agent; empty for one of the user."""
    return KNOWN[name].login if name in KNOWN else ""


def near(name: str) -> str:
    """The known agent with a similar name, or empty."""
    return nearest(name, KNOWN)
