"""Finds every place of a raw table with an option, in any spelling and nesting."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from dingbridge.core.catalogue import options as say
from dingbridge.core.catalogue import values as words
from dingbridge.core.messages import ACCOUNT_NAME, PLATFORM
from dingbridge.core.options.declarations import BY_NAME, NESTS, PREFIX, SPELLINGS, WRAPPERS
from dingbridge.core.options.lookups import SPACE
from dingbridge.core.options.problems import Problems, join
from dingbridge.core.options.sources import Source


class Given(Struct, frozen=True):
    """One place where an option has a value: its path, or the `variable` of the
    environment that stands for the option."""

    path: str
    value: object
    variable: Source | None = None

    def __repr__(self) -> str:
        return f"Given({self.path})"


Scope = dict[str, list[Given]]
"""Canonical name of an option, to all places of one table that give it."""


class OptionPlaces(Struct):
    """What one table gives: outside of accounts, in each account, and as variables (`env`)."""

    outer: Scope = field(default_factory=dict)
    accounts: dict[str, Scope] = field(default_factory=dict)
    env: list[Given] = field(default_factory=list)


def gather(raw: object, problems: Problems) -> OptionPlaces:
    """All places of `raw`, the table under `integrations.dingtalk`, each list sorted by path."""
    gatherer = _Gatherer(problems)
    gatherer.table(raw, PREFIX, "", gatherer.found.outer, may_wrap=True)
    for scope in (gatherer.found.outer, *gatherer.found.accounts.values()):
        for places in scope.values():
            places.sort(key=lambda place: place.path)
    gatherer.found.env.sort(key=lambda place: place.path)
    return gatherer.found


class _Gatherer:
    def __init__(self, problems: Problems) -> None:
        self.found = OptionPlaces()
        self._problems = problems

    def table(self, table: object, path: str, within: str, scope: Scope, *, may_wrap: bool) -> None:
        """Notes what `table` gives in `scope`. `within` is the dotted name of the table, with a
        dot at its end; `may_wrap` allows a pasted block once."""
        is_outer = scope is self.found.outer
        for key, value in self._problems.entries(table, path):
            spelling, here = within + key, join(path, key)
            name = SPELLINGS.get(spelling, "")
            if name and BY_NAME[name].editor_wide and not is_outer:
                self._problems.add(here, say.EDITOR_WIDE())
            elif name == "accounts":
                self._accounts(value, here)
            elif name and value is not None:
                places = self.found.env if name == "env" else scope.setdefault(name, [])
                places.append(Given(here, value))
            elif spelling in NESTS:
                self.table(value, here, spelling + ".", scope, may_wrap=False)
            elif spelling == "type" and value is not None:
                self._is_ours(value, here)
            elif may_wrap and spelling in WRAPPERS:
                self._blocks(value, here, WRAPPERS[spelling])
            elif not name and spelling != "type":
                known = [*SPELLINGS, *NESTS, *(WRAPPERS if may_wrap else ())]
                inside = [each[len(within) :] for each in known if each.startswith(within)]
                near = self._problems.unknown(here, key, inside)
                if within + near in SPELLINGS:
                    # It counts as given, so that nothing is said to miss it.
                    scope.setdefault(SPELLINGS[within + near], [])

    def _accounts(self, table: object, path: str) -> None:
        for name, account in self._problems.entries(table, path, BY_NAME["accounts"].expects):
            if account is not None:
                self._account(name, account, join(path, name))

    def _account(self, name: str, table: object, path: str) -> None:
        # A target is dingtalk:work:id, so no account may be called as the platform is.
        if not ACCOUNT_NAME.fullmatch(name) or name.lower() == PLATFORM:
            self._problems.add(path, say.ACCOUNT_NAME())
            return
        self.table(table, path, "", self.found.accounts.setdefault(name, {}), may_wrap=False)

    def _blocks(self, table: object, path: str, platform: str) -> None:
        """What stands in `channels`: the block of the platform, or accounts by their `type`."""
        for name, block in self._problems.entries(table, path):
            here = join(path, name)
            kind = block.get("type") if isinstance(block, Mapping) else None
            if kind is not None and not self._is_ours(kind, f"{here}.type"):
                continue
            if name == platform:
                self.table(block, here, "", self.found.outer, may_wrap=False)
            elif kind is not None:
                self._account(name, block, here)
            else:
                self._problems.unknown(here, name, [platform])

    def _is_ours(self, kind: object, path: str) -> bool:
        """Whether a table's `type` names our platform, as the settings of other gateways do."""
        if not isinstance(kind, str):
            self._problems.expected(path, words.CHOICE(choice=PLATFORM), kind)
        elif kind.strip(SPACE) != PLATFORM:
            self._problems.add(path, say.OTHER_TYPE())
        else:
            return True
        return False
