"""What all editors of a service share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from dingbridge.edges.storage.robot_files import SharedFiles
from dingbridge.edges.storage.worker import Worker
from dingbridge.service.adapters import SystemRuntime
from dingbridge.service.agents.agents import Agents
from dingbridge.service.approvals.approvals import Approvals
from dingbridge.service.editors.command_values import CommandValues
from dingbridge.service.files.file_ports import Downloads
from dingbridge.service.presence import Presence
from dingbridge.service.robots.robots import Robots
from dingbridge.service.sessions.store import SessionStore


class SharedServices(Struct, frozen=True):
    """What exists once for all editors.

    - `files_thread` does slow work with the user's files.
    - `spooled` names the spool files that are being read.
    - `post` runs a call on the service loop.
    - `is_behind` tells whether an editor has unread frames.
    - `describe` returns the status of the service in words.
    - `end` ends the service; with True, editors start the next one at once.
    - `log_secrets` takes an editor's number, the values to mask in the log, and whether it wants
      all lines.
    """

    data: Path
    files: SharedFiles
    store: SessionStore
    robots: Robots
    approvals: Approvals
    presence: Presence
    agents: Agents
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
