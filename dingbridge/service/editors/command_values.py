"""The output of the commands in settings, shared so that each runs once for all editors."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.options.lookups import Argv
from dingbridge.protocol.command_queue import Post

Outputs = dict[Argv, str]
"""The output of each command."""

Tell = Callable[[Outputs | None], None]


class CommandValues:
    """Outputs of the settings tables in force, in memory only. Service loop only.

    Editors are known by the number of their connection, tables by their digest. One editor at a
    time runs the commands of a table, and the others wait for its result.

    waiting ──first for its table──▶ running ──put()──▶ known (all who wait get it)
       ▲                                └──ask_no_longer()──▶ the next one runs
    """

    def __init__(self, post: Post) -> None:
        self._post = post
        self._in_force: dict[int, tuple[str, Outputs]] = {}
        self._asking: dict[int, tuple[str, Tell]] = {}

    def ask(self, number: int, digest: str, notify: Tell) -> None:
        """Request the outputs for a table. `notify` gets them once they are known, or None if this
        editor must run the commands."""
        for known, outputs in self._in_force.values():
            if known == digest:
                notify(outputs)
                return
        is_first = all(asked != digest for asked, _ in self._asking.values())
        self._asking[number] = (digest, notify)
        if is_first:
            notify(None)

    def ask_no_longer(self, number: int) -> None:
        """Withdraw an editor's request. If it was to run the commands, the next one does."""
        digest, _ = self._asking.pop(number, ("", None))
        following = [notify for asked, notify in self._asking.values() if asked == digest]
        if following:
            self._notify(following[0], None)

    def put(self, number: int, digest: str, outputs: Outputs) -> None:
        """An editor's table is in force, in place of its earlier one."""
        self._asking.pop(number, None)
        self._in_force[number] = (digest, outputs)
        for other, (asked, notify) in list(self._asking.items()):
            if asked == digest:
                del self._asking[other]
                self._notify(notify, outputs)

    def drop(self, number: int) -> None:
        """The editor has no table with commands in force any more."""
        self._in_force.pop(number, None)
        self.ask_no_longer(number)

    def _notify(self, notify: Tell, outputs: Outputs | None) -> None:
        # Posted, because another editor is in the middle of a call.
        self._post(lambda: notify(outputs))
