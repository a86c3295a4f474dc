"""The sessions of one editor, and the accounts that they are bound to."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.service.editors.accounts import Accounts
from dingbridge.service.editors.sessions import EditorSessions


class Chats(Struct, frozen=True):
    """Sessions and accounts: whatever handles messages of an editor needs both."""

    sessions: EditorSessions
    accounts: Accounts
