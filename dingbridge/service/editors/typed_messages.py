"""Messages that the user types in a session."""

from __future__ import annotations

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import At, Message, Role, Target
from dingbridge.core.secrets.excerpts import Around
from dingbridge.core.sessions.destinations import Destination
from dingbridge.service.editors.chats import Chats
from dingbridge.service.editors.responder_replies import ResponderReplies
from dingbridge.service.editors.sending import Sending, filled
from dingbridge.service.runtime import Runtime


class TypedMessages:
    """Adds typed messages to the transcript and sends them. Service loop only."""

    def __init__(
        self, runtime: Runtime, chats: Chats, sending: Sending, replies: ResponderReplies
    ) -> None:
        self._runtime = runtime
        self._sessions = chats.sessions
        self._accounts = chats.accounts
        self._sending = sending
        self._replies = replies

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
            self._replies.ask(session, message, account, Target())
