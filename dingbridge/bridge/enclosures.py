"""Files and pictures that the user sends: a line in the session, and a message of their own.

What the user sends after one waits until it is copied or drawn, so that it leaves in its order.
They leave by the user's word alone: nothing that came from DingTalk or a responder gets here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import PurePath

from dingbridge.bridge import updates
from dingbridge.bridge.accounts import Accounts
from dingbridge.bridge.binding import Account
from dingbridge.bridge.ports import Chance, Editor, Packed, Parcels
from dingbridge.bridge.sessions import Sessions
from dingbridge.core import attachments, exchange, file_names, media
from dingbridge.core.errors import BridgeError, in_words
from dingbridge.core.messages import Delivery, Message, Outbound, Role, Target
from dingbridge.core.outbox import Kind

log = logging.getLogger(__name__)

LEFT = "Neovim was closed before it was ready to be sent; send it again"


class Enclosures:
    """Takes files out. Host loop only. `changed` is called when the status is new."""

    def __init__(
        self,
        editor: Editor,
        chance: Chance,
        sessions: Sessions,
        accounts: Accounts,
        parcels: Parcels,
        changed: Callable[[], None],
    ) -> None:
        self._editor = editor
        self._chance = chance
        self._sessions = sessions
        self._accounts = accounts
        self._parcels = parcels
        self._changed = changed
        self._under_way: dict[str, tuple[Account, str, str]] = {}

    def need_target(self, session: str, to: str = "") -> tuple[Account, Target]:
        """Where a file of this session would go. Raises `BridgeError` when that is nowhere."""
        if session not in self._sessions:
            raise BridgeError("there is no such session", fix=":Chat starts one")
        if to:
            return self._accounts.addressed(to)
        account = self._accounts.of(session)
        if account is None:
            # A session that is bound cannot be told from another while nobody can say so.
            self._accounts.default.need_settings()
            raise BridgeError(
                "this session is not bound, so there is nobody to send a file to",
                fix=":Chat bridge dingtalk binds it",
            )
        account.need_mode()
        target = account.target_of(session)
        if target is None:
            raise BridgeError(account.why_no_target())
        return account, target

    def send_file(self, session: str, message_id: str, path: str, to: str = "") -> None:
        """Send the file at the whole path `path` as it is now, in the session's conversation or to
        the address `to`. Raises `BridgeError` as `need_target` does; what is wrong with the file is
        told later."""
        account, target = self.need_target(session, to)
        self._begin(account, session, message_id, PurePath(path).name)
        self._parcels.pack(
            message_id,
            path,
            lambda packed: self._packed(account, target, session, message_id, packed),
            lambda error: self._failed(account, session, message_id, error),
        )

    def send_image(
        self, session: str, message_id: str, name: str, code: str, filetype: str, first_line: int
    ) -> None:
        """Send code as a picture of that name. Raises `BridgeError` as `need_target` does; what
        cannot be drawn is told later."""
        account, target = self.need_target(session)
        name = file_names.safe_name(name, "code.png")
        self._begin(account, session, message_id, name)
        self._parcels.draw(
            message_id,
            name,
            code,
            filetype,
            first_line,
            lambda packed: self._packed(account, target, session, message_id, packed),
            lambda error: self._failed(account, session, message_id, error),
        )

    def leave(self) -> None:
        """The editor leaves: what is not copied yet is told as not sent, in its session."""
        for message_id, (account, session, name) in self._under_way.items():
            account.member.give_up(message_id)
            if session in self._sessions:
                line = f"[file: {attachments.shown_name(name)}]"
                self._add(session, message_id, line, Delivery.FAILED, LEFT)
        self._under_way.clear()

    def _begin(self, account: Account, session: str, message_id: str, name: str) -> None:
        self._under_way[message_id] = (account, session, name)
        account.member.reserve(message_id)

    def _add(
        self, session: str, message_id: str, line: str, delivery: Delivery, reason: str = ""
    ) -> None:
        now = self._chance.now()
        message = Message(message_id, Role.EDITOR, "You", line, now, delivery, reason)
        self._sessions.hold(session)
        self._sessions.add(session, message)

    def _packed(
        self, account: Account, target: Target, session: str, message_id: str, packed: Packed
    ) -> None:
        self._under_way.pop(message_id, None)
        if session not in self._sessions:
            # It was deleted meanwhile, and with it what was to be sent in it.
            account.member.give_up(message_id)
            return
        name = attachments.shown_name(packed.name)
        outbound = Outbound(
            message_id,
            target,
            f"[file: {name}]",
            file_names.safe_name(packed.name),
            file=packed.kept,
            file_name=file_names.safe_name(packed.name),
        )
        is_picture = file_names.ending(outbound.file_name) in media.PICTURES
        line = attachments.link(name, packed.path, is_picture=is_picture)
        if packed.note:
            line += f"\n\n{packed.note}"
        self._add(session, message_id, line, Delivery.QUEUED)
        account.member.send(exchange.Send(outbound, Kind.REPLY, session))
        self._changed()

    def _failed(self, account: Account, session: str, message_id: str, error: BridgeError) -> None:
        log.info("a file was not sent: %s", error)
        self._under_way.pop(message_id, None)
        account.member.give_up(message_id)
        words = in_words(f"not sent: {error}", error.fix).rstrip(".")
        self._editor.show(
            updates.Say(words, "error"),
            updates.Event(
                "DingbridgeFailed",
                {
                    "account": account.name,
                    "id": message_id,
                    "session": session,
                    "reason": str(error),
                },
            ),
        )
