"""What is remembered between runs, and the changes that can be made to it."""

from __future__ import annotations

import msgspec
from msgspec import Struct, field, structs

from dingbridge.core import wire
from dingbridge.core.messages import Target
from dingbridge.core.patience import REFUSAL_EVERY
from dingbridge.core.seen import without_old

VERSION = 1


class Binding(Struct, frozen=True):
    """Session ↔ conversation. The ids are those of the last conversation that spoke to the
    session, empty when none has; the session webhook is a secret and stays in memory."""

    session: str
    conversation_id: str = ""
    user_id: str = ""
    robot_code: str = ""
    label: str = ""

    @property
    def target(self) -> Target | None:
        """Where the session's messages go, when somebody spoke to it before."""
        if not (self.conversation_id or self.user_id):
            return None
        return Target(
            conversation_id=self.conversation_id,
            user_id=self.user_id,
            robot_code=self.robot_code,
            label=self.label,
        )


def binding_of(session: str, target: Target | None) -> Binding:
    """The binding of `session`, with what may be written down of `target`."""
    if target is None:
        return Binding(session)
    return Binding(session, target.conversation_id, target.user_id, target.robot_code, target.label)


class State(Struct, frozen=True):
    """The state file's content. Times are Unix seconds.

    `bindings` by account; `seen` by robot and message id; `refused` by the stranger's identity.
    """

    version: int = VERSION
    bindings: dict[str, Binding] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    refused: dict[str, float] = field(default_factory=dict)


def decode(data: bytes) -> State:
    """Read the state file. Raises `ValueError` for anything that is not one of ours."""
    try:
        state = msgspec.json.decode(data, type=State)
    except msgspec.DecodeError as cause:
        raise ValueError(str(cause)) from cause
    except RecursionError as cause:
        raise ValueError("it is nested too deeply") from cause
    if state.version != VERSION:
        raise ValueError(f"version {state.version} is not known to this version of dingbridge")
    return state


def encode(state: State) -> bytes:
    """The state file's bytes."""
    return msgspec.json.format(wire.encode(msgspec.to_builtins(state)), indent=1)


def bound(state: State, account: str, binding: Binding | None) -> State:
    """`state` with the account's binding replaced, or removed for None."""
    bindings = {name: old for name, old in state.bindings.items() if name != account}
    if binding is not None:
        bindings[account] = binding
    return structs.replace(state, bindings=bindings)


def with_seen(state: State, keys: dict[str, float], now: float) -> State:
    """`state` that remembers these message ids too, and forgets those older than a day."""
    return structs.replace(state, seen=without_old({**state.seen, **keys}, now))


def with_refused(state: State, identity: str, now: float) -> State:
    """`state` that remembers when a stranger was told why; old entries go."""
    kept = {who: time for who, time in state.refused.items() if time > now - REFUSAL_EVERY}
    return structs.replace(state, refused={**kept, identity: now})
