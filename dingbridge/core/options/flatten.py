"""Finds all places in a raw table that give an option, in any spelling and nesting."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from dingbridge.core.catalogue import options as say
from dingbridge.core.catalogue import values as words
from dingbridge.core.messages import ACCOUNT_NAME, PLATFORM
from dingbridge.core.options.declarations import BY_NAME, NESTS, SPELLINGS, WRAPPERS
from dingbridge.core.options.lookups import SPACE
from dingbridge.core.options.problems import Problems, join
from dingbridge.core.options.sources import Source


class Given(Struct, frozen=True):
    """One place that gives an option a value: a path in the table, or an environment `variable`."""

    path: str
    value: object
    variable: Source | None = None

    def __repr__(self) -> str:
        return f"Given({self.path})"


Scope = dict[str, list[Given]]
"""All places of one table that give an option, by its canonical name."""


class OptionPlaces(Struct):
    """The places of a table: outside of accounts, in each account, and in `env`."""

    outer: Scope = field(default_factory=dict)
    accounts: dict[str, Scope] = field(default_factory=dict)
    env: list[Given] = field(default_factory=list)


def gather(raw: object, problems: Problems) -> OptionPlaces:
    """All places in `raw`, the table with the options, each list sorted by path."""
    gatherer = _Gatherer(problems)
    gatherer.table(raw, problems.path, "", gatherer.found.outer, may_wrap=True)
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
        """Add the places in `table` to `scope`. `within` is the table's dotted name with a trailing
        dot; `may_wrap` allows one pasted block.
        """
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
                    # It counts as given, so that it is not reported as missing.
                    scope.setdefault(SPELLINGS[within + near], [])

    def _accounts(self, table: object, path: str) -> None:
        for name, account in self._problems.entries(table, path, BY_NAME["accounts"].expects):
            if account is not None:
                self._account(name, account, join(path, name))

    def _account(self, name: str, table: object, path: str) -> None:
        # Targets are written dingtalk:work:id, so no account may have the platform's name.
        if not ACCOUNT_NAME.fullmatch(name) or name.lower() == PLATFORM:
            self._problems.add(path, say.ACCOUNT_NAME())
            return
        self.table(table, path, "", self.found.accounts.setdefault(name, {}), may_wrap=False)

    def _blocks(self, table: object, path: str, platform: str) -> None:
        """The entries of `channels`: the platform's block, or accounts by their `type`."""
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
        """Whether a table's `type` names our platform, as in the settings of other gateways."""
        if not isinstance(kind, str):
            self._problems.expected(path, words.CHOICE(choice=PLATFORM), kind)
        elif kind.strip(SPACE) != PLATFORM:
            self._problems.add(path, say.OTHER_TYPE())
        else:
            return True
        return False
