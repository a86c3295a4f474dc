"""`:Chat to` and the choice of a conversation for a session's draft and new texts."""

from __future__ import annotations

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Target
from dingbridge.core.sessions import targets
from dingbridge.core.sessions.destinations import NOBODY, Destination
from dingbridge.protocol import updates
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.accounts import Accounts
from dingbridge.service.editors.screen import Screen
from dingbridge.service.editors.sessions import EditorSessions


class DestinationChoice:
    """Lets the user choose a conversation. Service loop only."""

    def __init__(self, editor: Screen, sessions: EditorSessions, accounts: Accounts) -> None:
        self._editor = editor
        self._sessions = sessions
        self._accounts = accounts

    def to(self, session: str, words: str) -> None:
        """Choose the conversation by name or address; without `words`, let the user pick. Raises
        `BridgeError` if it is unknown."""
        account = self._accounts.of(session)
        if account is None and words:
            raise BridgeError(
                say.NOBODY_TO_CHOOSE(),
                fix=say.BRIDGE_BINDS_IT(),
            )
        if account is None:
            self._editor.show(updates.MoveDraft(session, NOBODY))
            self._show_notice(say.STAYS_HERE())
        elif not words:
            account.settings.need_mode()
            self._editor.show(updates.ChooseDestination(session))
        else:
            account.settings.need_mode()
            target = self._named(account, session, words)
            account.destinations.choose(session, target)
            chosen = account.destinations.destination(session, target)
            self._editor.show(updates.MoveDraft(session, chosen))
            self._show_notice(say.WRITES_TO(title=self._sessions.title(session), place=chosen.name))

    def chosen(self, session: str, destination: Destination | None, *, stays: bool) -> None:
        """The user picked a conversation, or the one that wrote last (None). Unless it `stays`, the
        choice ends when another conversation writes."""
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
                say.BOUND_TO_OTHER_ACCOUNT(account=account.name, other=other.name),
                fix=say.SEND_THERE(target=words),
            )
        return target

    def _show_notice(self, text: str) -> None:
        self._editor.show(updates.ShowNotice(text))
