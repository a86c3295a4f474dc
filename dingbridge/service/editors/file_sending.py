"""Sends the user's files and pictures: a line in the session, and a message.

Later messages of the user wait until the file is copied or drawn, so that the order stays. Only the
user can send files: neither DingTalk nor a responder reaches this module.
"""

from __future__ import annotations

import logging

from msgspec import Struct

from dingbridge.core.catalogue import received
from dingbridge.core.catalogue import sessions as say
from dingbridge.core.delivery import routing
from dingbridge.core.delivery.outbox_records import Purpose
from dingbridge.core.dingtalk import attachments, file_names, media
from dingbridge.core.errors import BridgeError, in_words, without_stop
from dingbridge.core.messages import Delivery, Message, Outbound, Role, Target
from dingbridge.core.sessions.destinations import Destination
from dingbridge.core.user_file import UserFile
from dingbridge.protocol import updates
from dingbridge.service.editors import account_status
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.chats import Chats
from dingbridge.service.editors.screen import Screen
from dingbridge.service.files.file_ports import FilePacking, Packed
from dingbridge.service.robots import robot_requests
from dingbridge.service.runtime import Runtime

log = logging.getLogger(__name__)


class FileToSend(Struct, frozen=True):
    """A file being copied or drawn.

    `id` is the id of its message; `robot` is the account's robot at the start.
    """

    id: str
    account: Account
    robot: str
    target: Target
    session: str
    name: str


