"""Transcripts that the user saves to a file and loads from one."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path, PurePath

from dingbridge.core.catalogue import files as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.sessions import markdown_export, transcript
from dingbridge.core.sessions.transcript import SessionInfo, Transcript
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.transcripts import Transcripts


def saved(transcripts: Transcripts, session: str, name: str) -> bytes:
    """The content of the file `name` for `:Chat save`: Markdown if its name ends like that, or else
    the transcript itself. Raises `BridgeError` if the transcript is unreadable."""
    try:
        loaded = transcripts.load(session)
    except OSError as cause:
        path = transcripts.path(session)
        raise BridgeError(say.UNREADABLE(path=path, reason=cause.strerror)) from cause
    if PurePath(name).suffix.lower() in markdown_export.ENDINGS:
        return markdown_export.markdown(loaded, datetime.fromtimestamp).encode()
    return transcript.encode_all(loaded.info, loaded.messages)


def take_in(transcripts: Transcripts, copy: Path, name: str, session: str) -> Transcript:
    """Create a session from `copy`, the copy of a file that the user loads (untrusted).

    `name` is the original file's. Raises `BridgeError` if it is not a transcript.
    """
    with own_files.reading(copy) as file:
        first = transcript.read_info(file.readline())
        file.seek(0)
        loaded = transcript.read(file, SessionInfo(session, PurePath(name).stem, time.time()))
    # A session without messages has its own data.
    if loaded.damaged or (first is None and not loaded.messages):
        raise BridgeError(say.NO_TRANSCRIPT(path=name), fix=say.LOAD_SAVED())
    loaded = transcript.as_new_session(loaded, session)
    transcripts.write(loaded)
    return loaded
