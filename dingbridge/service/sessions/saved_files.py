"""Saves transcripts to files of the user's, and loads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dingbridge.core.errors import BridgeError
from dingbridge.core.sessions.transcript import Transcript
from dingbridge.core.user_file import UserFile
from dingbridge.edges.storage import saved_transcripts
from dingbridge.edges.storage.robot_files import SharedFiles, transcript_of
from dingbridge.service.files.transfers import OnFailure, Transfers


class SavedFiles:
    """Saves and loads for one editor, by its `transfers`. Service loop only."""

    def __init__(self, files: SharedFiles, transfers: Transfers) -> None:
        self._worker = files.disk
        self._files = files.transcripts
        self._outgoing = files.outgoing
        self._transfers = transfers

    def save(self, session: str, file: UserFile, failed: OnFailure) -> None:
        """Have the host write the transcript to a new file."""

        def read() -> bytes | BridgeError:
            try:
                return saved_transcripts.saved(self._files, session, file.name)
            except BridgeError as error:
                return error

        def go_out(outcome: bytes | BridgeError) -> None:
            if isinstance(outcome, BridgeError):
                self._transfers.refuse(file)
                failed(outcome)
            else:
                self._transfers.give(file, outcome)

        self._worker.after(transcript_of(session), read, go_out)

    def take_in(
        self, file: UserFile, session: str, then: Callable[[Transcript], None], failed: OnFailure
    ) -> None:
        """Load a saved file as a session with this id."""

        def read(copy: Path) -> Transcript | BridgeError:
            try:
                return saved_transcripts.take_in(self._files, copy, file.path, session)
            except BridgeError as error:
                return error
            finally:
                self._outgoing.forget(session)

        def come_in(outcome: Transcript | BridgeError) -> None:
            if isinstance(outcome, BridgeError):
                failed(outcome)
            else:
                then(outcome)

        self._transfers.receive(
            file, session, lambda copy: self._worker.do(lambda: read(copy), come_in), failed
        )
