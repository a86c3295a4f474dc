"""Takes one robot message into a transcript, and submits it to the responder."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, structs

from dingbridge.core.delivery import routing
from dingbridge.core.delivery.routing import robot_name
from dingbridge.core.messages import ConversationKind, Message, Role
from dingbridge.core.sessions import inbound_entry, inbox
from dingbridge.core.timeouts import TEXT_FIRST_AFTER
from dingbridge.protocol import updates
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.arrival_order import ArrivalOrder
from dingbridge.service.editors.responder_replies import ResponderReplies
from dingbridge.service.editors.screen import Screen
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.files.file_ports import Downloads
from dingbridge.service.robots import robot_news, robot_requests
from dingbridge.service.runtime import Later


class MessagePipeline(Struct, frozen=True):
    """What all robot messages of an editor share.

    - `received` is called with each message once it is complete, `ended` once it is done here.
    - `shown`, `fetched` and `asked` keep the messages of a conversation in the order in which they
      came: to show them, to fetch their files, to submit them to the responder.
    - `programs` lets a program answer one message at a time.
    """

    editor: Screen
    sessions: EditorSessions
    media: Downloads
    answering: ResponderReplies
    later: Later
    received: Callable[[Account, robot_news.Arrived], None]
    ended: Callable[[str], None]
    shown: ArrivalOrder
    fetched: ArrivalOrder
    asked: ArrivalOrder
    programs: ArrivalOrder


class _Fetched(Struct, frozen=True):
    """What came of the attachments: a path or None for each, and why there is none."""

    paths: tuple[str | None, ...] = ()
    failures: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The paths that there are."""
        return tuple(path for path in self.paths if path)


