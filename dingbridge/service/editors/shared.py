"""What all editors of a service share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from dingbridge.edges.storage.robot_files import SharedFiles
from dingbridge.edges.storage.worker import Worker
from dingbridge.service.adapters import SystemRuntime
from dingbridge.service.editors.command_values import CommandValues
from dingbridge.service.ports import Downloads
from dingbridge.service.robots.robots import Robots
from dingbridge.service.sessions.store import SessionStore


class SharedServices(Struct, frozen=True):
    """What exists once for all editors.

    - `files_thread` does what takes long with the user's files.
    - `spooled` names the files of the spool that are being read.
    - `post` runs a call on the service's loop.
    - `is_behind` tells whether an editor has not read yet what it was sent.
    - `describe` returns the status of the service in words.
    - `end` ends the service; with True another one starts at once.
    - `log_secrets` takes, for an editor, the values that the log must not show, and whether it
      wants all lines.
    """

    data: Path
    files: SharedFiles
    store: SessionStore
    robots: Robots
    command_values: CommandValues
    media: Downloads
    files_thread: Worker
    spooled: set[str]
    runtime: SystemRuntime
    post: Callable[[Callable[[], None]], None]
    is_behind: Callable[[int], bool]
    describe: Callable[[], str]
    end: Callable[[bool], None]
    log_secrets: Callable[[int, tuple[str, ...], bool], None]
