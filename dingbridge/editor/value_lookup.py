"""Looks up values that settings refer to, in an `env_file` or from commands, in its own thread.

Few settings have such references, so the modules for them are imported late.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from dingbridge.core.options.lookups import LookupResults, Wants, may_want
from dingbridge.edges.programs.process import Runner, keep_from_children
from dingbridge.protocol.frames import RawSettings


def wanted_file(options: object, environ: Mapping[str, str]) -> Wants:
    """The `env_file` in the options, if any.

    Also removes the secret variables that the options name from the environment of child processes.
    """
    if not may_want(options):
        return Wants()
    from dingbridge.core.options.settings import variables_read, wants

    keep_from_children(variables_read(options))
    return Wants(env_file=wants(options, environ).env_file)


def digest_of(options: object, environ: Mapping[str, str], found: LookupResults) -> str:
    """See `core.settings.digest`."""
    if not may_want(options):
        return ""
    from dingbridge.core.options.settings import digest

    return digest(options, environ, found)


class ValueLookup(threading.Thread):
    """Runs the commands and reads the file once, and passes the results to `notify` on its
    thread."""

    def __init__(self, wanted: Wants, notify: Callable[[LookupResults], None]) -> None:
        super().__init__(name="dingbridge-outside", daemon=True)
        self._wanted = wanted
        self._notify = notify
        self._runner = Runner()

    def run(self) -> None:
        """Look everything up."""
        from dingbridge.edges.programs import settings_lookup

        self._notify(settings_lookup.look_up(self._wanted, self._runner))

    def stop(self) -> None:
        """Kill the running command, with its child processes."""
        self._runner.stop()


class Commands:
    """Runs the commands in settings when the service asks for their output. Host loop only.

    `post` schedules a call on the host loop. `notify` gets the digest of the settings and the
    output.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        post: Callable[[Callable[[], None]], None],
        notify: Callable[[str, LookupResults], None],
    ) -> None:
        self._environ = environ
        self._post = post
        self._notify = notify
        self._settings: RawSettings | None = None
        self._running: ValueLookup | None = None
        self._is_leaving = False

    def run(self, settings: RawSettings | None) -> None:
        """Run the commands of these settings, and stop those of others. Commands of the same
        settings continue."""
        before, self._settings = self._settings, settings
        if before is not None and settings is not None and before.digest == settings.digest:
            return
        if self._running is not None:
            self._running.stop()
            self._running = None
        if settings is None:
            return
        lookup = ValueLookup(
            self._commands(settings),
            lambda found: self._post(lambda: self._ended(lookup, found)),
        )
        self._running = lookup
        if self._is_leaving:
            self.give_up()
        else:
            lookup.start()

    def give_up(self) -> None:
        """Neovim exits: stop the commands."""
        self._is_leaving = True
        if self._running is not None and self._settings is not None:
            self._running.stop()
            self._running = self._settings = None

    def _ended(self, lookup: ValueLookup, found: LookupResults) -> None:
        # The service may have asked for other settings meanwhile.
        if lookup is self._running and self._settings is not None:
            digest, self._settings, self._running = self._settings.digest, None, None
            self._notify(digest, found)

    def _commands(self, settings: RawSettings) -> Wants:
        from dingbridge.core.options.settings import wants

        return Wants(wants(settings.options or {}, self._environ).commands)