class FileSending:
    """Sends files. Service loop only.

    copying or drawing ──▶ packed ──▶ submitted
       ├──cannot be read, drawn or sent──▶ failed, in the session
       └──the editor leaves──▶ failed, in the session
    """

    def __init__(
        self,
        editor: Screen,
        runtime: Runtime,
        chats: Chats,
        packing: FilePacking,
    ) -> None:
        self._editor = editor
        self._runtime = runtime
        self._sessions = chats.sessions
        self._accounts = chats.accounts
        self._packing = packing
        self._under_way: dict[str, FileToSend] = {}

    def need_target(
        self, session: str, to: str = "", begun_for: Destination | None = None
    ) -> tuple[Account, Target]:
        """The account and target of a file; see `Accounts.destined`. Raises `BridgeError` if there
        is none."""
        if session not in self._sessions:
            raise BridgeError(say.NO_SUCH_SESSION(), fix=say.CHAT_STARTS_ONE())
        account, target = self._accounts.destined(session, to, begun_for)
        if account is None:
            # With broken settings it is unknown whether the session is bound.
            self._accounts.default.settings.need_settings()
            raise BridgeError(
                say.NOBODY_FOR_FILE(),
                fix=say.BRIDGE_BINDS_IT(),
            )
        account.settings.need_mode()
        if target is None:
            raise BridgeError(account_status.why_no_target(account))
        if not to:
            account.destinations.spoke(session, target)
        return account, target

    def send_file(
        self,
        session: str,
        message_id: str,
        file: UserFile,
        to: str = "",
        begun_for: Destination | None = None,
    ) -> None:
        """Send a user's file. Raises `BridgeError` as `need_target` does. Problems with the file
        itself are shown in the session later."""
        account, target = self.need_target(session, to, begun_for)
        if message_id in self._under_way:
            return
        if account.member.sent(message_id):
            # Submitted twice. Confirm it now, unless it is still waiting to become durable.
            if all(ask.outbound.id != message_id for ask in account.member.unanswered):
                self._editor.show(updates.Confirmed(message_id))
            return
        sending = self._begin(account, target, session, message_id, file.name)
        self._packing.pack(
            message_id,
            file,
            lambda packed: self._packed(sending, packed),
            lambda error: self._failed(sending, error),
        )

    def send_image(
        self,
        session: str,
        message_id: str,
        name: str,
        code: str,
        filetype: str,
        first_line: int,
        begun_for: Destination | None = None,
    ) -> None:
        """Send code as a picture called `name`. Raises `BridgeError` as `need_target` does.
        Problems with drawing are shown in the session later."""
        account, target = self.need_target(session, begun_for=begun_for)
        name = file_names.safe_name(name, "code.png")
        file = self._begin(account, target, session, message_id, name)
        self._packing.draw(
            message_id,
            name,
            code,
            filetype,
            first_line,
            lambda packed: self._packed(file, packed),
            lambda error: self._failed(file, error),
        )

    @property
    def are_under_way(self) -> bool:
        """Whether a file is being copied or drawn."""
        return bool(self._under_way)

    def leave(self) -> None:
        """The editor leaves: incomplete files fail, in their sessions."""
        for file in self._under_way.values():
            file.account.member.give_up(file.id)
            self._add_unsent(file, say.NEOVIM_CLOSED())
        self._under_way.clear()

    def _begin(
        self, account: Account, target: Target, session: str, message_id: str, name: str
    ) -> FileToSend:
        file = FileToSend(
            message_id, account, routing.robot_name(account.options), target, session, name
        )
        self._under_way[message_id] = file
        account.member.reserve(message_id)
        return file

    def _add(self, file: FileToSend, line: str, delivery: Delivery, reason: str = "") -> None:
        now, session = self._runtime.now(), file.session
        message = Message(file.id, Role.EDITOR, say.YOU(), line, now, delivery, reason)
        self._sessions.hold(session)
        marked = file.account.destinations.marked(session, message, file.target)
        self._sessions.add(session, marked)

    def _add_unsent(self, file: FileToSend, reason: str) -> None:
        if file.session in self._sessions:
            line = received.FILE_LINE(name=attachments.shown_name(file.name))
            self._add(file, line, Delivery.FAILED, reason)
        else:
            self._editor.show(updates.Confirmed(file.id))

    def _packed(self, file: FileToSend, packed: Packed) -> None:
        account, session = file.account, file.session
        if self._under_way.pop(file.id, None) is None:
            # The editor has left meanwhile; the session shows the failure.
            return
        if session not in self._sessions:
            # The session was deleted meanwhile, and with it what was to be sent in it.
            account.member.give_up(file.id)
            self._editor.show(updates.Confirmed(file.id))
            return
        if routing.robot_name(account.options) != file.robot:
            self._not_sent(file, BridgeError(say.ANOTHER_ROBOT()))
            return
        name = attachments.shown_name(packed.name)
        outbound = Outbound(
            file.id,
            file.target,
            received.FILE_LINE(name=name),
            file_names.safe_name(packed.name),
            file=packed.kept,
            file_name=file_names.safe_name(packed.name),
        )
        is_picture = file_names.ending(outbound.file_name) in media.PICTURES
        line = attachments.link(name, packed.path, is_picture=is_picture)
        if packed.note:
            line += f"\n\n{packed.note}"
        self._add(file, line, Delivery.QUEUED)
        account.member.send(robot_requests.SendMessage(outbound, Purpose.REPLY, session))
        self._accounts.status_changed()

    def _failed(self, file: FileToSend, error: BridgeError) -> None:
        def known(stands: bool) -> None:
            if self._under_way.pop(file.id, None) is None:
                return
            if stands:
                # An earlier service received it completely and knows its delivery.
                self._editor.show(updates.Confirmed(file.id))
            else:
                self._not_sent(file, error)

        # Later messages do not wait for the transcript, which may be unreadable.
        file.account.member.give_up(file.id)
        self._sessions.stands(file.session, file.id, known)

    def _not_sent(self, file: FileToSend, error: BridgeError) -> None:
        log.info("a file was not sent: %s", error)
        file.account.member.give_up(file.id)
        words = without_stop(in_words(say.NOT_SENT(reason=error), error.fix))
        self._add_unsent(file, in_words(str(error), error.fix))
        there = file.account.destinations.destination(file.session, file.target)
        self._editor.show(
            updates.ShowNotice(words, "error"),
            updates.TriggerEvent(
                "DingbridgeFailed",
                {
                    "account": file.account.name,
                    "id": file.id,
                    "session": file.session,
                    "reason": str(error),
                    "target": there.target,
                    "target_name": there.name,
                },
            ),
        )
