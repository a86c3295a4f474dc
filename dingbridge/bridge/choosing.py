"""The user chooses the conversation that a session's draft and new texts are for."""

from __future__ import annotations

from dingbridge.bridge import updates
from dingbridge.bridge.accounts import Accounts
from dingbridge.bridge.binding import Account
from dingbridge.bridge.ports import Editor
from dingbridge.bridge.sessions import Sessions
from dingbridge.core import targets
from dingbridge.core.destinations import NOBODY, Destination
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Target


class Choosing:
    """Host loop only."""

    def __init__(self, editor: Editor, sessions: Sessions, accounts: Accounts) -> None:
        self._editor = editor
        self._sessions = sessions
        self._accounts = accounts

    def to(self, session: str, words: str) -> None:
        """`:Chat to`: the conversation of that name or address, or, without words, a choice. Raises
        `BridgeError` for one that is not known."""
        account = self._accounts.of(session)
        if account is None and words:
            raise BridgeError(
                "this session is not bound, so there is nobody to choose",
                fix=":Chat bridge dingtalk binds it",
            )
        if account is None:
            self._editor.show(updates.MoveDraft(session, NOBODY))
            self._say("this session is not bound: what is sent in it stays here")
        elif not words:
            account.need_mode()
            self._editor.show(updates.ChooseDestination(session))
        else:
            account.need_mode()
            target = self._named(account, session, words)
            account.destinations.choose(session, target)
            chosen = account.destinations.destination(session, target)
            self._editor.show(updates.MoveDraft(session, chosen))
            self._say(f"“{self._sessions.title(session)}” writes to {chosen.name}")

    def chosen(self, session: str, destination: Destination | None, *, stays: bool) -> None:
        """A choice that was made in the editor; none means whoever speaks. Unless it `stays`, it
        gives way to whoever speaks next."""
        account = self._accounts.of(session)
        if account is None:
            return
        target = None
        if destination is not None:
            target = account.destinations.begun_for(session, destination)
        if target is not None and stays:
            account.destinations.choose(session, target)
            return
        account.destinations.follow(session)
        if target is not None:
            account.destinations.spoke(session, target)

    def _named(self, account: Account, session: str, words: str) -> Target:
        if not words.startswith(targets.SCHEME):
            return account.destinations.find(session, words)
        other, target = self._accounts.addressed(words)
        if other is not account:
            raise BridgeError(
                f"this session is bound to account {account.name}, not {other.name}",
                fix=f":Chat send {words} … sends a single message there",
            )
        return target

    def _say(self, text: str) -> None:
        self._editor.show(updates.Say(text))
