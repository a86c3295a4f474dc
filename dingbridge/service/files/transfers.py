"""Copies the user's files between an editor's host and the service, in pieces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from dingbridge.core.catalogue import files as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.user_file import UserFile
from dingbridge.edges.storage.outgoing_folder import Arriving, OutgoingFolder
from dingbridge.edges.storage.worker import Worker
from dingbridge.protocol.frames import PIECE_BYTES, FilePiece, PieceTaken

OnFailure = Callable[[BridgeError], None]


class FileReception(Struct, frozen=True, eq=False):
    """A file being received. Its copy is stored and found by `name`."""

    name: str
    arriving: Arriving
    then: Callable[[Path], None]
    failed: OnFailure


class Transfers:
    """The transfers of one editor, by the numbers that its host gave them. Service loop only.

    receiving ──each piece──▶ written ──last piece──▶ kept
        └──problem, refuse() or stop()──▶ discarded

    `thread` writes pieces to disk; `send` sends a frame to the host.
    """

    def __init__(
        self, folder: OutgoingFolder, thread: Worker, send: Callable[[FilePiece | PieceTaken], None]
    ) -> None:
        self._folder = folder
        self._thread = thread
        self._send = send
        self._coming: dict[int, FileReception] = {}
        self._going: dict[int, memoryview] = {}

    def receive(
        self, file: UserFile, name: str, then: Callable[[Path], None], failed: OnFailure
    ) -> None:
        """Receive a file and keep a copy as `name`. `then` gets the copy's path once it is
        complete. If a copy of that name exists, it is used instead."""
        arriving = self._folder.arriving(name, file.name)
        self._coming[file.number] = FileReception(name, arriving, then, failed)

    def give(self, file: UserFile, data: bytes) -> None:
        """Send `data` to the host, which writes the file."""
        self._going[file.number] = memoryview(data)
        self._give_next(file.number)

    def refuse(self, file: UserFile) -> None:
        """Cancel a transfer: the file is not needed, or will not be sent."""
        self._coming.pop(file.number, None)
        self._send(PieceTaken(file.number, is_over=True))

    def stop(self) -> None:
        """The editor is gone: discard what is not complete."""
        for coming in self._coming.values():
            self._thread.do(coming.arriving.discard)
        self._coming.clear()
        self._going.clear()

    def heard(self, frame: FilePiece | PieceTaken) -> None:
        """Handle a frame from the host."""
        match frame:
            case FilePiece():
                self._take(frame)
            case PieceTaken(file=number, is_over=True):
                self._going.pop(number, None)
            case PieceTaken(file=number):
                self._give_next(number)

    def _give_next(self, number: int) -> None:
        data = self._going.get(number)
        if data is None:
            return
        piece, rest = data[:PIECE_BYTES], data[PIECE_BYTES:]
        if rest:
            self._going[number] = rest
        else:
            del self._going[number]
        self._send(FilePiece(number, bytes(piece), is_last=not rest))

    def _take(self, piece: FilePiece) -> None:
        coming = self._coming.get(piece.file)
        if coming is None:
            self._send(PieceTaken(piece.file, is_over=True))
            return

        def taken(outcome: Path | BridgeError | None) -> None:
            if self._coming.get(piece.file) is coming:
                self._taken(piece, coming, outcome)

        self._thread.do(lambda: self._write(coming, piece), taken)

    def _write(self, coming: FileReception, piece: FilePiece) -> Path | BridgeError | None:
        """Write a piece. Returns the complete copy, the error, or None if more pieces follow. For
        the thread."""
        arriving = coming.arriving
        try:
            if not arriving.has_begun and (found := self._folder.found(coming.name)):
                # An earlier service received it completely; the user's file may have changed since.
                return found
            if piece.problem:
                arriving.discard()
                return BridgeError(piece.problem, fix=piece.fix)
            arriving.write(piece.data)
            return arriving.keep() if piece.is_last else None
        except OSError as cause:
            arriving.discard()
            return BridgeError(say.NOT_KEPT(reason=cause.strerror or type(cause).__name__))

    def _taken(
        self, piece: FilePiece, coming: FileReception, outcome: Path | BridgeError | None
    ) -> None:
        if outcome is None:
            self._send(PieceTaken(piece.file))
            return
        del self._coming[piece.file]
        if isinstance(outcome, BridgeError):
            coming.failed(outcome)
        else:
            coming.then(outcome)
        # Last, because the editor may exit once it gets this.
        self._send(PieceTaken(piece.file, is_over=True))
