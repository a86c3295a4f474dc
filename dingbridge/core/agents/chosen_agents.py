"""Which agent each session has, and where that agent goes on after a restart: the stored form."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from dingbridge.core import json_wire
from dingbridge.core.agents.known_agents import AgentChoice


class ChosenAgent(Struct, frozen=True, omit_defaults=True):
    """The agent of one session.

    - `choice`: the user's; None: that of the settings
    - `is_off`: the user wants none
    - `agent`: the name of the agent that `agent_session` belongs to
    - `agent_session`: its own id of the session, by which it goes on
    - `mode`, `model`: what the user has chosen of what it offers, or empty
    - `open`: the beginnings of typed messages that have no answer yet, by id
    """

    choice: AgentChoice | None = None
    is_off: bool = False
    agent: str = ""
    agent_session: str = ""
    mode: str = ""
    model: str = ""
    open: dict[str, str] = {}


NOTHING = ChosenAgent()

_decoder = msgspec.json.Decoder(dict[str, ChosenAgent])


def encode(sessions: dict[str, ChosenAgent]) -> bytes:
    """The file's content."""
    return json_wire.encode(msgspec.to_builtins(sessions)) + b"\n"


def decode(content: bytes) -> dict[str, ChosenAgent]:
    """The sessions in a file. Raises `ValueError` for anything else."""
    try:
        return _decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as cause:
        raise ValueError("not the agents of sessions") from cause
