"""What the commands of settings say, so that they run once for all editors."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.options.lookups import Argv
from dingbridge.protocol.command_queue import Post

Outputs = dict[Argv, str]
"""What each command says."""

Tell = Callable[[Outputs | None], None]


class CommandValues:
    """The values of the tables that are in force, in memory only. Service loop only.

    An editor is known by the number of its connection, a table by its digest. For one table only
    one editor at a time runs the commands: the others that ask wait for what it finds.
    """

    def __init__(self, post: Post) -> None:
        self._post = post
        self._in_force: dict[int, tuple[str, Outputs]] = {}
        self._asking: dict[int, tuple[str, Tell]] = {}

    def ask(self, number: int, digest: str, notify: Tell) -> None:
        """Tell an editor what the commands of its table say, once that is known; or None: it is to
        run them itself."""
        for known, outputs in self._in_force.values():
            if known == digest:
                notify(outputs)
                return
        is_first = all(asked != digest for asked, _ in self._asking.values())
        self._asking[number] = (digest, notify)
        if is_first:
            notify(None)

    def ask_no_longer(self, number: int) -> None:
        """An editor does not run its commands any more: if it did, it is the turn of the next."""
        digest, _ = self._asking.pop(number, ("", None))
        following = [notify for asked, notify in self._asking.values() if asked == digest]
        if following:
            self._notify(following[0], None)

    def put(self, number: int, digest: str, outputs: Outputs) -> None:
        """The table of an editor is in force, instead of the one before."""
        self._asking.pop(number, None)
        self._in_force[number] = (digest, outputs)
        for other, (asked, notify) in list(self._asking.items()):
            if asked == digest:
                del self._asking[other]
                self._notify(notify, outputs)

    def drop(self, number: int) -> None:
        """No table with commands is in force in that editor any more."""
        self._in_force.pop(number, None)
        self.ask_no_longer(number)

    def _notify(self, notify: Tell, outputs: Outputs | None) -> None:
        # Later: another editor is in the middle of something.
        self._post(lambda: notify(outputs))
