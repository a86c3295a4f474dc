"""Robot messages: those that this editor takes in, and those that other editors have taken in."""

from __future__ import annotations

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.delivery import routing
from dingbridge.protocol import updates
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.arrival_order import ArrivalOrder
from dingbridge.service.editors.chats import Chats
from dingbridge.service.editors.incoming import Incoming, MessagePipeline
from dingbridge.service.editors.responder_replies import ResponderReplies
from dingbridge.service.editors.screen import Screen
from dingbridge.service.files.file_ports import Downloads
from dingbridge.service.robots import robot_news
from dingbridge.service.runtime import Later


class ReceivedMessages:
    """Takes robot messages into sessions and submits them to the responder. Service loop only."""

    def __init__(
        self,
        editor: Screen,
        chats: Chats,
        media: Downloads,
        replies: ResponderReplies,
        later: Later,
    ) -> None:
        self._editor = editor
        self._sessions = chats.sessions
        self._accounts = chats.accounts
        self._replies = replies
        self._incoming: dict[str, Incoming] = {}
        self._parts = MessagePipeline(
            editor,
            chats.sessions,
            media,
            replies,
            later,
            self._received,
            self._ended,
            shown=ArrivalOrder(),
            fetched=ArrivalOrder(),
            asked=ArrivalOrder(),
            programs=ArrivalOrder(),
        )

    def take(self, account: Account, deliver: robot_news.Deliver) -> None:
        """Take in a message for a session of this editor: in the order of its conversation, with
        its files.

        Until it is done, the robot delivers it again after a crash.
        """
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
        """A program's answer to a message is lost."""
        self._give_up(lost.key)
        self._replies.lost(account, lost)

    def end(self) -> None:
        """The service ends: messages not submitted yet are left to the next one."""
        for incoming in self._incoming.values():
            incoming.is_over = True
        self._incoming = {}

    def _give_up(self, key: str) -> None:
        """Stop taking in a message: the robot continues with it in another way."""
        if incoming := self._incoming.pop(key, None):
            incoming.give_up()

    def _ended(self, key: str) -> None:
        self._incoming.pop(key, None)

    def may_ask(self, key: str) -> None:
        """It is durable that the responder gets a message: submit it."""
        if incoming := self._incoming.get(key):
            incoming.may_ask()

    @property
    def is_taking_in(self) -> bool:
        """Whether a message is being taken into a transcript or submitted to the responder."""
        return any(incoming.is_here for incoming in self._incoming.values())

    def arrived(self, account: Account, arrived: robot_news.Appeared | robot_news.Arrived) -> None:
        """Another editor has taken in a message. Its session may be open here."""
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
        self._accounts.status_changed()

    def _event(self, name: str, **data: str) -> None:
        self._editor.show(updates.TriggerEvent(name, data))
