"""Carries out the subcommands of `:Chat`."""

from __future__ import annotations

import os

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.commands import remote_commands as remote
from dingbridge.core.commands import remote_parser
from dingbridge.core.commands.command_lines import CommandLine
from dingbridge.core.commands.editor_commands import Subcommand
from dingbridge.core.errors import BridgeError
from dingbridge.core.secrets.excerpts import Around
from dingbridge.core.sessions import targets
from dingbridge.core.sessions.destinations import Destination
from dingbridge.core.user_file import UserFile
from dingbridge.protocol import updates
from dingbridge.service.editors.bridge import Bridge
from dingbridge.service.editors.command_context import CommandContext
from dingbridge.service.robots import robot_requests


def dispatch(
    bridge: Bridge,
    call: CommandLine,
    at: CommandContext,
    message: str = "",
    file: UserFile | None = None,
) -> None:
    """Carry out a subcommand that was given in the context `at`.

    - `message` is the id of the message that it makes, if any.
    - `file` is the file that it names.

    Raises `BridgeError` if it cannot be carried out.
    """
    argument, own = call.argument, bridge.session_commands
    message = message or bridge.runtime.new_id()
    match call.command:
        case Subcommand.OPEN_CURRENT:
            own.open_current(at)
        case Subcommand.NEW:
            own.open_new(argument)
        case Subcommand.LIST:
            own.pick()
        case Subcommand.OPEN:
            bridge.sessions.open(argument)
        case Subcommand.NEXT:
            own.step(at, 1)
        case Subcommand.PREV:
            own.step(at, -1)
        case Subcommand.RENAME:
            own.rename(own.current(at), argument)
        case Subcommand.CLEAR:
            own.clear(own.current(at))
        case Subcommand.DELETE:
            own.delete(own.current(at))
        case Subcommand.UNDO:
            own.undo()
        case Subcommand.SEARCH:
            bridge.search.run(argument)
        case Subcommand.SAVE:
            own.save(_named(file), at)
        case Subcommand.LOAD:
            own.load(_named(file))
        case Subcommand.SEND:
            _send(bridge, argument, at, message)
        case Subcommand.TO:
            bridge.destination_choice.to(own.current(at), argument)
        case Subcommand.SEND_FILE:
            _send_file(bridge, _named(file), at, message)
        case Subcommand.SEND_IMAGE:
            _send_image(bridge, at, message)
        case Subcommand.BRIDGE:
            own.bind(argument, at)
        case Subcommand.UNBRIDGE:
            own.unbind(argument)
        case Subcommand.NOTIFY:
            _notify(bridge, argument, at, message)
        case Subcommand.MUTE:
            bridge.away.mute(argument)
        case Subcommand.STATUS:
            bridge.reports.show_status()
        case Subcommand.OUTBOX:
            bridge.reports.show_outbox()
        case Subcommand.RETRY:
            _retry(bridge, argument)
        case Subcommand.DROP:
            _drop(bridge, argument)
        case Subcommand.RECALL:
            _recall(bridge, argument)
        case Subcommand.PAIR:
            bridge.access.pair(argument)
        case Subcommand.DENY:
            bridge.access.deny(argument)
        case Subcommand.REVOKE:
            bridge.access.revoke(argument)
        case Subcommand.APPROVE:
            bridge.approvals.answer("approve", argument)
        case Subcommand.REJECT:
            bridge.approvals.answer("reject", argument)
        case Subcommand.ALWAYS:
            _always(bridge, argument, at)
        case (
            Subcommand.SERVICE
            | Subcommand.MESSAGES
            | Subcommand.DOCTOR
            | Subcommand.LOG
            | Subcommand.SETUP
            | Subcommand.INSTALL
            | Subcommand.HELP
            | Subcommand.NOTIFY_WHEN_DONE
        ):
            raise AssertionError("the host or the editor carries this out")
        case Subcommand.STOP:
            _stop(bridge, own.current_or_none(at))
        case Subcommand.BTW:
            bridge.typed.aside(own.current_or_none(at), message, argument)
        case Subcommand.AGENT:
            bridge.agent_commands.run(own.current(at), argument)


def _send(bridge: Bridge, text: str, context: CommandContext, message: str) -> None:
    to, text = targets.leading(text)
    body, around = context.below(text)
    if body:
        session = bridge.session_commands.current_or_none(context) or bridge.sessions.new("")
        begun_for = _begun_for(bridge, context)
        send(bridge, session, message, body, to, begun_for, around)
    else:
        draft = updates.SendDraft(bridge.session_commands.current(context))
        # The draft becomes a message of its own.
        bridge.editor.show(updates.Unsent(message), draft)


