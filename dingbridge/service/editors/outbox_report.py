"""The report of `:Chat outbox`, put together from what the owners of all robots answer."""

from __future__ import annotations

from dingbridge.protocol.updates import Report, ReportLine
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.accounts import Accounts


class OutboxReport:
    """What the owners have answered since they were asked last. Service loop only."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._answers: dict[str, tuple[ReportLine, ...]] = {}
        self._again = False

    def ask(self, *, again: bool) -> None:
        """The owners are asked; `again` for a report that is shown already."""
        self._answers.clear()
        self._again = again

    def answered(self, account: Account, lines: tuple[tuple[str, str], ...]) -> Report:
        """An owner's answer; the report of all that came so far. Empty outboxes beside others are
        told each on its own."""
        (first, about), *rest = lines
        labelled = [(account.settings.labelled(first), about), *rest]
        self._answers[account.name] = tuple(ReportLine(text, message) for text, message in labelled)
        parts = [self._answers.get(one.name, ()) for one in self._accounts]
        shown = tuple(line for part in parts for line in part)
        if not any(line.message for line in shown):
            shown = self._answers[account.name]
        return Report("outbox", shown, self._again)
