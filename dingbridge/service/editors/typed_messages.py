"""Messages that the user types in a session."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import structs

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.catalogue import turns
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import At, Message, Role, Target
from dingbridge.core.regex import regex
from dingbridge.core.secrets.excerpts import Around
from dingbridge.core.sessions.destinations import Destination
from dingbridge.service.agents.turn_queue import QueuedTurn
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.chats import Chats
from dingbridge.service.editors.open_prompts import OpenPrompts
from dingbridge.service.editors.responder_replies import ResponderReplies
from dingbridge.service.editors.sending import Sending, filled
from dingbridge.service.runtime import Runtime

ASIDE = regex(r"/(?:btw|顺便)\s+(\S.*)", re.DOTALL)
"""A typed text that goes before others that wait."""


class TypedMessages:
    """Adds typed messages to the transcript and sends them. Service loop only."""

    def __init__(
        self,
        runtime: Runtime,
        chats: Chats,
        sending: Sending,
        replies: ResponderReplies,
        prompts: OpenPrompts,
    ) -> None:
        self._runtime = runtime
        self._sessions = chats.sessions
        self._accounts = chats.accounts
        self._sending = sending
        self._replies = replies
        self._prompts = prompts

    def send(
        self,
        session: str,
        message_id: str,
        text: str,
        to: str = "",
        begun_for: Destination | None = None,
        around: Around = Around(),
    ) -> None:
        """Add the message to the transcript and send it; see `Accounts.destined`.

        `around` is what stood before the lines of a file that it contains. Raises `BridgeError`.
        """
        text = filled(text)
        session = session or self._sessions.current
        if session not in self._sessions:
            raise BridgeError(say.NO_SUCH_SESSION(), fix=say.CHAT_STARTS_ONE())
        message = Message(message_id, Role.EDITOR, say.YOU(), text, self._runtime.now())
        account, target = self._accounts.destined(session, to, begun_for)
        if not to and self._replies.has_agent(account, session):
            self._ask_agent(session, message, account, target, around)
            return
        at = At()
        if account is not None and target is not None:
            at = account.asker(target)
            if not to:
                account.destinations.spoke(session, target)
        self._sessions.hold(session)
        default = self._accounts.default
        if account is None and default.settings.is_unusable:
            # It may be meant for DingTalk: with broken settings it is unknown which sessions are
            # bound.
            why_not = default.settings.why_no_target()
            self._sending.add_unsent(default.name, session, message, why_not)
            return
        self._sending.add_and_send(account, session, message, target, at, around)
        if account is None:
            self._ask_in_turn(session, message)

    def note(self, session: str, message_id: str, text: str) -> None:
        """Add a typed command to the transcript; it goes nowhere."""
        message = Message(message_id, Role.EDITOR, say.YOU(), filled(text), self._runtime.now())
        self._sessions.hold(session)
        self._sending.add_and_send(None, session, message, None)

    def aside(self, session: str, message_id: str, text: str) -> None:
        """Ask the responder of a session before others that wait. Raises `BridgeError` if there is
        none."""
        session = session or self._sessions.current
        if session not in self._sessions or self._replies.backend(None, session) is None:
            raise BridgeError(turns.NOBODY_ANSWERS(), fix=turns.CHOOSE_AGENT())
        message = Message(message_id, Role.EDITOR, say.YOU(), filled(text), self._runtime.now())
        account, target = self._accounts.destined(session)
        if self._replies.has_agent(account, session):
            self._ask_agent(session, message, account, target, is_next=True)
            return
        self._sessions.hold(session)
        self._sending.add_and_send(None, session, message, None)
        self._ask_in_turn(session, message, is_next=True)

    def _ask_agent(
        self,
        session: str,
        message: Message,
        account: Account | None,
        target: Target | None,
        around: Around = Around(),
        *,
        is_next: bool = False,
    ) -> None:
        """Start a turn of the session's agent, with `is_next` before those that wait. With
        `mirror`, the conversation sees it as well."""
        self._sessions.hold(session)
        aside = ASIDE.fullmatch(message.text)
        if account is not None and target is not None and account.options.mirror:
            self._sending.add_and_send(account, session, message, target, around=around)
        else:
            account = target = None
            self._sending.add_and_send(None, session, message, None)
        if aside is not None:
            message = structs.replace(message, text=aside[1])
        is_next = is_next or aside is not None
        self._ask_in_turn(session, message, account, target, is_next=is_next)

    def _ask_in_turn(
        self,
        session: str,
        message: Message,
        account: Account | None = None,
        target: Target | None = None,
        *,
        is_next: bool = False,
    ) -> None:
        """Submit a typed message to the responder of its session, if there is one, after those
        before it, or `is_next` before those that wait. With an account the answer goes to
        `target`."""
        backend = self._replies.backend(account, session)
        queue = backend.queue(session, "") if backend is not None else None
        if queue is None:
            self._replies.ask(session, message, account, target or Target())
            return

        def start(done: Callable[[], None]) -> None:
            def ended() -> None:
                self._prompts.end(message.id)
                done()

            if not self._prompts.start(message.id):
                done()
                return
            if not self._replies.has_turn(account, session):
                self._prompts.drop(message.id)
                done()
                return
            self._replies.ask(session, message, account, target or Target(), ended=ended)

        self._prompts.wait(session, message)
        before = queue(
            QueuedTurn(
                session=session,
                start=start,
                withdrawn=lambda: self._prompts.withdraw(message.id),
                is_next=is_next,
            )
        )
        if before:
            self._prompts.queued(before)
