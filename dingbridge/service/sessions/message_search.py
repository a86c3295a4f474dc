"""Searches all transcripts for the messages with some words, in a thread, one after the other."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from dingbridge.core.messages import Message
from dingbridge.core.sessions.search import MOST, Query
from dingbridge.edges.storage.transcript_search import search_transcript
from dingbridge.edges.storage.transcripts import Transcripts
from dingbridge.edges.storage.worker import Worker
from dingbridge.service.sessions.session_ports import Hit


class MessageSearch:
    """The searches of one editor. Service loop only.

    Each transcript is a piece of work of its own, so that other work with files goes between. A new
    search ends the one before.
    """

    def __init__(self, transcripts: Transcripts, worker: Worker) -> None:
        self._transcripts = transcripts
        self._worker = worker
        self._latest: object = None

    def start(self, query: Query, then: Callable[[int, tuple[Hit, ...]], None]) -> None:
        """Search. `then` gets how many messages match and the latest `MOST` of them, the latest
        first."""
        search = self._latest = object()
        left: list[str] = []
        hits: list[Hit] = []
        count = 0

        def begin(sessions: tuple[str, ...]) -> None:
            left.extend(sessions)
            go_on()

        def go_on() -> None:
            if self._latest is not search:
                return
            if not left:
                then(count, tuple(hits))
                return
            session = left.pop()
            self._worker.do(
                lambda: search_transcript(self._transcripts, session, query),
                lambda found: searched(session, *found),
            )

        def searched(session: str, matching: int, messages: list[Message]) -> None:
            nonlocal count
            count += matching
            new = (Hit(session, message) for message in messages)
            hits[:] = heapq.nlargest(MOST, [*hits, *new], key=lambda hit: hit.message.time)
            go_on()

        self._worker.do(self._transcripts.ids, begin)
