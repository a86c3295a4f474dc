"""The user's files, each behind a thread of its own: their bytes go to the service, or come."""

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
from dingbridge.core.commands.editor_commands import CommandLine, Subcommand
from dingbridge.core.errors import BridgeError
from dingbridge.core.user_file import UserFile
from dingbridge.edges.storage.user_files import open_to_read, write_new
from dingbridge.protocol.command_queue import Post
from dingbridge.protocol.decode import read_as
from dingbridge.protocol.frames import PIECE_BYTES, FilePiece, PieceTaken

AT_ONCE = 4
"""Files (a count) that are read at the same time: those that are sent go one by one anyway."""


class FileContext(Struct, frozen=True):
    """Where a command was given: the part of a `command_context.CommandContext` that decides which
    file it names."""

    cwd: str = ""
    path: str = ""


class Reading(threading.Thread):
    """Reads a file and tells its pieces, one after another."""

    def __init__(self, file: UserFile, notify: Callable[[FilePiece], None]) -> None:
        super().__init__(name="dingbridge-reading", daemon=True)
        self._file = file
        self._notify = notify
        self._wanted: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def go_on(self) -> None:
        """Tell the next piece."""
        self._wanted.put(True)

    def stop(self) -> None:
        """End soon."""
        self._wanted.put(False)

    def run(self) -> None:
        """Read the file as it is now: what a growing one gets meanwhile is not part of it."""
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
    """Gathers the pieces that come, for a new file. `ended` hears what went wrong, if anything."""

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
        """Take the next piece."""
        self._pieces.put(piece)

    def stop(self) -> None:
        """End soon; nothing more will come."""
        words = say.NOT_SAVED(path=self._file.path)
        self._pieces.put(FilePiece(self._file.number, b"", True, words))

    def run(self) -> None:
        """Wait for the last piece, then write all of them: never a part."""
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
    """The files whose bytes travel. Host loop only.

    `post` runs a call there, `notify` sends the service a frame, and `saved` hears
    what became of a file that was to be written.
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
        """Whether some are not through yet."""
        return bool(self._readings or self._writings)

    def of_command(self, call: CommandLine, place: Any) -> UserFile | None:
        """The file that a command names, if it names one."""
        where = read_as(place, FileContext, "command")
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
        """The file that a text brings along, if it brings one."""
        path = payload.get("file") if isinstance(payload, dict) else None
        if not isinstance(path, str) or not path:
            return None
        return UserFile(next(self._numbers), path, "send")

    def begin(self, file: UserFile) -> None:
        """What names the file was told to the service: its bytes follow, or come."""
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
        """Read what is next, unless enough is being read."""
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
        """The service sends a piece, or has taken one."""
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
                # The command was refused, which the service tells.
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
        """The service is gone. A file that it had not taken whole is read again when it is asked
        for again; one that is half written is told, unless its command is among those `asked`, of
        which the user hears anyway."""
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
