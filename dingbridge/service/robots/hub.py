"""The hub of a robot: connects its editors with its inbox, outbox, link and access.

It is built from the robot's files alone, so that another service can continue at any moment.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from msgspec import structs

from dingbridge.core.delivery.outbox import Outbox
from dingbridge.core.delivery.sent_messages import SentChunk, with_quote
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions import robot_state
from dingbridge.core.sessions.inbox import OpenMessage, Received
from dingbridge.core.sessions.state import State, with_sent_key
from dingbridge.core.timeouts import SENDS_WITHIN
from dingbridge.service.robots import inbound_router, robot_news, robot_requests
from dingbridge.service.robots.access_control import AccessControl
from dingbridge.service.robots.access_records import AccessRecords
from dingbridge.service.robots.addressed_queue import AddressedQueue
from dingbridge.service.robots.admission import Admission
from dingbridge.service.robots.approval_messages import ApprovalMessages
from dingbridge.service.robots.approval_questions import ApprovalQuestions
from dingbridge.service.robots.bindings import Bindings
from dingbridge.service.robots.conversations import BoundEditor, Conversations
from dingbridge.service.robots.delivery_updates import DeliveryUpdates
from dingbridge.service.robots.editor_choice import EditorChoice
from dingbridge.service.robots.editor_notices import EditorNotices
from dingbridge.service.robots.hub_ports import HubPorts
from dingbridge.service.robots.inbound_router import InboundRouter
from dingbridge.service.robots.link_control import LinkControl
from dingbridge.service.robots.message_news import MessageNews
from dingbridge.service.robots.message_recalls import MessageRecalls
from dingbridge.service.robots.notice_mute import NoticeMute
from dingbridge.service.robots.open_messages import NOBODY, OpenMessages
from dingbridge.service.robots.outbox_requests import OutboxRequest, OutboxRequests
from dingbridge.service.robots.pairing_commands import PairingCommands, PairingRequest
from dingbridge.service.robots.pending_reactions import PendingReactions
from dingbridge.service.robots.ping_proof import PingProof
from dingbridge.service.robots.quota_meter import QuotaMeter
from dingbridge.service.robots.robot_commands import RobotCommands
from dingbridge.service.robots.robot_health import RobotHealth
from dingbridge.service.robots.robot_outbox import RobotOutbox
from dingbridge.service.robots.robot_replies import RobotReplies
from dingbridge.service.robots.state_cache import StateCache
from dingbridge.service.robots.status_updates import StatusUpdates
from dingbridge.service.robots.unanswered_questions import UnansweredQuestions

log = logging.getLogger(__name__)


class Hub:
    """All that the editors of one robot share. Service loop only."""

    def __init__(
        self, robot: str, ports: HubPorts, options: Options, state: State, outbox: Outbox
    ) -> None:
        self._robot = robot
        self._notify, self._set_idle = ports.notify, ports.reactions.idle
        self._options = options
        self._cache = StateCache(state, ports.records)
        self._members: dict[int, BoundEditor] = {}
        # Members whose editors left while a program worked, with the session they had bound.
        self._retired: dict[int, str] = {}
        self._access_news = robot_news.AccessChanged()
        self._conversations = Conversations(
            robot, self._cache, self._members, self._now_in_force, ports.runtime
        )
        self._bindings = Bindings(robot, self._members, self._cache, ports.runtime, ports.notify)
        editors = EditorChoice(self._members, self._conversations, ports.attends)
        self.notices = EditorNotices(self._members, editors, ports.notify)
        self._status = StatusUpdates(ports.later, self.state, self.notices.broadcast)
        self._link = LinkControl(
            ports.link, self._members, self._now_in_force, self.notices, self._status
        )
        self._quota = QuotaMeter(
            robot, self._cache, ports.runtime, self._now_in_force, self.notices.warn
        )
        self._reactions = PendingReactions(
            ports.reactions, ports.runtime, self._now_in_force, lambda: self._quota.is_short
        )
        self.health = RobotHealth(
            ports.runtime, self._link, self._quota, self._status, self.notices.warn
        )
        updates = DeliveryUpdates(
            ports.records, self.notices.broadcast, self._reactions.ended, self._outbox_changed
        )
        queue = AddressedQueue(ports.queue, self._conversations)
        self.outgoing = RobotOutbox(outbox, ports.records, queue, ports.runtime, updates)
        self._recalls = MessageRecalls(robot, self._cache, ports.runtime, ports.recalls, updates)
        self._outbox_requests = OutboxRequests(
            self.outgoing, outbox, self._conversations, self._recalls, ports.notify
        )
        replies = RobotReplies(ports.runtime, self._now_in_force, self.outgoing)
        self._access_records = AccessRecords(robot, self._cache, ports.runtime)
        self._access = AccessControl(
            self._access_records,
            self._now_in_force,
            replies.reply,
            self.notices.notify_latest,
            self._access_changed,
        )
        self._unanswered = UnansweredQuestions(editors, ports.notify, replies.reply)
        asking = ApprovalMessages(replies, ports.cards, ports.runtime, self.notices.warn)
        self.approvals = ApprovalQuestions(
            robot, ports.approvals, self._conversations, asking, self._access.admits
        )
        self._mute = NoticeMute(robot, self._cache, ports.runtime, self._status.changed)
        self._router = self._make_router(ports, editors, replies)
        self._pairing = PairingCommands(
            self._access_records,
            replies.reply,
            self._access_changed,
            self._router.receive_kept,
            ports.notify,
        )

    def _make_router(
        self, ports: HubPorts, editors: EditorChoice, replies: RobotReplies
    ) -> InboundRouter:
        commands = RobotCommands(
            self._conversations, self._now_in_force, self.state, self.approvals, self._mute
        )
        self.pings = PingProof(commands, replies, self._access, ports.later, ports.runtime.now)
        news = MessageNews(
            self._now_in_force,
            self._conversations,
            self._reactions,
            lambda inbound: with_quote(self._cache.state.sent_keys, self._robot, inbound),
        )
        return InboundRouter(
            OpenMessages(ports.records, self.outgoing.knows),
            Admission(self._access, self.pings, self._conversations, editors, replies.reply),
            news,
            editors,
            ports.notify,
        )

    def _now_in_force(self) -> Options:
        return self._options

    def start(self, inbox: dict[str, OpenMessage]) -> None:
        """Continue an earlier service's work: send what waits, route what was received."""
        self.outgoing.start()
        self._access_records.drop_expired()
        self.approvals.start()
        self._router.start(inbox)

    def settled(self) -> None:
        """The editors of an earlier service have joined by now, or have left."""
        self._router.settled()
        self.outgoing.settled()

    def configure(self, options: Options) -> None:
        """Use these options from now on."""
        self._options = options
        # An editor that was set up anew needs the status even if it is the same.
        self._status.forget()
        self._update()

    # --- members ----------------------------------------------------------------------------------

    def ask(self, member: int, ask: robot_requests.Ask) -> None:
        """Carry out a member's request. Before its `Hello` a member may request nothing."""
        is_late = member in self._retired and isinstance(ask, robot_requests.LateAsk)
        if member in self._members or is_late or isinstance(ask, robot_requests.Hello):
            self._carry_out(member, ask)
        else:
            log.warning("an editor spoke before it said hello")

    def _carry_out(self, member: int, ask: robot_requests.Ask) -> None:
        if isinstance(ask, OutboxRequest):
            self._outbox_requests.carry_out(member, ask)
            return
        if isinstance(ask, PairingRequest):
            self._pairing.carry_out(member, ask)
            return
        match ask:
            case robot_requests.Hello():
                self._join(member, ask)
            case robot_requests.Bind(session=session, title=title, cwd=cwd):
                self._bindings.bind(member, session, title, cwd)
                self._bound_changed()
            case robot_requests.Unbind(session=session):
                self._reactions.left(session)
                self._bindings.unbind(member, session)
                self._bound_changed()
            case robot_requests.Retitle(session=session, title=title):
                self._bindings.retitle(session, title)
            case robot_requests.InSession(news=news):
                self.notices.broadcast(news, but=member)
            case robot_requests.Asking():
                self._router.asking(member, ask)
            case robot_requests.InTranscript(key=key):
                self._router.handed(key)
            case robot_requests.Answers(answers=answers):
                self._members[member].answers = answers
            case robot_requests.Unanswered(turn=turn, left=left):
                self._unanswered.pass_on(member, turn, left=left)
            case robot_requests.PassOn(order=order):
                self._router.pass_on(member, order)
            case robot_requests.HoldNotices(until=until):
                self._mute.set(until)
            case robot_requests.Busy(busy=busy):
                self._members[member].busy = busy

    def retire(self, member: int) -> None:
        """A member's editor has left, but a program still works for it: its answer may be sent."""
        left = self._members.pop(member, None)
        if left is not None:
            self._retired[member] = left.session
            self._update()

    def leave(self, member: int) -> None:
        """Remove a member. Messages that it did not write into a transcript go to another one."""
        left = self._members.pop(member, None)
        session = left.session if left is not None else self._retired.pop(member, None)
        if session is None:
            return
        if not self._conversations.is_bound(session):
            # Before its messages go to others, which react to them again.
            self._reactions.left(session, nobody_is_left=not self._members)
        if left is not None:
            self._update()
        self._router.hand_out(member)

    def _update(self) -> None:
        self._link.update()
        self._status.changed()

    def _join(self, member: int, hello: robot_requests.Hello) -> None:
        self._members[member] = BoundEditor(hello.pid, hello.cwd, answers=hello.answers)
        # Before the binding, after which the editor sends what its user asked for meanwhile.
        self._notify(member, self.state())
        self._notify(member, self._access_records.changes())
        self._notify(member, self._link.state)
        if hello.bound:
            self._bindings.come_back(member, hello.bound, hello.title, hello.cwd)
        elif not hello.again:
            self._bindings.restore(member, hello.cwd)
        self._bound_changed()

    def _bound_changed(self) -> None:
        self._update()
        self._router.hand_out(NOBODY)

    def arrived(self, batch: Sequence[Received]) -> None:
        """Route robot messages that are on disk and acked."""
        inbound_router.log_arrivals(batch, self._options.account)
        self.health.received(batch)
        self._router.arrived(batch)

    def sent(self, sent: SentChunk) -> None:
        """Remember a chunk that was sent, for messages that quote it."""
        sent = structs.replace(sent, session=self.outgoing.session_of(sent.message))
        self._cache.soon(lambda state: with_sent_key(state, self._robot, sent))

    def is_sending(self, now: float) -> bool:
        """Whether the outbox has, or is about to get, what can leave within `SENDS_WITHIN`."""
        return not self.outgoing.is_empty and self.health.cool_down[0] - now <= SENDS_WITHIN

    # --- status -----------------------------------------------------------------------------------

    def _outbox_changed(self) -> None:
        self._set_idle(idle=not self.outgoing.queued)
        self._status.changed()

    def _access_changed(self) -> None:
        """A message was refused, or a request was made or decided."""
        news = self._access_records.changes()
        if news != self._access_news:
            self._access_news = news
            self.notices.broadcast(news)
        self._status.changed()

    def state(self) -> robot_state.RobotState:
        """The state of the robot now."""
        until, reason = self.health.cool_down
        return robot_state.RobotState(
            link=self._link.state.link,
            queued=self.outgoing.queued,
            failed=self.outgoing.failed,
            refused=self._access.refused,
            last_error=self.outgoing.last_error or self.health.last_error,
            cool_down_until=until,
            cool_down_reason=reason,
            quota=self._quota.describe(),
            admitted=self._access.describe() if self._options.mode == "api" else "",
            asking=self._access.asking,
            failed_ids=self.outgoing.latest_failed(),
            waiting_ids=self.outgoing.latest_waiting(),
            recallable_ids=tuple(one.message for one in self._recalls.recallable()),
            bound=self._conversations.sessions(),
            muted_until=self._mute.until,
        )
