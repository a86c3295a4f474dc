"""Reports that the editor shows in a window: status and outbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dingbridge.core.delivery.message_rows import MessageRow
from dingbridge.protocol import updates
from dingbridge.protocol.updates import MessageCommand
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.accounts import Accounts
from dingbridge.service.editors.outbox_report import OutboxReport
from dingbridge.service.editors.screen import Screen
from dingbridge.service.robots import robot_requests


class Reports:
    """Composes reports and updates the one on the screen. Service loop only.

    - `last_error` returns the latest error in words; empty without one.
    - `more` returns further lines of the status.
    """

    def __init__(
        self,
        editor: Screen,
        accounts: Accounts,
        last_error: Callable[[], str],
        more: Callable[[], Sequence[str]],
    ) -> None:
        self._editor = editor
        self._accounts = accounts
        self._last_error = last_error
        self._more = more
        self._outbox = OutboxReport(accounts)

    def show_status(self, *, again: bool = False) -> None:
        """Show the status of all accounts; `again` if it is on the screen already."""
        text = "\n".join([self._accounts.describe(self._last_error()), *self._more()])
        self._editor.show(updates.report("status", text, again=again))

    def show_outbox(self, *, again: bool = False) -> None:
        """Request the outboxes of all robots; the report shows when they reply. Raises
        `BridgeError` if no account is set up."""
        accounts = self._accounts.set_up()
        self._outbox.ask(again=again)
        for account in accounts:
            account.member.notify(robot_requests.ShowOutbox(self._accounts.prefix(account)))

    def outbox_answered(self, account: Account, lines: tuple[tuple[str, str], ...]) -> None:
        """The robot of an account has replied."""
        self._editor.show(self._outbox.answered(account, lines))

    def choose_message(self, command: MessageCommand) -> None:
        """Let the user choose a message for a command; the choice shows when the robots reply.
        Raises `BridgeError` if no account is set up."""
        for account in self._accounts.set_up():
            account.member.notify(robot_requests.ListMessages(command))

    def choose(
        self, account: Account, command: MessageCommand, rows: tuple[MessageRow, ...]
    ) -> None:
        """The robot of an account offers messages for a command."""
        prefix = self._accounts.prefix(account)
        typed = tuple((prefix + message, words) for message, words in rows)
        self._editor.show(updates.Choose(command, typed))

    def show_again(self, report: str) -> None:
        """Update the report on the screen. Raises `BridgeError` as its command does."""
        if report == "status":
            self.show_status(again=True)
        elif report == "outbox":
            self.show_outbox(again=True)