def send(
    bridge: Bridge,
    session: str,
    message: str,
    text: str,
    to: str = "",
    begun_for: Destination | None = None,
    around: Around = Around(),
) -> None:
    """Send a typed message; warn if nobody will read it. Where an agent answers, the commands that
    answer an approval or stop the turn act as they do from DingTalk."""
    session = session or bridge.sessions.current
    command = remote_parser.read(text) if not to else None
    has_agent = session in bridge.sessions and bridge.replies.has_agent(
        bridge.accounts.of(session), session
    )
    if has_agent and isinstance(command, remote.StopAnswer | remote.AnswerApproval):
        bridge.typed.note(session, message, text)
        _act(bridge, session, command)
        return
    bridge.typed.send(session, message, text, to, begun_for, around)
    account = bridge.accounts.of(session)
    is_read = to or account or bridge.replies.backend(None, session) is not None
    if not is_read and any(account.options.mode != "off" for account in bridge.accounts):
        bridge.editor.show(updates.ShowKeptHere(session))


def _act(bridge: Bridge, session: str, command: remote.StopAnswer | remote.AnswerApproval) -> None:
    match command:
        case remote.StopAnswer():
            _stop(bridge, session)
        case remote.AllowAlways(off=True):
            bridge.approvals.forget_always(session)
        case remote.AllowAlways(code=code):
            bridge.approvals.answer("always", code)
        case remote.Reject(code=code):
            bridge.approvals.answer("reject", code)
        case remote.AnswerApproval(code=code):
            bridge.approvals.answer("approve", code)


def _begun_for(bridge: Bridge, context: CommandContext) -> Destination | None:
    """The conversation on the session's bar; None if the command means another session."""
    return (
        context.begun_for
        if bridge.session_commands.current_or_none(context) == context.session
        else None
    )


def _send_file(bridge: Bridge, file: UserFile, context: CommandContext, message: str) -> None:
    session = bridge.session_commands.current_or_none(context)
    bridge.files.send_file(session, message, file, begun_for=_begun_for(bridge, context))


def _send_image(bridge: Bridge, context: CommandContext, message: str) -> None:
    if not context.lines:
        raise BridgeError(say.NO_LINES(), fix=say.SELECT_LINES())
    stem = os.path.basename(context.file) or "code"
    session = bridge.session_commands.current_or_none(context)
    code = bridge.sending.masked(
        *bridge.files.need_target(session, begun_for=_begun_for(bridge, context)),
        "\n".join(context.lines),
        Around("\n".join(context.before)),
    )
    bridge.files.send_image(
        session,
        message,
        f"{stem}-{context.first_line}-{context.last_line}.png",
        code.text,
        context.filetype,
        context.first_line,
        _begun_for(bridge, context),
    )


def _notify(bridge: Bridge, text: str, context: CommandContext, message: str) -> None:
    to, text = targets.leading(text)
    body, around = context.below(text)
    bridge.notifications.send(message, body, to, around)


def _always(bridge: Bridge, argument: str, context: CommandContext) -> None:
    if argument == "off":
        bridge.approvals.forget_always(bridge.session_commands.current(context))
    else:
        bridge.approvals.answer("always", argument)


def _stop(bridge: Bridge, session: str) -> None:
    withdrawn = bridge.responders.withdraw_waiting(session, asker="")
    if withdrawn:
        bridge.editor.show(updates.ShowNotice(say.WAITING_WITHDRAWN(count=withdrawn)))
    if not bridge.responders.stop(session) and not withdrawn:
        raise BridgeError(say.NOTHING_TO_STOP())


def _retry(bridge: Bridge, message: str) -> None:
    if message:
        account, message = bridge.accounts.split(message)
        account.settings.need_mode()
        account.member.notify(robot_requests.Retry(message))
    else:
        for account in bridge.accounts.set_up():
            account.member.notify(robot_requests.Retry(""))


def _drop(bridge: Bridge, message: str) -> None:
    if not message:
        bridge.reports.choose_message("drop")
        return
    account, message = bridge.accounts.split(message)
    account.settings.need_mode()
    account.member.notify(robot_requests.Drop(message))


def _recall(bridge: Bridge, message: str) -> None:
    if not message:
        bridge.reports.choose_message("recall")
        return
    account, message = bridge.accounts.split(message)
    account.settings.need_mode()
    account.member.notify(robot_requests.RecallMessage(message))


def _named(file: UserFile | None) -> UserFile:
    assert file is not None  # noqa: S101 - the host names it
    return file
