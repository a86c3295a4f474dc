"""The commands `pair`, `deny` and `revoke`, which decide who may write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from dingbridge.core.catalogue import access as say
from dingbridge.protocol import updates
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.accounts import Accounts
from dingbridge.service.editors.screen import Screen
from dingbridge.service.robots import robot_news, robot_requests


class AccessCommands:
    """Submits the user's decisions to the robots; offers a choice if the command has no argument.
    Service loop only."""

    def __init__(self, accounts: Accounts, editor: Screen) -> None:
        self._accounts = accounts
        self._editor = editor
        self._let_in: dict[str, updates.ShowAccess] = {}

    def pair(self, argument: str) -> None:
        """Accept a pairing code, for an hour if `once` follows it. Without a code, request the open
        ones."""
        code = argument.removesuffix(" once")
        if code:
            self._decide(code, lambda bare: robot_requests.Pair(bare, once=code != argument))
            return
        for account in self._accounts.set_up():
            account.member.notify(robot_requests.ShowPairings())

    def deny(self, code: str) -> None:
        """Deny a pairing code; without one, let the user choose."""
        if code:
            self._decide(code, robot_requests.Deny)
        else:
            self._choose("deny", lambda known: known.asking, say.NOBODY_ASKS())

    def revoke(self, id: str) -> None:
        """Revoke the access of an id; without one, let the user choose."""
        if id:
            self._decide(id, robot_requests.Revoke)
        else:
            self._choose("revoke", lambda known: known.paired, say.NOBODY_PAIRED())

    def _choose(
        self,
        command: Literal["deny", "revoke"],
        rows_of: Callable[[updates.ShowAccess], tuple[updates.ArgumentRow, ...]],
        nobody: str,
    ) -> None:
        names = [account.name for account in self._accounts.set_up()]
        known = [self._let_in[name] for name in names if name in self._let_in]
        rows = tuple(row for each in known for row in rows_of(each))
        if rows:
            self._editor.show(updates.Choose(command, rows))
        else:
            self._editor.show(updates.ShowNotice(nobody))

    def _decide(self, about: str, ask: Callable[[str], robot_requests.Ask]) -> None:
        """Submit the decision to the robot that got the request."""
        account, about = self._accounts.decide(about)
        account.settings.need_mode()
        account.member.notify(ask(about))

    # --- news of the robots ---------------------------------------------------------------------

    def known(self, account: Account, let_in: robot_news.AccessChanged) -> None:
        """Show the open requests and the paired ids of an account."""
        account.pairing.add(code for code, _ in let_in.asking)
        rows = updates.ShowAccess(
            account.name,
            self._as_typed(account, let_in.asking),
            self._as_typed(account, let_in.paired),
        )
        self._let_in[account.name] = rows
        self._editor.show(rows)

    def answered(self, account: Account, pairings: robot_news.PairingsReport) -> None:
        """Show the reply to `ShowPairings`."""
        account.pairing.add(code for code, _ in pairings.asking)
        words = account.settings.labelled(pairings.text)
        if pairings.asking:
            rows = self._as_typed(account, pairings.asking)
            self._editor.show(updates.Choose("pair", rows), updates.ShowNotice(words))
        else:
            self._editor.show(updates.report("pairings", words))

    def _as_typed(
        self, account: Account, rows: tuple[updates.ArgumentRow, ...]
    ) -> tuple[updates.ArgumentRow, ...]:
        """The rows with ids as commands take them: with the account's name, except for the default
        account."""
        prefix = self._accounts.prefix(account)
        return tuple((prefix + id, who) for id, who in rows)
