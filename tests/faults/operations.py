"""What can happen in a history: one value for each kind of step."""

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
    """One step of a history."""

    def __str__(self) -> str:
        fields = (f"{name}={value}" for name, value in structs.asdict(self).items())
        return f"{type(self).__name__}({', '.join(fields)})"


class Start(Operation, frozen=True):
    """An editor starts. The first time it makes a session and binds it, later it uses `:Chat`."""

    editor: int


class Send(Operation, frozen=True):
    """An editor sends a message of its session."""

    editor: int
    message: int
    lines: int = 1


class Notify(Operation, frozen=True):
    """An editor notifies."""

    editor: int
    message: int
    lines: int = 1


class SendFile(Operation, frozen=True):
    """An editor sends a file in its session; with `words`, a message of its own, before it."""

    editor: int
    message: int
    ending: Ending
    words: int = 0


class Say(Operation, frozen=True):
    """Somebody says something to the robot; `twice` pushes the same frame again. A picture comes
    with words, a file alone."""

    message: int
    user: str = "zhangsan"
    group: bool = False
    mention: bool = True
    twice: bool = False
    what: What = "text"

    @property
    def admitted(self) -> bool:
        """Whether it belongs into a session."""
        return self.user != STRANGER and (self.mention or not self.group)


class Redeliver(Operation, frozen=True):
    """The platform pushes an earlier message again, under a new header id."""

    message: int


class Trouble(Operation, frozen=True):
    """A fault waits for its calls."""

    fault: Fault

    def __str__(self) -> str:
        fault = self.fault
        answer = f" {fault.status} {fault.body[:60]}" if fault.action == "answer" else ""
        return f"Trouble({fault.name} at {fault.path}, {fault.times} times{answer})"


class Release(Operation, frozen=True):
    """What hangs goes on."""


class RevokeTokens(Operation, frozen=True):
    """The access token ends before its time."""


class ExpireSessionWebhooks(Operation, frozen=True):
    """All session webhooks end before their time."""


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
    """`kill -9` of an editor, and with `host` of its Python host at the same moment."""

    editor: int
    host: bool = False


class KillService(Operation, frozen=True):
    """`kill -9` of the service that all editors share, or of the one of the other data folder."""

    other: bool = False


class RestartService(Operation, frozen=True):
    """`:Chat service restart`, in some editor."""

    editor: int


class CrashLoop(Operation, frozen=True):
    """`kill -9` of so many services, each as soon as it can be reached."""

    times: int


class Upgrade(Operation, frozen=True):
    """Newer code is installed in the place of that which runs. Who starts from now on has it."""


class RemoveRuntimeFolder(Operation, frozen=True):
    """The folder with the service's socket is taken away, as when the user logs out; with `back`
    there is an empty one at once, as when the user logs in again."""

    back: bool = False


class SendAndExit(Operation, frozen=True):
    """A Neovim without a screen notifies in the folder of an editor and is left in the same moment:
    `nvim --headless "+lua …" +qa`; with `session` it sends in what is bound there."""

    editor: int
    message: int
    session: bool = False


class Freeze(Operation, frozen=True):
    """For so long a program does nothing: the service, or an editor's host, or Neovim itself."""

    program: Program
    editor: int
    milliseconds: int


class Quit(Operation, frozen=True):
    """`:qa`"""

    editor: int


class Chat(Operation, frozen=True):
    """The user uses `:Chat` again, in an editor whose host was killed."""

    editor: int


class Unbind(Operation, frozen=True):
    """`:Chat unbridge`"""

    editor: int


class Bind(Operation, frozen=True):
    """`:Chat bridge dingtalk` in the session of before."""

    editor: int


class Tear(Operation, frozen=True):
    """Half a line stands at the end of a file, as a power cut leaves it, which also ends a service
    that goes on without an editor."""

    file: File


class Refuse(Operation, frozen=True):
    """For so long the disk neither reads nor writes a file, whoever asks."""

    file: File
    milliseconds: int


class Fill(Operation, frozen=True):
    """For so long the disk takes nothing more from the service, into whatever file."""

    milliseconds: int


class Pass(Operation, frozen=True):
    """Some time passes."""

    milliseconds: int


class Await(Operation, frozen=True):
    """Wait a moment for something, so that what follows meets it; it need not come."""

    what: Awaited
