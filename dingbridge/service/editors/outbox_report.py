"""The report of `:Chat outbox`, composed from the replies of all robots."""

from __future__ import annotations

from dingbridge.protocol.updates import Report, ReportLine
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.accounts import Accounts


class OutboxReport:
    """The replies to the latest request. Service loop only."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._answers: dict[str, tuple[ReportLine, ...]] = {}
        self._again = False

    def ask(self, *, again: bool) -> None:
        """Start a new report; `again` if one is on the screen."""
        self._answers.clear()
        self._again = again

    def answered(self, account: Account, lines: tuple[tuple[str, str], ...]) -> Report:
        """Add a robot's reply and return the report so far. If all outboxes are empty, it contains
        only this reply."""
        (first, about), *rest = lines
        labelled = [(account.settings.labelled(first), about), *rest]
        self._answers[account.name] = tuple(ReportLine(text, message) for text, message in labelled)
        parts = [self._answers.get(one.name, ()) for one in self._accounts]
        shown = tuple(line for part in parts for line in part)
        if not any(line.message for line in shown):
            shown = self._answers[account.name]
        return Report("outbox", shown, self._again)
