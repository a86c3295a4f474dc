"""What the application needs of the outside, as small interfaces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from dingbridge.bridge.updates import Update
from dingbridge.core.messages import Message, Outbound
from dingbridge.core.settings import Options
from dingbridge.core.state import State
from dingbridge.core.transcript import Entry, SessionInfo, Transcript


class Editor(Protocol):
    """The Neovim this host belongs to."""

    def show(self, *updates: Update) -> None:
        """Send updates, in order; ask nothing."""
        ...


class Storage(Protocol):
    """Files, without waiting: results come back on the host loop, in order."""

    def append(self, session: str, entry: Entry) -> None:
        """Add to a transcript."""
        ...

    def load(self, session: str, then: Callable[[Transcript], None]) -> None:
        """Read a transcript."""
        ...

    def clear(self, info: SessionInfo) -> None:
        """Start a transcript anew, keeping the old one in the trash."""
        ...

    def delete(self, session: str) -> None:
        """Move a transcript to the trash."""
        ...

    def save(self, session: str, target: Path, then: Callable[[Path], None]) -> None:
        """Copy a transcript to a new file."""
        ...

    def take_in(self, source: Path, session: str, then: Callable[[Transcript], None]) -> None:
        """Make a session from a saved file."""
        ...

    def change(self, change: Callable[[State], State]) -> None:
        """Change what is remembered between runs."""
        ...


class Robot(Protocol):
    """The configured robot: its queue, its link, and who owns the link."""

    def configure(self, options: Options) -> None:
        """Use these options from now on; messages that wait go out by them."""
        ...

    def put(self, outbound: Outbound) -> None:
        """Add a message to the end of the queue."""
        ...

    def own(self) -> str:
        """Take the link for this editor. Returns an empty text, or who holds it, in words."""
        ...

    def connect(self) -> None:
        """Open the link and keep it open. Does nothing when it is open already."""
        ...

    def disconnect(self) -> None:
        """Close the link and let others have it."""
        ...


class Programs(Protocol):
    """Programs that answer."""

    def ask(self, request: str, argv: tuple[str, ...], message: Message, timeout: float) -> None:
        """Run a program for a message."""
        ...

    def stop_running(self) -> bool:
        """End the program that runs now. Returns whether there was one."""
        ...


class Chance(Protocol):
    """New ids and the time, so that nothing below asks for them itself."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def new_id(self) -> str:
        """An id that no other message has."""
        ...


class Ports(Struct, frozen=True):
    """Everything outside."""

    editor: Editor
    storage: Storage
    robot: Robot
    programs: Programs
    chance: Chance
    log_path: str
