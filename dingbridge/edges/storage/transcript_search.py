"""Searches transcripts on disk, one at a time."""

from __future__ import annotations

import heapq
import logging

from dingbridge.core.messages import Message
from dingbridge.core.sessions import search
from dingbridge.core.sessions.search import MOST, Query
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.transcripts import Transcripts

log = logging.getLogger(__name__)


def search_transcript(
    transcripts: Transcripts, session: str, query: Query
) -> tuple[int, list[Message]]:
    """How many messages of a transcript match, and the latest `MOST` of them. An unreadable one has
    none."""
    path = transcripts.path(session)
    try:
        with own_files.reading(path) as file:
            found = search.find(file, query)
            messages = [*found.messages.values()]
            if found.completed:
                file.seek(0)
                messages += search.with_texts(file, found.completed).values()
    except OSError as cause:
        log.warning("%s cannot be searched: %s", path.name, cause.strerror)
        return 0, []
    return len(messages), heapq.nlargest(MOST, messages, key=lambda one: one.time)
