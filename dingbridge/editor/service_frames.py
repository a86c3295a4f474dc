"""The host's outgoing frames: sent in order, queued without a service, kept until carried out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import structs

from dingbridge.core.options.lookups import LookupResults, with_commands
from dingbridge.edges.ipc import Client
from dingbridge.editor.bound_sessions import BoundSessions
from dingbridge.editor.file_transfers import FileTransfers
from dingbridge.editor.unconfirmed import UnconfirmedFrames, file_of
from dingbridge.editor.waiting_requests import WaitingRequests
from dingbridge.protocol import frames


class ServiceFrames:
    """Sends frames to the current service. Host loop only.

    A frame in its states::

        notify --no service--> waiting --attached--> sent --carried_out--> forgotten
           |                      ^                   |
           +--connected-----------|------------> sent +
                                  +---lost, ended-----+   (`lost`: only what may be repeated)

    - `hello` is set before the first service is attached.
    - `files` transfers the contents of the files that frames name.
    """

    hello: frames.Attach

    def __init__(self, files: FileTransfers) -> None:
        self._files = files
        self._client: Client | None = None
        self._settings: frames.RawSettings | None = None
        self._waiting = WaitingRequests()
        self._presence: frames.UserPresence | None = None
        self._under_way = UnconfirmedFrames()
        self._bound = BoundSessions()

    @property
    def client(self) -> Client | None:
        """The connection to the service; None while there is none."""
        return self._client

    def notify(self, frame: frames.FromHost) -> None:
        """Send a frame, or queue it for the next service."""
        if self._client is None:
            self._waiting.put(frame)
            return
        for each in self._waiting.pass_on(frame):
            self._send(self._client, each)

    def notify_now(self, frame: frames.FromHost) -> None:
        """Send a frame, or drop it without a service, because the next one has no use for it."""
        if self._client is not None:
            self._send(self._client, frame)

    def user_is(self, *, away: bool) -> None:
        """Send whether the user is away from this editor, now and to each later service."""
        self._presence = frames.UserPresence(away)
        self.notify_now(self._presence)

    def attached(self, client: Client) -> None:
        """A service is attached: send it the initial frames, then the queued ones."""
        self._client = client
        self._bound.begin()
        self._under_way.begin()
        hello = self.hello
        if self._bound.sessions is not None:
            hello = structs.replace(hello, bound=self._bound.sessions)
        self._send(client, hello)
        if self._settings is not None:
            self._send(client, self._settings)
        if self._presence is not None:
            self._send(client, self._presence)
        for frame in self._waiting.take():
            self._send(client, frame)

    def carried_out(self, count: int) -> None:
        """The service has carried out `count` frames since it was attached."""
        self._under_way.carried_out(count)
        self._confirm_bound()

    def shown(self, updates: Iterable[Mapping[str, Any]]) -> None:
        """Note which sessions are bound, from what the service shows."""
        self._bound.note(updates)
        self._confirm_bound()

    def _confirm_bound(self) -> None:
        if not self._under_way.has_commands:
            self._bound.confirm()

    def ended(self) -> None:
        """The service exits normally: queue all frames that it has not carried out."""
        self._client = None
        self._files.forget(self._under_way.files)
        self._waiting.lost(self._under_way.ended())

    def lost(self) -> list[str]:
        """The service crashed: queue the frames that may be repeated.

        Returns the other commands, of which it is unknown whether they were carried out.
        """
        self._client = None
        self._files.forget(self._under_way.files)
        again, doubtful = self._under_way.lost()
        self._waiting.lost(again)
        return doubtful

    def settings_with(self, digest: str) -> frames.RawSettings | None:
        """The latest settings with that digest that the service has not carried out."""
        return self._under_way.settings(digest)

    def looked_up(self, digest: str, found: LookupResults) -> None:
        """Send what the commands in the settings with that digest printed; the next service gets it
        with the settings."""
        last = self._settings
        if last is not None and last.digest == digest:
            packed = frames.packed(with_commands(frames.unpacked(last.found), found))
            self._settings = structs.replace(last, found=packed)
        self.notify_now(frames.LookedUp(digest, frames.packed(found)))

    def _send(self, client: Client, frame: frames.FromHost) -> None:
        client.send(frames.encode(frame))
        self._under_way.sent(frame)
        if file := file_of(frame):
            self._files.begin(file)
        if isinstance(frame, frames.RawSettings):
            # The next service needs it before everything else.
            self._settings = frame
