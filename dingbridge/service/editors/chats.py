"""The chats of one editor: its sessions, and the accounts that they are bound to."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.service.editors.accounts import Accounts
from dingbridge.service.editors.sessions import EditorSessions


class Chats(Struct, frozen=True):
    """What everything that sends, receives or answers messages of an editor works on."""

    sessions: EditorSessions
    accounts: Accounts
