"""Remote commands that a robot answers without an editor, and who may use which command."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dingbridge.core.access import policy
from dingbridge.core.access.policy import Admitted
from dingbridge.core.approvals.approval import Decision
from dingbridge.core.catalogue import remote as say
from dingbridge.core.commands import editor_commands, status_replies
from dingbridge.core.commands import remote_commands as remote
from dingbridge.core.commands.remote_parser import Bad, UnknownCommand
from dingbridge.core.dingtalk import addressees
from dingbridge.core.messages import ConversationKind, Inbound
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions import scopes, status_text
from dingbridge.core.sessions.robot_state import RobotState
from dingbridge.service.robots.approval_questions import ApprovalQuestions
from dingbridge.service.robots.conversations import Conversations
from dingbridge.service.robots.notice_mute import NoticeMute


class CommandReply(Struct, frozen=True):
    """The result: `words` for the conversation, or the command `goes_on` to the session."""

    words: str = ""
    goes_on: bool = False


class RobotCommands:
    """Answers commands. Service loop only.

    - `state` returns the status of the robot.
    """

    def __init__(
        self,
        conversations: Conversations,
        options: Callable[[], Options],
        state: Callable[[], RobotState],
        approvals: ApprovalQuestions,
        mute: NoticeMute,
    ) -> None:
        self._conversations = conversations
        self._options = options
        self._state = state
        self._approvals = approvals
        self._mute = mute

    def answer(self, inbound: Inbound, admitted: Admitted) -> CommandReply | None:
        """Answer a command. Returns None for a message that is not a command."""
        command = addressees.command_in(inbound)
        if command is None:
            return None
        if isinstance(command, UnknownCommand):
            return CommandReply(status_replies.describe_unknown(command))
        name = command.declaration.name
        allowed = self._allowed(inbound, admitted)
        if name not in allowed:
            identity = inbound.sender.identity
            setting = self._setting(inbound)
            return CommandReply(status_replies.describe_not_allowed(name, identity, setting))
        if isinstance(command, Bad):
            return CommandReply(status_replies.describe_bad(command))
        if isinstance(command, remote.Btw):
            return None  # a message, which is answered before others
        if isinstance(command, remote.ForRobot):
            return CommandReply(
                self._reply(command, inbound, allowed, admin=admitted.role == "admin")
            )
        if isinstance(command, remote.NewSession) and scopes.is_made(self._options()):
            self._conversations.make(inbound)
            return CommandReply(say.NEW_SESSION())
        return CommandReply(goes_on=True)

    def _reply(
        self, command: remote.ForRobot, inbound: Inbound, allowed: tuple[str, ...], *, admin: bool
    ) -> str:
        match command:
            case remote.Help():
                return status_replies.describe_help(allowed)
            case remote.Status():
                return self._status(inbound, admin=admin)
            case remote.WhoAmI():
                return status_replies.describe_whoami(inbound.sender, allowed, is_admin=admin)
            case remote.WhereAmI():
                row = self._here(inbound, admin=admin)
                staff_id = inbound.sender.staff_id
                return status_replies.describe_whereami(inbound.conversation, row, staff_id)
            case remote.Mute():
                return self._mute.answer(command)
            case remote.ListSessions(text=text):
                return self._list(inbound, text, admin=admin)
            case remote.ChooseSession(wanted=wanted):
                return self._choose(inbound, wanted, admin=admin)
            case remote.Approve(code=code):
                return self._answer(code, "allow", inbound, admin=admin)
            case remote.Reject(code=code):
                return self._answer(code, "reject", inbound, admin=admin)
            case remote.AllowAlways(code=code, off=off):
                if off:
                    return self._approvals.forget_always(self._session(inbound, admin=admin))
                return self._answer(code, "always", inbound, admin=admin)

    def _answer(self, code: str, decision: Decision, inbound: Inbound, *, admin: bool) -> str:
        if code:
            return self._approvals.answer(code, decision, inbound, admin=admin)
        session, always = self._session(inbound, admin=admin), decision == "always"
        return self._approvals.describe(inbound, session, admin=admin, always=always)

    def _session(self, inbound: Inbound, *, admin: bool) -> str:
        row = self._here(inbound, admin=admin)
        return row.session if row is not None else ""

    def _status(self, inbound: Inbound, *, admin: bool) -> str:
        state = self._state()
        row = self._here(inbound, admin=admin)
        session = row.session if row is not None else ""
        return status_replies.describe_status(
            row,
            link=status_text.link_in_words(state.link),
            editors=self._conversations.editors,
            queued=state.queued,
            failed=state.failed,
            problem=editor_commands.for_outside(state.last_error) if admin else "",
            more=self._approvals.status_lines(inbound, session, admin=admin),
        )

    def _list(self, inbound: Inbound, text: str, *, admin: bool) -> str:
        rows = self._conversations.rows(inbound, admin=admin)
        return status_replies.describe_sessions(rows, text)

    def _choose(self, inbound: Inbound, wanted: str, *, admin: bool) -> str:
        if not wanted or self._conversations.choose(wanted, inbound, admin=admin):
            return self._list(inbound, "", admin=admin)
        return f"{say.NO_SUCH_SESSION()}\n\n{self._list(inbound, '', admin=admin)}"

    def _here(self, inbound: Inbound, *, admin: bool) -> status_replies.BoundRow | None:
        rows = self._conversations.rows(inbound, admin=admin)
        return next((row for row in rows if row.here), None)

    def _allowed(self, inbound: Inbound, admitted: Admitted) -> tuple[str, ...]:
        """The names of the commands that the sender may use here."""
        options = self._options()
        tools = None
        if inbound.conversation.kind is ConversationKind.GROUP:
            tools = options.group(inbound.conversation.id).tools
        return tuple(
            name
            for name in remote.NAMES
            if policy.may_use(name, admitted.role, tools, options.commands)
        )

    def _setting(self, inbound: Inbound) -> str:
        """The option that says which commands may be used here."""
        group = inbound.conversation.id
        is_group = inbound.conversation.kind is ConversationKind.GROUP
        if is_group and self._options().group(group).tools is not None:
            return f"groups['{group}'].tools"
        return "commands"
