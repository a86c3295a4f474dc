"""Searches transcripts on disk, one at a time."""

from __future__ import annotations

import logging

from dingbridge.core.messages import Message
from dingbridge.core.sessions import search
from dingbridge.core.sessions.search import Query
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.transcripts import Transcripts

log = logging.getLogger(__name__)


def search_transcript(
    transcripts: Transcripts, session: str, query: Query
) -> tuple[int, list[Message]]:
    """How many messages of a transcript match, and the latest `MOST` of them, which alone stay in
    memory. An unreadable one has none."""
    path = transcripts.path(session)
    try:
        with own_files.reading(path) as file:
            latest, completed = search.find(file, query)
            if completed:
                file.seek(0)
                search.add_completed(latest, file, completed)
    except OSError as cause:
        log.warning("%s cannot be searched: %s", path.name, cause.strerror)
        return 0, []
    return latest.count, [*latest]
