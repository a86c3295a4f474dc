"""Transfers the user's files to and from the service, each with its own thread."""

from __future__ import annotations

import itertools
import os
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from dingbridge.core.catalogue import files as say
from dingbridge.core.commands.command_lines import CommandLine
from dingbridge.core.commands.editor_commands import Subcommand
from dingbridge.core.errors import BridgeError
from dingbridge.core.user_file import UserFile
from dingbridge.edges.storage.user_files import open_to_read, write_new
from dingbridge.protocol.command_queue import Post
from dingbridge.protocol.decode import read_as
from dingbridge.protocol.frames import PIECE_BYTES, FilePiece, PieceTaken

AT_ONCE = 4
"""Files (a count) that are read at the same time; few suffice, since they are sent one by one."""


class FileContext(Struct, frozen=True):
    """The part of a `command_context.CommandContext` that relative file names depend on."""

    cwd: str = ""
    path: str = ""


class Reading(threading.Thread):
    """Reads a file and passes its pieces on, one for each call of `go_on`."""

    def __init__(self, file: UserFile, notify: Callable[[FilePiece], None]) -> None:
        super().__init__(name="dingbridge-reading", daemon=True)
        self._file = file
        self._notify = notify
        self._wanted: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def go_on(self) -> None:
        """Pass on the next piece."""
        self._wanted.put(True)

    def stop(self) -> None:
        """End the thread soon."""
        self._wanted.put(False)

    def run(self) -> None:
        """Read the file up to its present size, even if it grows."""
        number = self._file.number
        try:
            opened, left = open_to_read(self._file)
            with opened:
                data, is_last = b"", False
                while not is_last:
                    data = opened.read(min(PIECE_BYTES, left))
                    left -= len(data)
                    is_last = not data or not left
                    self._notify(FilePiece(number, data, is_last))
                    if is_last or not self._wanted.get():
                        return
        except BridgeError as error:
            self._notify(FilePiece(number, b"", True, error.message, error.fix))
        except OSError as cause:
            words = say.UNREADABLE(path=self._file.path, reason=cause.strerror)
            self._notify(FilePiece(number, b"", True, words))


class Writing(threading.Thread):
    """Collects the pieces of a new file. `ended` is called at the end, with an error or None."""

    def __init__(
        self,
        file: UserFile,
        taken: Callable[[], None],
        ended: Callable[[BridgeError | None], None],
    ) -> None:
        super().__init__(name="dingbridge-writing", daemon=True)
        self._file = file
        self._taken = taken
        self._ended = ended
        self._pieces: queue.SimpleQueue[FilePiece] = queue.SimpleQueue()

    def put(self, piece: FilePiece) -> None:
        """Add the next piece."""
        self._pieces.put(piece)

    def stop(self) -> None:
        """End the thread soon; the file is not written."""
        words = say.NOT_SAVED(path=self._file.path)
        self._pieces.put(FilePiece(self._file.number, b"", True, words))

    def run(self) -> None:
        """Wait for the last piece, then write the whole file."""
        data, is_last = bytearray(), False
        try:
            while not is_last:
                piece = self._pieces.get()
                if piece.problem:
                    raise BridgeError(piece.problem, fix=piece.fix)
                data += piece.data
                is_last = piece.is_last
                if not is_last:
                    self._taken()
            write_new(self._file, bytes(data))
        except BridgeError as error:
            self._ended(error)
        else:
            self._ended(None)


class FileTransfers:
    """All transfers of this host. Host loop only.

    - `post`: runs a call on the host loop; thread-safe
    - `notify`: sends a frame to the service
    - `saved`: called with the result of writing a file
    """

    def __init__(
        self,
        post: Post,
        notify: Callable[[FilePiece | PieceTaken], None],
        saved: Callable[[UserFile, BridgeError | None], None],
    ) -> None:
        self._post = post
        self._notify = notify
        self._saved = saved
        self._numbers = itertools.count(1)
        self._readings: dict[int, Reading] = {}
        self._waiting: deque[Reading] = deque()
        self._writings: dict[int, Writing] = {}

    @property
    def are_under_way(self) -> bool:
        """Whether any transfer is not finished."""
        return bool(self._readings or self._writings)

    def of_command(self, call: CommandLine, context: Any) -> UserFile | None:
        """The file that a command names; None without one."""
        where = read_as(context, FileContext, "command")
        name = os.path.join(where.cwd, os.path.expanduser(call.argument))
        match call.command:
            case Subcommand.SEND_FILE:
                name = os.path.join(where.cwd, where.path) if call.argument == "%" else name
                return UserFile(next(self._numbers), name, "send")
            case Subcommand.LOAD:
                return UserFile(next(self._numbers), name, "load")
            case Subcommand.SAVE:
                return UserFile(next(self._numbers), name, "save")
            case _:
                return None

    def of_event(self, payload: Any) -> UserFile | None:
        """The file that an event from Lua names; None without one."""
        path = payload.get("file") if isinstance(payload, dict) else None
        if not isinstance(path, str) or not path:
            return None
        return UserFile(next(self._numbers), path, "send")

    def begin(self, file: UserFile) -> None:
        """Start the transfer of a file, once the frame that names it was sent."""
        number = file.number
        if file.use == "save":
            writing = Writing(
                file,
                lambda: self._post(lambda: self._notify(PieceTaken(number))),
                lambda error: self._post(lambda: self._written(file, writing, error)),
            )
            self._writings[number] = writing
            writing.start()
            return
        reading = Reading(file, lambda piece: self._post(lambda: self._read(reading, piece)))
        self._readings[number] = reading
        self._waiting.append(reading)
        self._start()

    def _start(self) -> None:
        """Read the next file, unless `AT_ONCE` are being read."""
        while self._waiting and len(self._readings) - len(self._waiting) < AT_ONCE:
            self._waiting.popleft().start()

    def _read(self, reading: Reading, piece: FilePiece) -> None:
        if self._readings.get(piece.file) is reading:
            self._notify(piece)

    def _written(self, file: UserFile, writing: Writing, error: BridgeError | None) -> None:
        if self._writings.get(file.number) is writing:
            del self._writings[file.number]
            self._notify(PieceTaken(file.number, is_over=True))
            self._saved(file, error)

    def heard(self, frame: FilePiece | PieceTaken) -> None:
        """Handle a frame from the service: a piece, or the request for the next one."""
        reading, writing = self._readings.get(frame.file), self._writings.get(frame.file)
        match frame:
            case FilePiece():
                if writing is not None:
                    writing.put(frame)
                else:
                    self._notify(PieceTaken(frame.file, is_over=True))
            case PieceTaken(is_over=False) if reading is not None:
                reading.go_on()
            case PieceTaken(is_over=True) if reading is not None:
                self._end(frame.file, reading)
            case PieceTaken(is_over=True) if writing is not None:
                # The command was refused; the service reports that.
                del self._writings[frame.file]
                writing.stop()
            case PieceTaken():
                pass  # it has ended meanwhile

    def _end(self, number: int, reading: Reading) -> None:
        del self._readings[number]
        if reading in self._waiting:
            self._waiting.remove(reading)
        reading.stop()
        self._start()

    def forget(self, asked: set[int]) -> None:
        """Stop all transfers, because the service is gone.

        A file to send is read again when its frame is repeated. An incomplete file to write is
        reported, unless its number is in `asked`: then its command is reported anyway.
        """
        for reading in self._readings.values():
            reading.stop()
        self._readings.clear()
        self._waiting.clear()
        writings = dict(self._writings)
        self._writings = {
            number: writing for number, writing in writings.items() if number not in asked
        }
        for writing in writings.values():
            writing.stop()
