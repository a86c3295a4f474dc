"""Fetches the files of robot messages."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dingbridge.core.messages import Attachment
from dingbridge.core.sessions import inbound_entry
from dingbridge.core.timeouts import TEXT_FIRST_AFTER
from dingbridge.protocol import updates
from dingbridge.service.editors.arrival_order import ArrivalOrder
from dingbridge.service.editors.delivered_message import DeliveredMessage
from dingbridge.service.editors.screen import Screen
from dingbridge.service.files.file_ports import Downloads
from dingbridge.service.runtime import Later


class FetchedFiles(Struct, frozen=True):
    """The result for the attachments: a path or None for each, and why there is none."""

    paths: tuple[str | None, ...] = ()
    failures: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The paths that there are."""
        return tuple(path for path in self.paths if path)


class FileFetches:
    """Fetches files for all messages of an editor, in the order of each conversation. Service loop
    only."""

    def __init__(self, editor: Screen, media: Downloads, later: Later) -> None:
        self._editor = editor
        self._media = media
        self._later = later
        self._order = ArrivalOrder()

    def fetch(
        self,
        message: DeliveredMessage,
        attachments: tuple[Attachment, ...],
        then: Callable[[FetchedFiles], None],
        late: Callable[[], None],
    ) -> None:
        """Fetch the attachments of a message, then call `then`. `late` is called after
        `TEXT_FIRST_AFTER` in any case."""

        def start(done: Callable[[], None]) -> None:
            if message.is_over:
                done()
                return

            def fetched(paths: tuple[str | None, ...], failures: tuple[str, ...]) -> None:
                done()
                then(FetchedFiles(paths, failures))

            self._media.fetch(
                message.account.options,
                message.id,
                message.deliver.inbound.robot_code,
                attachments,
                lambda words: self._editor.show(updates.ShowNotice(words)),
                fetched,
            )

        self._order.put(message.place, start)
        self._later(TEXT_FIRST_AFTER, late)


class IncomingFiles:
    """The files of one message: to fetch ──▶ fetched, and late meanwhile if they take too long."""

    def __init__(self, fetches: FileFetches, message: DeliveredMessage) -> None:
        self._fetches = fetches
        self._message = message
        self._attachments = inbound_entry.to_fetch(message.deliver.inbound)
        self.fetched = None if self._attachments else FetchedFiles()
        """The result; None while they are on their way."""
        self._is_late = False

    @property
    def are_expected(self) -> bool:
        """Whether the message came with any."""
        return bool(self._attachments)

    @property
    def may_be_shown_without(self) -> bool:
        """Whether the message waits for them no longer: they are there, or late."""
        return self.fetched is not None or self._is_late

    @property
    def paths(self) -> tuple[str, ...]:
        """Those that are there."""
        return self.fetched.files if self.fetched else ()

    def start(self, fetched: Callable[[], None], late: Callable[[], None]) -> None:
        """Fetch them; `fetched` is called with the result in place, `late` when they are late."""

        def set_fetched(result: FetchedFiles) -> None:
            self.fetched = result
            fetched()

        def set_late() -> None:
            self._is_late = True
            late()

        if self._attachments:
            self._fetches.fetch(self._message, self._attachments, set_fetched, set_late)
