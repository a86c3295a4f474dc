"""This editor's side of a robot: its options, its bound session, and how the robot is doing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dingbridge.core.access import pairing_codes
from dingbridge.core.catalogue import access as access_words
from dingbridge.core.catalogue import editor
from dingbridge.core.catalogue import sessions as say
from dingbridge.core.delivery import routing
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import At, Target
from dingbridge.core.options import precedence
from dingbridge.core.options.declarations import DEFAULT_ACCOUNT, Options
from dingbridge.core.options.settings import read
from dingbridge.core.sessions import robot_state, status_text
from dingbridge.core.sessions.transcript import SessionInfo
from dingbridge.protocol import updates
from dingbridge.service.editors.account_destinations import SessionDestinations
from dingbridge.service.editors.link_status import LinkStatus
from dingbridge.service.editors.pending_requests import PendingRequests
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.editors.speakers import Speakers
from dingbridge.service.ports import Ports
from dingbridge.service.robots import robot_news, robot_requests

NOTHING_HEARD = robot_state.RobotState(LinkState.OFF.value, 0, 0, 0)


def _robot(options: Options) -> tuple[str, str]:
    """Which robot is meant, whatever else the options say."""
    return options.mode, options.app_key if options.mode == "api" else options.webhook


class Account:
    """One robot: its options, its link's state, and which session of this editor is bound to it.

    Other editors may have other sessions bound to the robot; what is typed in one of these here
    goes out as well.
    """

    def __init__(
        self, name: str, ports: Ports, sessions: EditorSessions, changed: Callable[[], None]
    ) -> None:
        self.name = name
        self._editor = ports.editor
        self._exchange = ports.exchange(name)
        self._storage = ports.storage
        self._runtime = ports.runtime
        self._sessions = sessions
        self._changed = changed
        self._problems: tuple[str, ...] = ()
        self._link = LinkStatus(ports.editor, name, ports.later)
        self._asking: set[str] = set()
        self.people = Speakers()
        self.bound = ""
        # Released here just now, which the robot's owner may not have told yet.
        self._released: set[str] = set()
        # The session that is being bound, and the one before it, until that is on the disk.
        self._binding = ("", "")
        self._state = NOTHING_HEARD
        self.options = read({}, {})
        self.destinations = SessionDestinations(name, sessions, lambda: self.options)
        self.member = PendingRequests(self._exchange, ports.pid, ports.cwd, sessions.pending)

    # --- settings -------------------------------------------------------------------------------

    def configure(self, options: Options, problems: tuple[str, ...]) -> None:
        """Use these options from now on, and join the editors that use the same robot."""
        is_another = _robot(options) != _robot(self.options)
        if is_another:
            left = self.member.moved()
            queued = [updates.TriggerEvent("DingbridgeQueued", self.about(ask)) for ask in left]
            self._exchange.write_down(left, lambda: self._editor.show(*queued))
            count = len(left) + self._state.queued
            if count and not self._exchange.is_shared:
                self._show_notice(say.LEFT_BEHIND(count=count), "warn")
            # Whom one robot may write to, the next one does not know.
            self.destinations.forget()
        self.options = options
        self._problems = problems
        latest = self._exchange.configure(options)
        if latest is not None:
            self._rule(latest)
        self.member.answers(answers=options.responder is not None)
        if self.bound:
            self._sessions.readdressed(self.bound)
        if is_another:
            self._state = NOTHING_HEARD
            self._note_bound()
            self.link_changed(LinkState.OFF, "", "")
        self._changed()

    def ruled(self, latest: robot_news.Ruling) -> None:
        """Another editor was set up, later than this one, for the same robot."""
        self._rule(latest)
        if self.bound:
            self._sessions.readdressed(self.bound)
        self._changed()

    def _rule(self, latest: robot_news.Ruling) -> None:
        before, self.options = self.options, precedence.ruled(self.options, latest.options)
        names = precedence.differing(self.options, before)
        if names:
            listed = ", ".join(names)
            self._show_notice(say.RULED(account=self.shown, pid=latest.by, names=listed), "warn")

    def leave(self) -> None:
        """The settings name this account no more."""
        self.configure(read({"enabled": False}, {}), ())
        self._hold("")

    def need_settings(self) -> None:
        """Raise `BridgeError`, saying what is wrong, when the settings have problems."""
        if self._problems:
            raise BridgeError("\n  ".join((say.CORRECT_SETTINGS(), *self._problems)))

    def need_mode(self) -> None:
        """Raise `BridgeError`, saying what is missing, unless something can be sent."""
        self.need_settings()
        if self.options.mode == "off":
            raise BridgeError(self.why_no_target())

    @property
    def is_unusable(self) -> bool:
        """Whether the settings have problems, so that nobody knows what is bound."""
        return bool(self._problems)

    def _hold(self, session: str) -> None:
        """From now on this session is the bound one here, or none."""
        self.bound = session
        self._released.discard(session)
        self._note_bound()

    def _note_bound(self) -> None:
        """Know which sessions are bound to the robot, here and in other editors."""
        bindings = self._sessions.bindings
        before = {session for session, name in bindings.items() if name == self.name}
        gone = {self._binding[1], *self._released, ""}
        now = {self.bound} | (set(self._state.bound) - gone)
        now &= self._sessions.known
        for session in before - now:
            del bindings[session]
        for session in now - bindings.keys():
            bindings[session] = self.name
        for session in before ^ now:
            self._sessions.readdressed(session)

    # --- binding --------------------------------------------------------------------------------

    def bind(self, session: str) -> None:
        """Bind `session` in the place of any other of this editor, and say what happened."""
        self.need_mode()
        before = self.bound
        self._binding = (session, before if before != session else "")
        self._hold(session)
        self._sessions.watch(session)
        # Only what is on the disk can be taken up again when this host dies in the next moment.
        self._storage.written(session, lambda: self._ask_for(session))
        self._changed()

    def _ask_for(self, session: str) -> None:
        if session != self._binding[0]:
            return
        title = self._sessions.title(session)
        if not self.member.bind(session, title):
            self._show_notice(say.BOUND_LATER(title=title))

    def is_bound(self, session: str, target: Target | None) -> None:
        """The owner has written down that the session is bound: only now it is told. `target` is
        the conversation that spoke to it last, in whichever editor it was then."""
        if session != self.bound:
            return
        self.member.holds(session, self._sessions.title(session))
        asked, before = self._binding
        if target is not None and session == asked:
            self.destinations.spoke(session, self._as_known(session, target))
        elif target is not None:
            self.destinations.met(session, self._as_known(session, target))
        self._sessions.watch(session)
        if session != asked:
            return
        self._binding = ("", "")
        self._note_bound()
        self._sessions.notify_list()
        self._show_notice(self._what_happened(session, before))
        self._changed()

    def unbind(self, session: str = "") -> None:
        """Release a session, the one bound here unless another is named. The link closes with the
        last one of all editors."""
        session = session or self.bound
        if not session:
            self.need_settings()
            raise BridgeError(say.NO_SESSION_BOUND(), fix=say.BRIDGE_BINDS_ONE())
        self._released.add(session)
        if session == self.bound:
            self._binding = ("", "")
            self.member.released()
            self.bound = ""
        self._note_bound()
        self.member.unbind(session)
        self._sessions.notify_list()
        self._show_notice(say.RELEASED(title=self._sessions.title(session)))
        self._changed()

    def restore(self, session: str, target: Target | None) -> None:
        """Take up the binding that was there before, unless there is one here."""
        if self.bound or not session:
            return
        if session not in self._sessions:
            # Made by another editor since this one started, or deleted.
            self._storage.list(lambda infos: self._restore_listed(session, target, infos))
            return
        self._hold(session)
        self._sessions.current = session
        if target is not None:
            self.destinations.spoke(session, target)
        self.member.holds(session, self._sessions.title(session))
        self._sessions.watch(session)
        self._sessions.notify_list()
        self._changed()

    def come_back(self, session: str) -> None:
        """The editor was attached to an earlier service, with this session bound, or with none."""
        self.member.came_back()
        if session:
            self._link.come_back()
        self.restore(session, None)

    def _restore_listed(
        self, session: str, target: Target | None, infos: list[SessionInfo]
    ) -> None:
        self._sessions.refresh(infos)
        if session in self._sessions:
            self.restore(session, target)
        else:
            self.member.unbind(session)

    def released(self, session: str, by: int) -> None:
        """Another editor has released a session."""
        if self.bound == session:
            self._binding = ("", "")
            self._hold("")
            self.member.released()
            self._sessions.notify_list()
            if session in self._sessions:
                title = self._sessions.title(session)
                self._show_notice(say.RELEASED_BY_OTHER(title=title, pid=by))
            self._changed()

    def _what_happened(self, session: str, before: str) -> str:
        return status_text.describe_bound(
            self.name,
            self.options,
            self._sessions.title(session),
            self._sessions.title(before) if before in self._sessions else "",
            self._describe_target(),
            is_connected=self._link.state is LinkState.CONNECTED,
        )

    # --- targets --------------------------------------------------------------------------------

    def notify_target(self) -> Target | None:
        """Where notifications go: the custom robot's group, else the configured target."""
        return routing.notify_target(self.options)

    def why_no_target(self) -> str:
        """Why a message of the bound session cannot go anywhere."""
        if self._problems:
            return editor.SETTINGS_UNUSABLE(problems="; ".join(self._problems))
        if self.options.mode == "off":
            missing, *other = self.options.missing()
            if not other:
                return say.NOT_SET_UP(missing=missing)
            return say.NOT_SET_UP_EITHER(webhook=missing, app=other[0])
        return say.NOBODY_YET()

    def at(self, target: Target) -> Target:
        """`target`, with the reply address that is known of it."""
        return self._as_known(self.bound, target)

    def _as_known(self, session: str, target: Target) -> Target:
        return self.destinations.of(session).at(target.key) or target

    def about(self, ask: robot_requests.SendMessage) -> dict[str, str]:
        """What events tell of a message on its way out."""
        there = self.destinations.destination(ask.session, ask.outbound.target)
        return {
            "account": self.name,
            "id": ask.outbound.id,
            "session": ask.session,
            "target": there.target,
            "target_name": there.name,
        }

    def asker(self, target: Target) -> At:
        """Whom an answer to a conversation mentions: whoever spoke there last, in a group."""
        if not self.options.mention_asker:
            return At()
        return self.people.asker(target.conversation_id)

    def _describe_target(self) -> str:
        target = self.destinations.target(self.bound)
        return target.label or target.conversation_id or target.user_id if target else ""

    # --- link and status ------------------------------------------------------------------------

    def link_changed(self, link: LinkState, reason: str, fix: str, next_try: float = 0.0) -> None:
        """News of the stream connection. `next_try` is Unix seconds, 0 when it is not known."""
        self._link.changed(self.shown, link, reason, fix, next_try)
        self._changed()

    def pairing_asked(self, request: robot_news.PairingRequested) -> None:
        """Somebody asks to be let in: say so, without getting in the user's way."""
        self.hear_of([request.code])
        asks = access_words.ASKS(who=request.who, account=self.shown, code=request.code)
        self._show_notice(asks, "warn")
        self._event(
            "DingbridgePairing",
            code=request.code,
            id=request.id,
            kind=request.kind,
            who=request.who,
        )

    def hear_of(self, codes: Iterable[str]) -> None:
        """Somebody asked here with these codes."""
        self._asking.update(codes)

    def has_heard_of(self, code: str) -> bool:
        """Whether somebody asked here with this code, in whatever form it was typed."""
        return bool(pairing_codes.find(code, self._asking))

    def labelled(self, text: str) -> str:
        """`text`, with the account's name before it where it is one of several: before the first of
        several lines."""
        if self.name == DEFAULT_ACCOUNT:
            return text
        return f"{self.name}:\n{text}" if "\n" in text else f"{self.name}: {text}"

    @property
    def state(self) -> robot_state.RobotState:
        """How the owner of the robot said that it is doing."""
        return self._state

    def owner_is(self, state: robot_state.RobotState) -> None:
        """How the owner of the robot is doing."""
        before, self._state = self._state, state
        if state.bound != before.bound:
            self._released &= set(state.bound)
            self._note_bound()
            self._sessions.notify_list()
        self._changed()

    def status(self) -> updates.AccountStatus:
        """The state of the account as the editor shows it."""
        state = self._state
        unusable = self.why_no_target() if self._problems else ""
        return updates.AccountStatus(
            account=self.name,
            mode=self.options.mode,
            connected=self._link.state is LinkState.CONNECTED,
            session="" if self._binding[0] else self.bound,
            link=self._link.state.value,
            target=self._describe_target() if self.bound else "",
            queued=state.queued + len(self.member.unanswered),
            failed=state.failed,
            refused=state.refused,
            asking=state.asking,
            last_error=unusable or self._link.trouble or state.last_error,
            cool_down_until=state.cool_down_until,
            cool_down=state.cool_down_reason,
            quota=state.quota,
        )

    def describe(self) -> str:
        """The status in words, for `:Chat status`."""
        if self._problems:
            return status_text.with_problems(self._problems)
        status = self.status()
        return status_text.describe(
            self.name,
            self.options,
            self._state,
            status_text.LinkReport(status.link, self._link.trouble, self._link.next_try),
            session=self._sessions.title(self.bound) if self.bound else "",
            target=status.target,
            now=self._runtime.now(),
        )

    @property
    def shown(self) -> str:
        """How the account is called where it is one of several."""
        return "DingTalk" if self.name == DEFAULT_ACCOUNT else f"DingTalk ({self.name})"

    def _show_notice(self, text: str, level: updates.Level = "info") -> None:
        self._editor.show(updates.ShowNotice(text, level))

    def _event(self, name: str, **data: str) -> None:
        self._editor.show(updates.TriggerEvent(name, {"account": self.name, **data}))
