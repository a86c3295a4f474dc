"""Robot messages: those that this editor takes in, and those that other editors have taken in."""

from __future__ import annotations

from dingbridge.core.catalogue import sessions as say
from dingbridge.protocol import updates
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.arrival_events import ArrivalEvents
from dingbridge.service.editors.arrival_order import ArrivalOrder
from dingbridge.service.editors.chats import Chats
from dingbridge.service.editors.delivered_message import DeliveredMessage
from dingbridge.service.editors.incoming import Incoming
from dingbridge.service.editors.incoming_files import FileFetches, IncomingFiles
from dingbridge.service.editors.incoming_question import IncomingQuestion, ResponderTurns
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
        self._replies = replies
        self._incoming: dict[str, Incoming] = {}
        self._events = ArrivalEvents(editor, chats.accounts)
        self._fetches = FileFetches(editor, media, later)
        self._turns = ResponderTurns(replies, self._ended)
        self._shown = ArrivalOrder()

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
        message = DeliveredMessage(account, deliver)
        self._incoming[deliver.key] = incoming = Incoming(
            message,
            IncomingFiles(self._fetches, message),
            IncomingQuestion(self._turns, message),
            self._sessions,
            self._events,
        )
        incoming.start()
        self._shown.put(message.place, incoming.next_to_show)

    def lost(self, account: Account, lost: robot_news.ProgramAnswerLost) -> None:
        """A program's answer to a message is lost."""
        self._give_up(lost.key)
        self._replies.lost(account, lost)

    def end(self) -> None:
        """The service ends: messages not submitted yet are left to the next one."""
        for incoming in self._incoming.values():
            incoming.delivered.is_over = True
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
        return any(incoming.delivered.is_here for incoming in self._incoming.values())

    def arrived(self, account: Account, arrived: robot_news.Appeared | robot_news.Arrived) -> None:
        """Another editor has taken in a message. Its session may be open here."""
        if not isinstance(arrived, robot_news.Arrived) or not arrived.has_appeared:
            account.people.met(arrived.inbound)
            account.destinations.heard(arrived.session, arrived.inbound)
        if isinstance(arrived, robot_news.Arrived) and self._sessions.is_used(arrived.session):
            self._events.received(account, arrived)
