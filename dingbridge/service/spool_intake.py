"""Takes in the requests that editors spooled when they exited before the service confirmed them."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from msgspec import structs

from dingbridge.core.catalogue import service as say
from dingbridge.core.catalogue import sessions
from dingbridge.core.commands import command_lines
from dingbridge.core.commands.editor_commands import Subcommand
from dingbridge.core.errors import BridgeError
from dingbridge.core.sessions.spool import SpoolFile, SpoolRow
from dingbridge.core.user_file import UserFile
from dingbridge.edges.storage.robot_files import SharedFiles
from dingbridge.protocol import updates
from dingbridge.protocol.decode import read_as
from dingbridge.protocol.frames import Attach, EditorEvent, FilePiece, RunCommand

log = logging.getLogger(__name__)

WRITTEN_DOWN = ("DingbridgeQueued", "DingbridgeDelivered")
"""Events that confirm that a message is durable."""


SpooledFrame = RunCommand | EditorEvent | FilePiece
"""Frames built from spooled requests. A `FilePiece` reports that the file of the request before it
cannot be read any more."""


class SpoolIntake:
    """Reads the spool files that concern one editor. Service loop only.

    waiting ──same settings as in the file──▶ taken in ──every message confirmed──▶ file removed
                                                 └──the editor exits──▶ left to the next editor

    `taken` names the files that some editor has taken in; all editors share it.
    """

    def __init__(
        self,
        attach: Attach,
        files: SharedFiles,
        taken: set[str],
        show: Callable[[updates.Update], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._attach = attach
        self._worker = files.disk
        self._folder = files.spool
        self._taken = taken
        self._show = show
        self._now = now
        self._is_left = False
        self.found: tuple[SpoolFile, ...] = ()
        """Spool files that existed when the editor attached."""
        self._key = ""
        self._is_told = attach.bound is not None
        self._open: dict[str, set[str]] = {}
        self._rows: dict[str, SpoolRow] = {}
        self._numbers = itertools.count(-1, -1)

    def configured(self, key: str) -> tuple[SpooledFrame, ...]:
        """The editor's settings, with this `key`, are in force. Returns the frames that earlier
        editors of its folder spooled with the same settings. Warns once about files that stay where
        they are."""
        self._key, cwd = key, self._attach.cwd
        if not self._is_told:
            self._is_told = True
            self._notify_what_stays()
        return self._take([one for one in self.found if one.cwd == cwd])

    def left(self, then: Callable[[tuple[SpooledFrame, ...]], None]) -> None:
        """The editor has exited: pass the frames that it spooled itself to `then`, later."""
        self._is_left = True
        self._worker.do(
            lambda: self._folder.read(self._attach.pid),
            lambda found: then(self._take([one for one in found if self._is_own(one)])),
        )

    def _is_own(self, kept: SpoolFile) -> bool:
        """Whether this editor wrote the file. One that existed before it attached, of another
        folder, belongs to an earlier process with the same id."""
        was_there = any(one.path == kept.path for one in self.found)
        return not was_there or kept.cwd == self._attach.cwd

    def _notify_what_stays(self) -> None:
        for one in self.found:
            if one.is_late(self._now()):
                words = say.LEFT_TOO_LATE(count=one.count, path=one.path)
            elif one.cwd == self._attach.cwd and one.settings != self._key:
                words = say.LEFT_OTHER_SETTINGS(count=one.count, path=one.path)
            else:
                continue
            self._show(updates.ShowNotice(words, "warn"))

    def _take(self, kept: Sequence[SpoolFile]) -> tuple[SpooledFrame, ...]:
        asked: list[SpooledFrame] = []
        for one in kept:
            is_other = one.settings != self._key or one.path in self._taken
            if is_other or one.is_late(self._now()):
                continue
            made = [(row, frame) for row in one.rows if (frame := self._frame(row)) is not None]
            if not made:
                continue
            log.info("%d messages of an editor that was left are taken in", len(made))
            self._taken.add(one.path)
            self._open[one.path] = {name for row, _ in made for name in row.ids}
            for row, frame in made:
                self._rows.update(dict.fromkeys(row.ids, row))
                asked.append(frame)
                if frame.file is not None:
                    # Its editor has exited, so nobody can read the file for us.
                    words = sessions.NEOVIM_CLOSED()
                    asked.append(FilePiece(frame.file.number, b"", True, words))
        return tuple(asked)

    def _frame(self, row: SpoolRow) -> RunCommand | EditorEvent | None:
        """The frame for a row; None if it is damaged. The row names its session, so the count of
        opened sessions, which belongs to the editor that has exited, is left out."""
        payload = _uncounted(row.payload)
        if row.name != "command":
            return EditorEvent(row.name, payload, self._file(payload.get("file")))
        try:
            command = read_as(payload, RunCommand, row.name)
            call = command_lines.parse(command.line, has_range=command.has_range)
        except BridgeError as error:
            log.warning("a message of an editor that was left is damaged: %s", error)
            return None
        place = command.place if isinstance(command.place, dict) else {}
        name = place.get("path") if call.argument == "%" else call.argument
        is_file = call.command is Subcommand.SEND_FILE
        return structs.replace(
            command,
            place=_uncounted(place),
            file=self._file(name) if is_file else None,
        )

    def _file(self, path: object) -> UserFile | None:
        if not isinstance(path, str) or not path:
            return None
        return UserFile(next(self._numbers), path, "send")

    def heard(self, shown: tuple[updates.Update, ...]) -> tuple[updates.Update, ...]:
        """Look for confirmations and refusals in the updates that the editor gets. Returns the
        updates, with a notice for each refusal. Without an editor a refused message stays in its
        file."""
        if not self._open:
            return shown
        said: list[updates.Update] = []
        for update in shown:
            match update:
                case updates.Confirmed(id=message):
                    self._done(message)
                case updates.TriggerEvent(name=name, data=data) if name in WRITTEN_DOWN:
                    self._done(data["id"])
                case updates.Unsent(id=message) if not self._is_left:
                    said.extend(self._refused(message))
                case _:
                    pass
        return (*shown, *said)

    def _refused(self, message: str) -> tuple[updates.ShowNotice, ...]:
        """Finish a message that was refused, with the file that belongs to it."""
        rows = [row for row in self._rows.values() if row.ids[0] == message]
        for row in rows:
            for name in row.ids:
                self._done(name)
        words = [say.EARLIER_NOT_SENT(text=row.text) for row in rows[:1]]
        return tuple(updates.ShowNotice(one, "error") for one in words)

    def _done(self, message: str) -> None:
        if self._rows.pop(message, None) is None:
            return
        for path, names in list(self._open.items()):
            names.discard(message)
            if not names:
                del self._open[path]
                self._worker.do(partial(self._folder.remove, path))

    def let_go(self) -> None:
        """The editor is gone: other editors may take in the files that are not finished."""
        self._taken.difference_update(self._open)
        self._open.clear()


def _uncounted(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != "opened"}
