"""Which session a DingTalk conversation speaks to, and what people may ask about that."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, structs

from dingbridge.bridge.remembered import Remembered
from dingbridge.core import remote
from dingbridge.core.messages import Inbound
from dingbridge.core.routing import reply_target
from dingbridge.core.state import with_conversation


class Member(Struct):
    """An editor. `session` is the one it has bound, or empty."""

    pid: int
    cwd: str
    session: str = ""
    busy: bool = False


class Conversations:
    """The way from DingTalk to the sessions of all editors. `members` are those editors; the hub
    changes them."""

    def __init__(self, remembered: Remembered, members: Mapping[int, Member]) -> None:
        self._remembered = remembered
        self._members = members

    def bound(self) -> list[tuple[int, Member]]:
        """The editors that have a session bound."""
        return [(name, member) for name, member in self._members.items() if member.session]

    def chosen(self, inbound: Inbound) -> str:
        """The session that the conversation spoke to last, open or not; empty without one."""
        return self._remembered.state.conversations.get(inbound.conversation.id, "")

    def is_away(self, session: str) -> bool:
        """Whether the session is bound, but not by an editor that is here."""
        here = any(member.session == session for _, member in self.bound())
        return session in self._remembered.state.bindings and not here

    def session_for(self, inbound: Inbound) -> str:
        """The session bound to the conversation while an editor has it open, else the open one
        that was bound last: whoever writes must not speak to a closed editor."""
        chosen = self.chosen(inbound)
        if any(member.session == chosen for _, member in self.bound()):
            return chosen
        bound = [
            self._remembered.state.bindings[member.session]
            for _, member in self.bound()
            if member.session in self._remembered.state.bindings
        ]
        return max(bound, key=lambda one: one.time).session if bound else ""

    def speak_to(self, session: str, inbound: Inbound) -> None:
        """Remember that the conversation speaks to this session."""
        target = structs.replace(reply_target(inbound), session_webhook=None)
        conversation = inbound.conversation.id
        binding = self._remembered.state.bindings.get(session)
        known = binding is not None and (
            (binding.conversation_id, binding.user_id, binding.robot_code, binding.label)
            == (target.conversation_id, target.user_id, target.robot_code, target.label)
        )
        if not known or self._remembered.state.conversations.get(conversation) != session:
            self._remembered.change(
                lambda state: with_conversation(state, conversation, session, target)
            )

    def answer(self, command: remote.Command, inbound: Inbound) -> str:
        """Carry out what a person said to the bridge itself, and answer."""
        rows = self._rows(inbound)
        if isinstance(command, remote.ListSessions):
            return remote.describe(rows)
        chosen = remote.choose(rows, command.wanted)
        if chosen is None:
            return f"没有这个会话。There is no such session.\n\n{remote.describe(rows)}"
        self.speak_to(chosen.session, inbound)
        return remote.describe(self._rows(inbound))

    def _rows(self, inbound: Inbound) -> list[remote.Row]:
        """The bound sessions of all editors."""
        here = self.session_for(inbound)
        return [
            remote.Row(
                member.session,
                self._remembered.state.bindings[member.session].title,
                member.cwd,
                member.busy,
                here=member.session == here,
            )
            for _, member in sorted(self.bound(), key=lambda pair: pair[0])
            if member.session in self._remembered.state.bindings
        ]
