"""An account in one editor: options, bound session, and the state of its robot."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.errors import BridgeError
from dingbridge.core.listing import comma_list
from dingbridge.core.messages import At, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.options.settings import read
from dingbridge.core.sessions import robot_state, status_text
from dingbridge.core.sessions.transcript import SessionInfo
from dingbridge.protocol import updates
from dingbridge.service.editors.account_bindings import AccountBindings
from dingbridge.service.editors.account_destinations import SessionDestinations
from dingbridge.service.editors.account_settings import AccountSettings
from dingbridge.service.editors.editor_ports import EditorPorts
from dingbridge.service.editors.link_status import LinkStatus
from dingbridge.service.editors.pairing_notices import PairingNotices
from dingbridge.service.editors.pending_requests import PendingRequests
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.editors.speakers import Speakers
from dingbridge.service.robots import robot_news, robot_requests

NOTHING_HEARD = robot_state.RobotState(LinkState.OFF.value, 0, 0, 0)


def _robot(options: Options) -> tuple[str, str]:
    """What identifies the robot of these options."""
    return options.mode, options.app_key if options.mode == "api" else options.webhook


class Account:
    """One account: its options, the state of its link, and the session that this editor has bound
    to it.

    Other editors may bind other sessions to the same robot. What the user types in those here is
    sent as well.
    """

    def __init__(
        self, name: str, ports: EditorPorts, sessions: EditorSessions, changed: Callable[[], None]
    ) -> None:
        self.name = name
        self._editor = ports.editor
        self._robot = ports.robot(name)
        self._storage = ports.storage
        self._sessions = sessions
        self._changed = changed
        self.link = LinkStatus(ports.editor, name, ports.later)
        self.pairing = PairingNotices(ports.editor, name)
        self.people = Speakers()
        self._state = NOTHING_HEARD
        self.settings = AccountSettings(name)
        self.bindings = AccountBindings(name, sessions)
        self.destinations = SessionDestinations(name, sessions, lambda: self.options)
        self.member = PendingRequests(self._robot, ports.pid, ports.cwd, sessions.store.pending)

    @property
    def options(self) -> Options:
        """The options in force."""
        return self.settings.options

    @property
    def bound(self) -> str:
        """The session bound in this editor; empty without one."""
        return self.bindings.here

    # --- settings -------------------------------------------------------------------------------

    def configure(self, options: Options, problems: tuple[str, ...]) -> None:
        """Use these options from now on. Leaves the robot and joins another one if they name
        another one."""
        is_another = _robot(options) != _robot(self.options)
        if is_another:
            left = self.member.moved()
            count = self._robot.left_behind(left)
            queued = [updates.TriggerEvent("DingbridgeQueued", self.about(ask)) for ask in left]
            self._robot.write_down(left, lambda: self._editor.show(*queued))
            if count:
                self._show_notice(say.LEFT_BEHIND(count=count), "warn")
            # Targets of one robot mean nothing to another one.
            self.destinations.forget()
        self.settings.options = options
        self.settings.problems = problems
        latest = self._robot.configure(options)
        if latest is not None:
            self._rule(latest)
        self.member.answers(answers=options.responder is not None or options.agent is not None)
        if self.bound:
            self._sessions.readdressed(self.bound)
        if is_another:
            self._state = NOTHING_HEARD
            self.bindings.moved()
            self.link_changed(LinkState.OFF, "", "")
        self._changed()

    def ruled(self, latest: robot_news.Ruling) -> None:
        """Another editor was set up later for the same robot: use its options."""
        self._rule(latest)
        if self.bound:
            self._sessions.readdressed(self.bound)
        self._changed()

    def _rule(self, latest: robot_news.Ruling) -> None:
        names = self.settings.override(latest.options)
        if names:
            listed = comma_list(names)
            self._show_notice(
                say.RULED(account=self.settings.shown, pid=latest.by, names=listed), "warn"
            )

    def leave(self) -> None:
        """The settings no longer contain this account."""
        self.configure(read({"enabled": False}, {}), ())
        self.bindings.hold("")

    # --- binding --------------------------------------------------------------------------------

    def bind(self, session: str) -> None:
        """Bind `session` in place of the one that this editor has bound.

        The notice follows once the binding is durable; see `is_bound`. Raises `BridgeError` if the
        account cannot send.
        """
        self.settings.need_mode()
        before = self.bound
        self.bindings.pending = (session, before if before != session else "")
        self.bindings.hold(session)
        self._sessions.watch(session)
        # The transcript first: a binding to a session that is not on disk cannot be restored.
        self._storage.written(session, lambda: self._ask_for(session))
        self._changed()

    def _ask_for(self, session: str) -> None:
        if session != self.bindings.pending[0]:
            return
        title = self._sessions.title(session)
        if not self.member.bind(session, title):
            self._show_notice(say.BOUND_LATER(title=title))

    def is_bound(self, session: str, target: Target | None) -> None:
        """Announce a binding, now that it is durable. `target` is the conversation that wrote to
        the session last, in any editor."""
        if session != self.bound:
            return
        self.member.holds(session, self._sessions.title(session))
        asked, before = self.bindings.pending
        if target is not None and session == asked:
            self.destinations.spoke(session, self._as_known(session, target))
        elif target is not None:
            self.destinations.met(session, self._as_known(session, target))
        self._sessions.watch(session)
        if session != asked:
            return
        self.bindings.pending = ("", "")
        self.bindings.update()
        self._sessions.notify_list()
        self._show_notice(self._what_happened(session, before))
        self._changed()

    def unbind(self, session: str = "") -> None:
        """Release a session, by default the one bound here. The link closes when no editor has one
        bound. Raises `BridgeError` if there is none."""
        session = session or self.bound
        if not session:
            self.settings.need_settings()
            raise BridgeError(say.NO_SESSION_BOUND(), fix=say.BRIDGE_BINDS_ONE())
        if self.bindings.release(session):
            self.member.released()
        self.member.unbind(session)
        self._sessions.notify_list()
        self._show_notice(say.RELEASED(title=self._sessions.title(session)))
        self._changed()

    def retitled(self, session: str) -> None:
        """A session that is bound to the account, or was made for it, has another title."""
        title = self._sessions.title(session)
        if session == self.bound:
            self.member.holds(session, title)
        self.member.notify(robot_requests.Retitle(session, title))

    def restore(self, session: str, target: Target | None) -> None:
        """Bind the session that was bound before, unless another one is bound here."""
        if self.bound or not session:
            return
        if session not in self._sessions:
            # Another editor created it since this one started, or it was deleted.
            self._storage.list(lambda infos: self._restore_listed(session, target, infos))
            return
        self.bindings.hold(session)
        self._sessions.current = session
        if target is not None:
            self.destinations.spoke(session, target)
        self.member.holds(session, self._sessions.title(session))
        self._sessions.watch(session)
        self._sessions.notify_list()
        self._changed()

    def come_back(self, session: str) -> None:
        """The editor comes from an earlier service, where it had bound `session` (empty: none)."""
        self.member.came_back()
        if session:
            self.link.come_back()
        self.restore(session, None)

    def _restore_listed(
        self, session: str, target: Target | None, infos: list[SessionInfo]
    ) -> None:
        self._sessions.store.refresh(infos)
        if session in self._sessions:
            self.restore(session, target)
            if self.bound == session:
                # The `Hello` before may have been without it.
                self.member.bind(session, self._sessions.title(session))
        else:
            self.member.unbind(session)

    def released(self, session: str, by: int) -> None:
        """Another editor has released the session."""
        if self.bound == session:
            self.bindings.pending = ("", "")
            self.bindings.hold("")
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
            self.describe_target(),
            is_connected=self.link.state is LinkState.CONNECTED,
        )

    # --- targets --------------------------------------------------------------------------------

    def at(self, target: Target) -> Target:
        """`target` with its reply address, if one is known."""
        return self._as_known(self.bound, target)

    def _as_known(self, session: str, target: Target) -> Target:
        return self.destinations.of(session).at(target.key) or target

    def about(self, ask: robot_requests.SendMessage) -> dict[str, str]:
        """The data of events about an outgoing message."""
        there = self.destinations.destination(ask.session, ask.outbound.target)
        return {
            "account": self.name,
            "id": ask.outbound.id,
            "session": ask.session,
            "target": there.target,
            "target_name": there.name,
        }

    def asker(self, target: Target) -> At:
        """The person to mention in a reply to a group: the one who wrote last."""
        if not self.options.mention_asker:
            return At()
        return self.people.asker(target.conversation_id)

    def describe_target(self) -> str:
        """Where the bound session's messages go, in words; empty if unknown."""
        target = self.destinations.target(self.bound)
        return target.label or target.conversation_id or target.user_id if target else ""

    # --- link and status ------------------------------------------------------------------------

    def link_changed(self, link: LinkState, reason: str, fix: str, next_try: float = 0.0) -> None:
        """The link's state changed. `next_try` is in Unix seconds, 0 if unknown."""
        self.link.changed(self.settings.shown, link, reason, fix, next_try)
        self._changed()

    @property
    def state(self) -> robot_state.RobotState:
        """The robot's latest state."""
        return self._state

    def robot_reported(self, state: robot_state.RobotState) -> None:
        """The robot reports its state."""
        before, self._state = self._state, state
        if state.bound != before.bound:
            self.bindings.robot_has(state.bound)
            self._sessions.notify_list()
        self._changed()

    def title_of_bound(self) -> str:
        """The title of the session bound here; empty without one."""
        return self._sessions.title(self.bound) if self.bound else ""

    def _show_notice(self, text: str, level: updates.Level = "info") -> None:
        self._editor.show(updates.ShowNotice(text, level))
