"""Findings about this computer: Neovim, Python, packages, versions, disk and permissions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from dingbridge.core.catalogue import doctor as say
from dingbridge.core.catalogue import health
from dingbridge.core.doctor.finding import FindingState, HealthFinding
from dingbridge.core.doctor.service_facts import ServiceFacts
from dingbridge.core.listing import comma_list

LITTLE_ROOM = 100_000_000
"""Bytes of free space below which there is a warning: files that are received may be as large."""

NO_ROOM = 5_000_000
"""Bytes below which messages may not be written down any more."""

SHOWN = 5
"""Paths that are shown (a count)."""


class NeovimFacts(Struct, frozen=True):
    """The Neovim that asks: its version, and the oldest one that is supported."""

    version: str
    oldest: str
    is_old: bool = False


class FolderFacts(Struct, frozen=True):
    """A folder of ours: `nearest` is the deepest part of its path that exists."""

    path: str
    nearest: str
    is_folder: bool = True
    is_writable: bool = True


class FilesFacts(Struct, frozen=True):
    """Data folder and log.

    - `free`: bytes that are free there; None if unknown
    - `exposed`: files and folders that others can read or change, `roots` what they are below
    - `is_shared`: whether others can replace files in the data folder
    - `log_bytes`: size of the log, None without one
    """

    data: FolderFacts
    logs: FolderFacts
    log: str
    free: int | None = None
    exposed: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    is_shared: bool = False
    log_bytes: int | None = None


def programs(neovim: NeovimFacts | None, python: str, program: str) -> Iterator[HealthFinding]:
    """Neovim, and the Python that runs this, which has all packages that it needs."""
    if neovim is None:
        yield HealthFinding(say.EDITOR(), "unknown", say.NOT_FROM_NEOVIM())
    elif neovim.is_old:
        words = health.NEOVIM_OLD(version=neovim.version)
        fix = health.INSTALL_NEOVIM(version=neovim.oldest)
        yield HealthFinding(say.EDITOR(), "error", words, (fix,))
    else:
        yield HealthFinding(say.EDITOR(), "ok", say.NEOVIM(version=neovim.version))
    yield HealthFinding(say.PYTHON(), "ok", say.PYTHON_RUNS(version=python, program=program))
    yield HealthFinding(say.PACKAGES(), "ok", health.PACKAGES_THERE())


def versions(installed: str, code: float, service: ServiceFacts | None) -> Iterator[HealthFinding]:
    """Whether service and hosts run what is installed; `code` is when that was written."""
    yield HealthFinding(say.VERSIONS(), "ok", say.INSTALLED(version=installed))
    if service is None:
        return
    if service.version != installed or service.code < code:
        words = say.SERVICE_OLDER(version=service.version, pid=service.pid)
        yield HealthFinding(say.VERSIONS(), "warn", words, (say.RESTART_IT(),))
    for editor in service.editors:
        if editor.code < code:
            words = say.HOST_OLDER(pid=editor.pid)
            yield HealthFinding(say.VERSIONS(), "warn", words, (say.RESTART_NEOVIM(),))


def files(facts: FilesFacts) -> Iterator[HealthFinding]:
    """Data folder, permissions, room and log."""
    yield _folder(health.DATA(), facts.data)
    yield _folder(health.LOG(), facts.logs)
    if facts.is_shared:
        words = health.OTHERS_CAN_REPLACE(folder=facts.data.path)
        fix = health.MAKE_FOLDER_YOURS(folder=_quoted(facts.data.path))
        yield _disk("warn", words, fix)
    if facts.exposed:
        shown, more = comma_list(facts.exposed[:SHOWN]), len(facts.exposed) - SHOWN
        words = (
            health.OTHERS_CAN_READ_MORE(paths=shown, count=more)
            if more > 0
            else health.OTHERS_CAN_READ(paths=shown)
        )
        yield _disk("warn", words, f"chmod -R go-rwx {' '.join(map(_quoted, facts.roots))}")
    else:
        yield _disk("ok", health.ALL_PRIVATE())
    if facts.free is not None:
        yield _room(facts.free)
    if facts.log_bytes is None:
        yield _disk("info", health.LOG_FILE_LATER(path=facts.log))
    else:
        size = -(-facts.log_bytes // 1024)
        yield _disk("info", health.LOG_FILE(path=facts.log, size=size))


def _quoted(path: str) -> str:
    """A path as a word of a shell."""
    escaped = path.replace("'", "'\\''")
    return f"'{escaped}'"


def _disk(state: FindingState, sentence: str, *fixes: str) -> HealthFinding:
    return HealthFinding(say.DISK(), state, sentence, fixes)


def _folder(what: str, facts: FolderFacts) -> HealthFinding:
    if not facts.is_folder:
        words = health.NO_FOLDER(what=what, folder=facts.nearest)
        return _disk("error", words, health.MOVE_FILE())
    if not facts.is_writable:
        words = health.FOLDER_UNWRITABLE(what=what, folder=facts.nearest)
        return _disk("error", words, health.MAKE_YOURS())
    is_there = facts.nearest == facts.path
    shown = health.FOLDER if is_there else health.FOLDER_LATER
    return _disk("ok", shown(what=what, folder=facts.path))


def _room(free: int) -> HealthFinding:
    megabytes = free // 1_000_000
    if free < NO_ROOM:
        return _disk("error", say.ROOM_GONE(megabytes=megabytes), say.MAKE_ROOM())
    if free < LITTLE_ROOM:
        return _disk("warn", say.ROOM_LOW(megabytes=megabytes), say.MAKE_ROOM())
    return _disk("ok", say.ROOM(megabytes=megabytes))


def since(time: float) -> str:
    """A time in Unix seconds, in the local time zone."""
    return datetime.fromtimestamp(time).strftime("%Y-%m-%d %H:%M:%S")
