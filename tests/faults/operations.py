"""The operations of a history, one class each."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct, structs

from dingbridge.sandbox.faults import Fault

Awaited: TypeAlias = Literal["link", "hanging", "accepted", "acked"]
File: TypeAlias = Literal["outbox", "inbox", "transcript"]
Ending: TypeAlias = Literal["pdf", "png"]
What: TypeAlias = Literal["text", "file", "picture"]
Program: TypeAlias = Literal["service", "host", "editor"]
STRANGER = "陌生人"
"""Somebody who is not admitted."""
OTHER = 9
"""The editor that has a data folder of its own, and so a service of its own, for the same robot. It
only notifies."""


class Operation(Struct, frozen=True):
    """One operation of a history."""

    def __str__(self) -> str:
        fields = (f"{name}={value}" for name, value in structs.asdict(self).items())
        return f"{type(self).__name__}({', '.join(fields)})"


class Start(Operation, frozen=True):
    """Start an editor. The first time it makes and binds a session, later it uses `:Chat`."""

    editor: int


class Send(Operation, frozen=True):
    """An editor sends a message in its session."""

    editor: int
    message: int
    lines: int = 1


class Notify(Operation, frozen=True):
    """An editor notifies."""

    editor: int
    message: int
    lines: int = 1


class SendFile(Operation, frozen=True):
    """An editor sends a file in its session, after the message `words` if that is set."""

    editor: int
    message: int
    ending: Ending
    words: int = 0


class Say(Operation, frozen=True):
    """Somebody writes to the robot.

    `twice` pushes the same frame again. A picture comes with text, a file alone.
    """

    message: int
    user: str = "zhangsan"
    group: bool = False
    mention: bool = True
    twice: bool = False
    what: What = "text"

    @property
    def admitted(self) -> bool:
        """Whether it belongs in a session."""
        return self.user != STRANGER and (self.mention or not self.group)


class Redeliver(Operation, frozen=True):
    """The platform pushes an earlier message again, with a new header id."""

    message: int


class Trouble(Operation, frozen=True):
    """Plant a fault for later calls."""

    fault: Fault

    def __str__(self) -> str:
        fault = self.fault
        answer = f" {fault.status} {fault.body[:60]}" if fault.action == "answer" else ""
        return f"Trouble({fault.name} at {fault.path}, {fault.times} times{answer})"


class Release(Operation, frozen=True):
    """Requests that hang continue."""


class RevokeTokens(Operation, frozen=True):
    """The access token expires early."""


class ExpireSessionWebhooks(Operation, frozen=True):
    """All session webhooks expire early."""


class Disconnect(Operation, frozen=True):
    """The platform asks for a new connection."""


class Abort(Operation, frozen=True):
    """The link breaks."""


class HalfOpen(Operation, frozen=True):
    """The link swallows everything from now on."""


class KillHost(Operation, frozen=True):
    """`kill -9` of an editor's Python host."""

    editor: int


class KillEditor(Operation, frozen=True):
    """`kill -9` of an editor; with `host`, of its Python host as well."""

    editor: int
    host: bool = False


class KillService(Operation, frozen=True):
    """`kill -9` of the service of the common, or of the other, data folder."""

    other: bool = False


class RestartService(Operation, frozen=True):
    """`:Chat service restart`, in some editor."""

    editor: int


class CrashLoop(Operation, frozen=True):
    """`kill -9` of several services, each as soon as it can be reached."""

    times: int


class Upgrade(Operation, frozen=True):
    """Install newer code. Processes started later have it."""


class RemoveRuntimeFolder(Operation, frozen=True):
    """Remove the folder of the service's socket, as at logout; with `back`, make an empty one, as
    at login."""

    back: bool = False


class SendAndExit(Operation, frozen=True):
    """A headless Neovim notifies and exits at once: `nvim --headless "+lua …" +qa`.

    With `session` it sends in the bound session of that editor's folder.
    """

    editor: int
    message: int
    session: bool = False


class Freeze(Operation, frozen=True):
    """Freeze the service, a host or a Neovim for some time."""

    program: Program
    editor: int
    milliseconds: int


class Quit(Operation, frozen=True):
    """`:qa`"""

    editor: int


class Chat(Operation, frozen=True):
    """The user runs `:Chat` in an editor whose host was killed."""

    editor: int


class Unbind(Operation, frozen=True):
    """`:Chat unbridge`"""

    editor: int


class Bind(Operation, frozen=True):
    """`:Chat bridge dingtalk` in the earlier session."""

    editor: int


class Tear(Operation, frozen=True):
    """Append half a line to a file, as after a power cut, which also ends a service without
    editors."""

    file: File


class Refuse(Operation, frozen=True):
    """Make a file unreadable and unwritable for some time."""

    file: File
    milliseconds: int


class Fill(Operation, frozen=True):
    """Let the service's disk be full for some time."""

    milliseconds: int


class Pass(Operation, frozen=True):
    """Some time passes."""

    milliseconds: int


class Await(Operation, frozen=True):
    """Wait for a condition for a moment, so that the next operation meets it; it may not come
    true."""

    what: Awaited
