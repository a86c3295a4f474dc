"""Looks messages up in a transcript by their ids."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from dingbridge.core.sessions import transcript
from dingbridge.core.sessions.transcript import SessionInfo
from dingbridge.edges.storage import own_files

_NAMED = re.compile(rb'"id":"([^"]*)"')
"""An id in a line; inside of a text the quotes are escaped."""


def messages_in(path: Path, messages: Collection[str]) -> set[str]:
    """Which of these messages are in a transcript, which is synced before. Only complete lines
    count: a crash may have truncated one."""
    wanted = {message.encode() for message in messages}
    try:
        with own_files.reading(path) as file:
            lines = [line for line in file if not wanted.isdisjoint(_NAMED.findall(line))]
    except FileNotFoundError:
        return set()
    shown = transcript.read(lines, SessionInfo("", "", 0.0)).messages
    found = {message.id for message in shown} & set(messages)
    if found:
        # Their writer may have been killed before the sync.
        own_files.sync(path)
    return found
