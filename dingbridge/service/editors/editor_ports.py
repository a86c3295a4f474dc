"""What the service of one editor needs of the outside: its robots, programs and project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from dingbridge.core.commands.editor_replies import Lines
from dingbridge.core.errors import BridgeError
from dingbridge.core.options.declarations import Options
from dingbridge.core.questions import Question
from dingbridge.service.agents.agents import Agents
from dingbridge.service.approvals.approvals import Approvals
from dingbridge.service.editors.screen import Screen
from dingbridge.service.files.file_ports import Downloads, FilePacking
from dingbridge.service.presence import DeskPresence
from dingbridge.service.robots.robot_news import Ruling
from dingbridge.service.robots.robot_requests import Ask, SendMessage
from dingbridge.service.runtime import Later, Runtime
from dingbridge.service.sessions.session_ports import Saved, Search, Storage


class RobotAccess(Protocol):
    """One account of an editor, as it uses its robot."""

    def configure(self, options: Options) -> Ruling | None:
        """Use these options from now on; join the editors that use the same robot. Returns what
        holds instead because another editor was set up later."""
        ...

    def notify(self, ask: Ask) -> bool:
        """Submit a request. Returns False while the robot cannot be used."""
        ...

    def left_behind(self, asked: tuple[SendMessage, ...]) -> int:
        """Number of messages that wait until the robot is set up again if the account leaves it
        now, with `asked`, which it has not confirmed; 0 while other editors use it."""
        ...

    def write_down(self, sends: tuple[SendMessage, ...], then: Callable[[], None]) -> None:
        """Write messages that the robot has not confirmed into the journal, for the next service;
        `then` runs once they are on the disk."""
        ...


class Programs(Protocol):
    """Programs that answer."""

    def ask(self, request: str, argv: tuple[str, ...], question: Question, timeout: float) -> None:
        """Run a program for a message; it may take `timeout` seconds."""
        ...

    def environ(self) -> Mapping[str, str]:
        """The environment of programs that are started now."""
        ...

    def stop_running(self) -> bool:
        """End the program that runs now. Returns whether there was one."""
        ...


class Project(Protocol):
    """The files and programs of a project folder, `cwd`, without waiting: results come back on the
    service loop. `failed` gets an error with a sentence for a chat."""

    def branch(self, cwd: str, then: Callable[[str], None]) -> None:
        """The branch that is checked out; empty without one."""
        ...

    def find(
        self,
        cwd: str,
        path: str,
        then: Callable[[str], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """The absolute path of a file that may be shown."""
        ...

    def lines(
        self,
        cwd: str,
        path: str,
        lines: tuple[int, int],
        then: Callable[[Lines], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Some lines of a file, from the first to the last, which both count from 1."""
        ...

    def diff(
        self,
        cwd: str,
        path: str,
        then: Callable[[str], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """What has changed since the last commit, in a file or everywhere."""
        ...

    def run(
        self,
        argv: tuple[str, ...],
        cwd: str,
        then: Callable[[int, str], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Run a program of the user's settings; its exit status and what it printed."""
        ...


class EditorPorts(Struct, frozen=True):
    """Everything outside that the service of one editor needs. `robot` gives an account access to
    its robot; `pid`, `cwd` and `environ` are Neovim's."""

    editor: Screen
    storage: Storage
    saved: Saved
    search: Search
    robot: Callable[[str], RobotAccess]
    programs: Programs
    project: Project
    presence: DeskPresence
    media: Downloads
    approvals: Approvals
    packing: FilePacking
    runtime: Runtime
    later: Later
    pid: int
    cwd: str
    environ: Mapping[str, str]
    agents: Agents
