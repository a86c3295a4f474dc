"""FIFO of the editor's requests; paused while the values in new settings are looked up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from dingbridge.core.catalogue import service as say
from dingbridge.core.options.lookups import LookupResults, Wants, not_looked_up
from dingbridge.core.timeouts import SETTLED_WITHIN
from dingbridge.edges.neovim import Neovim
from dingbridge.editor.lua_requests import EditorSettings
from dingbridge.editor.service_frames import ServiceFrames
from dingbridge.editor.timer import after
from dingbridge.editor.value_lookup import Commands, ValueLookup, digest_of, wanted_file
from dingbridge.protocol import frames, updates
from dingbridge.protocol.command_queue import CommandQueue


class OrderedRequests:
    """Sends requests in the editor's order. Host loop only.

    A request after new settings waits until their `env_file` is read, so that they apply to it::

        open --configure, with an env_file--> paused --read, or given up--> open
    """

    def __init__(self, neovim: Neovim, environ: Mapping[str, str], service: ServiceFrames) -> None:
        self._neovim = neovim
        self._environ = environ
        self._service = service
        self._queue = CommandQueue(lambda: self._lookup is not None, lambda call: call())
        self._lookup: ValueLookup | None = None
        self._give_up: Callable[[], None] = lambda: None
        self._commands = Commands(environ, neovim.post, service.looked_up)
        self._is_leaving = False

    def put(self, frame: frames.FromHost) -> None:
        """Send a frame after all earlier requests."""
        self._queue.put(lambda: self._service.notify(frame))

    def put_settings(self, settings: EditorSettings) -> None:
        """Send new settings, with the values that they refer to."""
        if self._queue.is_empty:
            # Newer settings replace older ones that wait.
            self._look_up(settings)
        else:
            self._queue.put(lambda: self._look_up(settings))

    def run_commands(self, digest: str) -> None:
        """Run the commands in the settings with that digest, and send what they print."""
        self._commands.run(self._service.settings_with(digest))

    def leave(self) -> None:
        """The editor exits: end all lookups, and wait for no later one."""
        self._is_leaving = True
        self._give_up()
        self._commands.give_up()

    def _look_up(self, settings: EditorSettings) -> None:
        began = time.time()
        options = settings.options or {}
        wanted = wanted_file(options, self._environ)
        lookup = ValueLookup(wanted, lambda result: self._neovim.post(lambda: found(result)))

        def found(result: LookupResults) -> None:
            # A later setup() may have overtaken this one.
            if lookup is self._lookup:
                self._lookup = None
                self._send(settings, result, began)
                self._queue.go_on()

        def still_waiting() -> None:
            if lookup is self._lookup:
                self._neovim.show(updates.ShowNotice(say.SETTINGS_WAIT_FILE(), "info"))

        def give_up() -> None:
            lookup.stop()
            found(not_looked_up(wanted))

        if self._lookup is not None:
            self._lookup.stop()
        self._lookup, self._give_up = lookup, give_up
        if wanted == Wants():
            found(LookupResults())
        elif self._is_leaving:
            give_up()
        else:
            lookup.start()
            after(SETTLED_WITHIN, self._neovim.post, still_waiting)

    def _send(self, settings: EditorSettings, found: LookupResults, began: float) -> None:
        self._service.notify(
            frames.RawSettings(
                settings.options,
                settings.problems,
                settings.cwd,
                settings.revision,
                began,
                frames.packed(found),
                digest_of(settings.options or {}, self._environ, found),
                settings.key_digest,
                settings.path,
            )
        )
