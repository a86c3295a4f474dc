"""Resolves an editor's settings: runs their commands, or waits for another editor that does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from dingbridge.core.catalogue import language
from dingbridge.core.catalogue import service as say
from dingbridge.core.listing import comma_list
from dingbridge.core.options.lookups import LookupResults, Wants, not_looked_up, with_commands
from dingbridge.core.options.settings import wants
from dingbridge.core.timeouts import ALL_HERE_WITHIN, SETTLED_WITHIN
from dingbridge.protocol import updates
from dingbridge.protocol.frames import Attach, LookedUp, RawSettings, unpacked
from dingbridge.service.editors.command_values import CommandValues, Outputs
from dingbridge.service.editors.read_settings import ReadSettings
from dingbridge.service.editors.read_settings import read as read_settings
from dingbridge.service.editors.screen import Screen


class EditorSetup:
    """Resolves settings and puts them in force with `use`. Service loop only.

    new ──no commands, or outputs known──▶ in force
      └──▶ waiting ──outputs arrive, or the editor leaves──▶ in force
    """

    def __init__(
        self,
        number: int,
        attach: Attach,
        values: CommandValues,
        screen: Screen,
        use: Callable[[RawSettings, ReadSettings], None],
    ) -> None:
        self._number = number
        self._attach = attach
        self._values = values
        self._screen = screen
        self._use = use
        self._waiting: RawSettings | None = None
        self._is_looking = False
        self._is_new = True
        self._is_leaving = False

    @property
    def is_waiting(self) -> bool:
        """Whether settings wait for their commands."""
        return self._waiting is not None

    def begin(self, settings: RawSettings) -> None:
        """Resolve new settings. They replace those that wait."""
        before, self._waiting = self._waiting, None
        if before is not None:
            self._screen.carried_out()
            if before.digest != settings.digest:
                self._look_no_longer()
        found = unpacked(settings.found)
        if not settings.digest or found.outputs or found.failures:
            self._finish(settings, found)
            return
        self._waiting = settings
        if self._is_leaving:
            self._give_up(settings)
        elif before is None or before.digest != settings.digest:
            self._later(SETTLED_WITHIN, self._notify_what_it_waits_for)
            self._values.ask(self._number, settings.digest, partial(self._told, settings.digest))

    def looked_up(self, said: LookedUp) -> None:
        """The editor has run the commands."""
        if self._waiting is not None and self._waiting.digest == said.digest:
            self._is_looking = False
            self._complete(self._waiting, unpacked(said.found))

    def leave(self) -> None:
        """The editor leaves: waiting settings are used without the outputs, and its table is
        dropped."""
        self._is_leaving = True
        if self._waiting is not None:
            self._give_up(self._waiting)
        self._values.drop(self._number)

    def _told(self, digest: str, outputs: Outputs | None) -> None:
        waiting = self._waiting
        if waiting is None or waiting.digest != digest:
            # It has other settings by now.
            return
        if outputs is not None:
            self._complete(waiting, LookupResults(outputs=outputs))
        elif self._attach.bound is not None and self._is_new:
            # An earlier service knew the outputs, so another editor may submit them soon.
            self._later(ALL_HERE_WITHIN, self._look_up)
        else:
            self._look_up(waiting)

    def _look_up(self, settings: RawSettings) -> None:
        self._is_looking = True
        self._screen.look_up(settings.digest)

    def _look_no_longer(self) -> None:
        self._values.ask_no_longer(self._number)
        if self._is_looking:
            self._is_looking = False
            self._screen.look_up("")

    def _later(self, seconds: float, call: Callable[[RawSettings], None]) -> None:
        """Call with the waiting settings after some time, if they still wait then."""
        digest = self._waiting.digest if self._waiting is not None else ""

        def then() -> None:
            if self._waiting is not None and self._waiting.digest == digest:
                call(self._waiting)

        asyncio.get_running_loop().call_later(seconds, then)

    def _notify_what_it_waits_for(self, settings: RawSettings) -> None:
        names = comma_list(argv[0] for argv in self._commands(settings))
        self._screen.show(updates.ShowNotice(say.SETTINGS_WAIT(names=names)))

    def _commands(self, settings: RawSettings) -> tuple[tuple[str, ...], ...]:
        return wants(settings.options or {}, self._attach.environ).commands

    def _give_up(self, settings: RawSettings) -> None:
        self._complete(settings, not_looked_up(Wants(self._commands(settings))))

    def _complete(self, settings: RawSettings, said: LookupResults) -> None:
        self._waiting = None
        self._finish(settings, with_commands(unpacked(settings.found), said))

    def _finish(self, settings: RawSettings, found: LookupResults) -> None:
        self._is_new = False
        read = read_settings(settings, found, self._attach.environ)
        language.use(read.configuration.default.language, self._attach.environ)
        if read.problem:
            self._screen.show(updates.ShowNotice(read.problem, "error"))
        for warning in read.warnings:
            self._screen.show(updates.ShowNotice(warning, "warn"))
        self._use(settings, read)
        if settings.digest and not read.problems:
            self._values.put(self._number, settings.digest, found.outputs)
        else:
            self._values.drop(self._number)
        self._screen.carried_out()
