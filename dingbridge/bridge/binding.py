"""The configured robot and the session bound to it: binding, link and targets."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dingbridge.bridge import updates
from dingbridge.bridge.deliveries import Deliveries
from dingbridge.bridge.ports import Ports
from dingbridge.bridge.sessions import Sessions
from dingbridge.core import routing
from dingbridge.core.errors import BridgeError
from dingbridge.core.link import LinkState
from dingbridge.core.messages import Target
from dingbridge.core.settings import Options, read
from dingbridge.core.state import State, binding_of, bound

log = logging.getLogger(__name__)

DEFAULT = "default"
"""The name of the only account."""


class Account:
    """One robot: its options, its link's state, and which session is bound to it."""

    def __init__(
        self,
        ports: Ports,
        sessions: Sessions,
        state: State,
        changed: Callable[[], None],
    ) -> None:
        self._editor = ports.editor
        self._storage = ports.storage
        self._robot = ports.robot
        self._sessions = sessions
        self._changed = changed
        self._problems: tuple[str, ...] = ()
        self._owner = ""
        self._link = LinkState.OFF
        self._outage = False
        self.options = read({}, {})
        binding = state.bindings.get(DEFAULT)
        self._target = binding.target if binding else None
        if binding and binding.session in sessions:
            sessions.bound = sessions.current = binding.session

    # --- settings ---------------------------------------------------------------------------------

    def configure(self, options: Options, problems: tuple[str, ...]) -> None:
        """Use these options from now on, and take up the binding that was there before."""
        self.options = options
        self._problems = problems
        self._robot.configure(options)
        if self._sessions.bound:
            self._sessions.watch(self._sessions.bound)
            if options.mode == "api":
                self._connect()
            elif self._link is not LinkState.OFF:
                self._disconnect()
        log.info("DingTalk: %s", "enabled" if options.mode != "off" else "off")
        self._changed()

    def need_mode(self) -> None:
        """Raise `BridgeError`, saying what is missing, unless something can be sent."""
        if self._problems:
            raise BridgeError(
                "the settings cannot be used: " + "; ".join(self._problems),
                fix="correct them in setup()",
            )
        if self.options.mode == "off":
            raise BridgeError("DingTalk is not set up: " + "; or ".join(self.options.missing()))

    # --- binding ----------------------------------------------------------------------------------

    def bind(self, session: str) -> None:
        """Bind `session`, releasing any other, and say what happened."""
        self.need_mode()
        before = self._sessions.bound
        if self.options.mode == "api":
            self._take_link()
        if before != session:
            self._target = None
        self._sessions.bound = session
        self._sessions.watch(session)
        self._remember()
        self._sessions.tell_list()
        self._say(self._what_happened(session, before))
        if self.options.mode == "api":
            self._robot.connect()
        self._changed()

    def unbind(self) -> None:
        """Release the bound session and close the link."""
        session = self._sessions.bound
        if not session:
            raise BridgeError("no session is bound", fix=":Chat bridge dingtalk binds one")
        if self._owner:
            # The binding is the other editor's, unless that one has left meanwhile.
            self._take_link("not released")
        self._sessions.bound = ""
        self._target = None
        self._storage.change(lambda state: bound(state, DEFAULT, None))
        self._disconnect()
        self._sessions.tell_list()
        self._say(f"“{self._sessions.title(session)}” is no longer bound to DingTalk")
        self._changed()

    def _what_happened(self, session: str, before: str) -> str:
        options = self.options
        moved = ""
        if before and before != session and before in self._sessions:
            moved = f" (“{self._sessions.title(before)}” was bound before)"
        title = self._sessions.title(session)
        if options.mode == "webhook":
            words = (
                f"“{title}” is bound to DingTalk{moved}: webhook mode, account {DEFAULT}, "
                "one-way. Messages go to the robot's group; answers cannot come back. "
                "For both ways set app_key and app_secret."
            )
            if options.responder is not None:
                words += " The responder has nothing to answer."
            return words
        connected = "connected" if self._link is LinkState.CONNECTED else "connecting…"
        target = self._describe_target() or "whoever writes first"
        return (
            f"“{title}” is bound to DingTalk{moved}: API mode, account {DEFAULT} "
            f"({options.app_key}), to {target}, {connected}"
        )

    def _remember(self) -> None:
        binding = binding_of(self._sessions.bound, self._target)
        self._storage.change(lambda state: bound(state, DEFAULT, binding))

    # --- targets ----------------------------------------------------------------------------------

    @property
    def target(self) -> Target | None:
        """Where the bound session's messages go: the conversation that spoke last, else the
        configured one."""
        return self._target or routing.configured_target(self.options)

    def spoke(self, target: Target) -> None:
        """A conversation spoke to the bound session: what is typed next goes there."""
        old, self._target = self._target, target
        if old is None or binding_of("", old) != binding_of("", target):
            self._remember()

    def notify_target(self) -> Target | None:
        """Where notifications go: the custom robot's group, else the configured target."""
        return routing.notify_target(self.options)

    def why_no_target(self) -> str:
        """Why a message of the bound session cannot go anywhere."""
        if self.options.mode == "off":
            return "DingTalk is not set up"
        return (
            "nobody to send to yet: set conversation_id or user_id, or wait for a message to answer"
        )

    def _describe_target(self) -> str:
        target = self.target
        return target.label or target.conversation_id or target.user_id if target else ""

    # --- link -------------------------------------------------------------------------------------

    def link_changed(self, link: LinkState, reason: str, fix: str) -> None:
        """News of the stream connection. An outage is told once, at its start and at its end."""
        before, self._link = self._link, link
        if link is LinkState.CONNECTED and before is not LinkState.CONNECTED:
            self._say("DingTalk is connected again" if self._outage else "DingTalk is connected")
            self._outage = False
            self._event("DingbridgeConnected")
        if link is LinkState.WAITING and not self._outage:
            self._outage = True
            words = f"DingTalk is not connected: {reason}. {fix}".rstrip(". ")
            self._editor.show(updates.Say(f"{words}. Trying again by itself.", "warn"))
            self._event("DingbridgeDisconnected", reason=reason)
        self._changed()

    def _take_link(self, otherwise: str = "not bound") -> None:
        holder = self._robot.own()
        self._owner = holder
        if holder:
            self._link = LinkState.HELD_ELSEWHERE
            self._changed()
            raise BridgeError(
                f"{otherwise}: {holder} holds the DingTalk link of this app",
                fix="close it, or use :Chat unbridge there",
            )

    def _connect(self) -> None:
        try:
            self._take_link()
        except BridgeError as error:
            log.warning("%s", error.message)
            self._editor.show(updates.Say(f"{error.message}; {error.fix}", "warn"))
        else:
            self._robot.connect()

    def _disconnect(self) -> None:
        was = self._link
        self._robot.disconnect()
        self._link = LinkState.OFF
        self._owner = ""
        self._outage = False
        if was is LinkState.CONNECTED:
            self._event("DingbridgeDisconnected", reason="unbound")

    # --- status -----------------------------------------------------------------------------------

    def status(self, deliveries: Deliveries, refused: int) -> updates.Status:
        """The state of the bridge as the editor shows it."""
        return updates.Status(
            mode=self.options.mode,
            connected=self._link is LinkState.CONNECTED,
            account=DEFAULT if self.options.mode != "off" else "",
            session=self._sessions.bound,
            owner=self._owner,
            link=self._link.value,
            target=self._describe_target() if self._sessions.bound else "",
            queued=deliveries.queued,
            failed=deliveries.failed,
            refused=refused,
            last_error=deliveries.last_error,
        )

    def describe(self, deliveries: Deliveries) -> str:
        """The status in words, for `:Chat status`."""
        options = self.options
        lines = [f"mode: {options.mode}" + ("" if options.mode != "off" else " (not set up)")]
        if options.mode == "off":
            lines.extend(f"  {sentence}" for sentence in (*self._problems, *options.missing()))
        if options.mode == "api":
            held = f" by {self._owner}" if self._owner else ""
            lines.append(f"app: {options.app_key} (account {DEFAULT})")
            lines.append(f"link: {self._link.value}{held}")
            admitted = ", ".join(options.allow_from) or "nobody (allow_from is empty)"
            lines.append(f"admitted: {admitted}")
        session = self._sessions.bound
        lines.append(f"session: {self._sessions.title(session)}" if session else "session: none")
        if session:
            lines.append(f"messages go to: {self._describe_target() or 'nobody yet'}")
        lines.append(f"queued: {deliveries.queued}, failed: {deliveries.failed}")
        if deliveries.last_error:
            lines.append(f"last error: {deliveries.last_error}")
        return "\n".join(lines)

    def _say(self, text: str) -> None:
        self._editor.show(updates.Say(text))

    def _event(self, name: str, **data: str) -> None:
        self._editor.show(updates.Event(name, data))
