"""The messages of this editor's sessions: what is typed here, and what comes from DingTalk."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.delivery import routing
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import At, Message, Role, Target
from dingbridge.core.secrets.excerpts import Around
from dingbridge.core.sessions.destinations import Destination
from dingbridge.protocol import updates
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.accounts import Accounts
from dingbridge.service.editors.arrival_order import ArrivalOrder
from dingbridge.service.editors.incoming import Incoming, MessagePipeline
from dingbridge.service.editors.responder_replies import ResponderReplies
from dingbridge.service.editors.sending import Sending, filled
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.ports import Downloads, Editor, Later, Runtime
from dingbridge.service.robots import robot_news


class MessageFlow:
    """Takes messages into the sessions. Service loop only. `changed` is called when the status is
    new."""

    def __init__(
        self,
        editor: Editor,
        runtime: Runtime,
        sessions: EditorSessions,
        accounts: Accounts,
        media: Downloads,
        deliveries: Sending,
        answering: ResponderReplies,
        later: Later,
        changed: Callable[[], None],
    ) -> None:
        self._editor = editor
        self._runtime = runtime
        self._sessions = sessions
        self._accounts = accounts
        self._deliveries = deliveries
        self._answering = answering
        self._changed = changed
        self._incoming: dict[str, Incoming] = {}
        self._parts = MessagePipeline(
            editor,
            sessions,
            media,
            answering,
            later,
            self._received,
            self._ended,
            shown=ArrivalOrder(),
            fetched=ArrivalOrder(),
            asked=ArrivalOrder(),
            programs=ArrivalOrder(),
        )

    def send(
        self,
        session: str,
        message_id: str,
        text: str,
        to: str = "",
        begun_for: Destination | None = None,
        around: Around = Around(),
    ) -> None:
        """A message typed in the editor: into the transcript, and out to where
        `Accounts.destined` says. `around` is what stood before lines of a file that it shows."""
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
        if account is None and default.is_unusable:
            # It may be meant for DingTalk: a session that is bound cannot be told from another.
            self._deliveries.add_unsent(default.name, session, message, default.why_no_target())
            return
        self._deliveries.add_and_send(account, session, message, target, at, around)
        if account is None:
            self._answering.ask(session, message, account, Target())

    def take(self, account: Account, deliver: robot_news.Deliver) -> None:
        """A robot message for a session here: after those of its conversation that came before it,
        and with what came along, once that is there. Until it is done, its robot's owner hands it
        over again."""
        inbound = deliver.inbound
        if deliver.start is not None:
            self._sessions.begin(deliver.session, account.name, deliver.start)
            self._sessions.hold(deliver.session)
        elif self._sessions.bindings.get(deliver.session) != account.name:
            known = deliver.session in self._sessions
            title = self._sessions.title(deliver.session) if known else deliver.session
            words = say.CAME_FOR_CLOSED_SESSION(title=title)
            self._editor.show(updates.ShowNotice(words))
        account.people.met(inbound)
        self._give_up(deliver.key)
        self._incoming[deliver.key] = incoming = Incoming(self._parts, account, deliver)
        incoming.start()

    def lost(self, account: Account, lost: robot_news.ProgramAnswerLost) -> None:
        """The answer of a program to a robot message is lost."""
        self._give_up(lost.key)
        self._answering.lost(account, lost)

    def end(self) -> None:
        """The service ends: what nobody was asked about is left to the next one."""
        for incoming in self._incoming.values():
            incoming.is_over = True
        self._incoming = {}

    def _give_up(self, key: str) -> None:
        """The robot's owner, perhaps another one, goes on with a message in another way."""
        if incoming := self._incoming.pop(key, None):
            incoming.give_up()

    def _ended(self, key: str) -> None:
        self._incoming.pop(key, None)

    def may_ask(self, key: str) -> None:
        """It is on the disk that a robot message is asked about."""
        if incoming := self._incoming.get(key):
            incoming.may_ask()

    @property
    def is_taking_in(self) -> bool:
        """Whether a robot message is on its way into a transcript, or to what answers it."""
        return any(incoming.is_here for incoming in self._incoming.values())

    def arrived(self, account: Account, arrived: robot_news.Appeared | robot_news.Arrived) -> None:
        """Another editor has taken in a robot message, of a session that may be open here."""
        if not isinstance(arrived, robot_news.Arrived) or not arrived.has_appeared:
            account.people.met(arrived.inbound)
            account.destinations.spoke(arrived.session, routing.reply_target(arrived.inbound))
        if isinstance(arrived, robot_news.Arrived) and self._sessions.is_used(arrived.session):
            self._received(account, arrived)

    def _received(self, account: Account, arrived: robot_news.Arrived) -> None:
        inbound, message = arrived.inbound, arrived.message
        self._event(
            "DingbridgeReceived",
            id=message.id,
            session=arrived.session,
            account=account.name,
            author=inbound.sender.nick,
            user_id=inbound.sender.identity,
            conversation_id=inbound.conversation.id,
            text=message.text,
            files="\n".join(arrived.files),
            target=message.target,
            target_name=message.target_name,
        )
        self._changed()

    def _event(self, name: str, **data: str) -> None:
        self._editor.show(updates.TriggerEvent(name, data))