class Incoming:
    """One message. Service loop only.

    waiting ──its files are there──────────────────────▶ whole ──its turn──▶ asked about
       └────it took too long──▶ shown without them ──────▶
    """

    def __init__(
        self, parts: MessagePipeline, account: Account, deliver: robot_news.Deliver
    ) -> None:
        self._parts = parts
        self._account = account
        self._deliver = deliver
        self._robot = robot_name(account.options)
        inbound = deliver.inbound
        author = inbound.sender.nick
        if inbound.conversation.kind is ConversationKind.GROUP and inbound.conversation.title:
            author = f"{author} · {inbound.conversation.title}"
        self._message = account.destinations.marked(
            deliver.session,
            Message(inbox.message_id(deliver.key), Role.DINGTALK, author, "", inbound.created),
            routing.reply_target(inbound),
        )
        self._wanted = inbound_entry.to_fetch(inbound)
        self._fetched = None if self._wanted else _Fetched()
        self._is_late = False
        # Whether it stands in the transcript, and there with all that came along.
        self._stands = self._is_whole = False
        # It lets the next one of its conversation be shown, or asked about, or have a program; None
        # while others are before it, and once it has.
        self._let_show: Callable[[], None] | None = None
        self._let_ask: Callable[[], None] | None = None
        self._let_run: Callable[[], None] | None = None
        self.is_over = False
        """Whether somebody else takes it in."""

    @property
    def is_here(self) -> bool:
        """Whether it is still ours to take in: a robot that the account has left gives it to
        others."""
        return robot_name(self._account.options) == self._robot

    def start(self) -> None:
        """Take the message in."""
        place = (self._deliver.session, self._deliver.inbound.conversation.id)
        if self._wanted:
            self._parts.fetched.put(place, self._fetch)
            self._parts.later(TEXT_FIRST_AFTER, self._late)
        self._parts.shown.put(place, self._next_to_show)

    def give_up(self) -> None:
        """Somebody else takes it in: nothing waits for it any more."""
        self.is_over = True
        for done in (self._let_show, self._let_ask, self._let_run):
            if done is not None:
                done()

    def _fetch(self, done: Callable[[], None]) -> None:
        if self.is_over:
            done()
            return

        def fetched(paths: tuple[str | None, ...], failures: tuple[str, ...]) -> None:
            done()
            self._fetched = _Fetched(paths, failures)
            if self._stands and not self.is_over:
                self._complete()
            else:
                self._show()

        self._parts.media.fetch(
            self._account.options,
            self._message.id,
            self._deliver.inbound.robot_code,
            self._wanted,
            lambda words: self._parts.editor.show(updates.ShowNotice(words)),
            fetched,
        )

    def _late(self) -> None:
        self._is_late = True
        self._show()

    def _next_to_show(self, done: Callable[[], None]) -> None:
        self._let_show = done
        if self.is_over:
            done()
        self._show()

    def _show(self) -> None:
        """Put it into the transcript, unless that was begun, or has to wait."""
        has_come = self._fetched is not None or self._is_late
        if self.is_over or self._let_show is None or not has_come:
            return
        done, self._let_show = self._let_show, None
        deliver, has_all = self._deliver, self._fetched is not None
        self._write()

        def taken(new: bool) -> None:
            self._taken(new, has_all=has_all)

        self._parts.sessions.arrive(deliver.session, self._message, again=deliver.again, then=taken)
        done()  # the disk keeps the order, and may fail for this one without the next

    def _write(self) -> None:
        inbound, fetched = self._deliver.inbound, self._fetched
        if fetched is None:
            text = inbound_entry.while_fetched(inbound)
        else:
            text = inbound_entry.text(inbound, fetched.paths, fetched.failures)
        self._message = structs.replace(self._message, text=text)

    def _taken(self, new: bool, *, has_all: bool) -> None:
        """It stands in the transcript: `new`, or since before a crash."""
        account, session, inbound = self._account, self._deliver.session, self._deliver.inbound
        if self.is_over:
            return
        self._stands = True
        target = routing.reply_target(inbound)
        if new:
            account.destinations.spoke(session, target)
        else:
            account.destinations.met(session, target)
        place = (session, inbound.conversation.id)
        self._parts.asked.put(place, self._next_to_ask)
        if has_all and (new or not self._wanted):
            self._whole(is_news=new)
            return
        if new:
            account.member.notify(robot_requests.InSession(robot_news.Appeared(inbound, session)))
        if self._fetched is not None:
            self._complete()

    def _complete(self) -> None:
        """Bring the entry that stands without its files up to date."""
        self._write()
        self._parts.sessions.complete(
            self._deliver.session,
            self._message.id,
            self._message.text,
            lambda: self._whole(is_news=True, has_appeared=True),
        )

    def _whole(self, *, is_news: bool, has_appeared: bool = False) -> None:
        deliver = self._deliver
        if self.is_over:
            return
        if is_news:
            files = self._fetched.files if self._fetched else ()
            arrived = robot_news.Arrived(
                deliver.inbound, deliver.session, self._message, files, has_appeared
            )
            self._account.member.notify(robot_requests.InSession(arrived))
            self._parts.received(self._account, arrived)
        self._is_whole = True
        self._ask()

    def _next_to_ask(self, done: Callable[[], None]) -> None:
        self._let_ask = done
        if self.is_over:
            done()
        self._ask()

    def _ask(self) -> None:
        """Have it answered, once it is on the disk that it is."""
        if self.is_over or self._let_ask is None or not self._is_whole:
            return
        done, self._let_ask = self._let_ask, None
        key, responder = self._deliver.key, self._account.options.responder
        if responder is None or self._deliver.inbound.says_nothing:
            self._handed()
        elif responder == "lua":
            self._account.member.notify(robot_requests.Asking(key, "function"))
        else:
            self._parts.programs.put((self._robot, ""), self._next_to_run)
        done()

    def _next_to_run(self, done: Callable[[], None]) -> None:
        # Not sooner: what no program was started for is not lost with the service.
        self._let_run = done
        if self.is_over or not self.is_here:
            done()
        else:
            self._account.member.notify(robot_requests.Asking(self._deliver.key, "program"))

    def may_ask(self) -> None:
        """It is on the disk that it is asked about."""
        deliver, files = self._deliver, self._fetched.files if self._fetched else ()
        target = routing.reply_target(deliver.inbound)
        self._parts.answering.ask(
            deliver.session, self._message, self._account, target, deliver, files, self._handed
        )

    def _handed(self) -> None:
        """What answers it has ended, or nothing does."""
        self._account.member.notify(robot_requests.InTranscript(self._deliver.key))
        self._parts.ended(self._deliver.key)
        if self._let_run is not None:
            self._let_run()
