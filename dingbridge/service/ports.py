"""What the service needs of the outside, as small interfaces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from dingbridge.core.commands.editor_replies import Lines
from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import OutboxRecord, Queued
from dingbridge.core.delivery.reactions import Reaction
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Attachment, Message
from dingbridge.core.options.declarations import Options
from dingbridge.core.questions import Question
from dingbridge.core.sessions.inbox import Answerer, Received
from dingbridge.core.sessions.state import State
from dingbridge.core.sessions.transcript import (
    Arrival,
    DeliveryLine,
    Entry,
    SessionInfo,
    Transcript,
    TranscriptPart,
)
from dingbridge.core.user_file import UserFile
from dingbridge.protocol.updates import Update
from dingbridge.service.robots.robot_news import Ruling
from dingbridge.service.robots.robot_requests import Ask, SendMessage


class Editor(Protocol):
    """The Neovim that is served."""

    def show(self, *updates: Update) -> None:
        """Send updates, in order; ask nothing."""
        ...

    def show_latest(self, make: Callable[[], Update]) -> None:
        """Send what `make` gives at the end of this turn, unless it is what was sent before."""
        ...


class Storage(Protocol):
    """Transcripts, without waiting: results come back on the service loop, in order."""

    def list(self, then: Callable[[list[SessionInfo]], None]) -> None:
        """All sessions there are, also those of other editors."""
        ...

    def append(self, info: SessionInfo, entry: Entry) -> None:
        """Add to the transcript of a session, whose file begins with `info`."""
        ...

    def begin(self, info: SessionInfo) -> None:
        """Start a transcript, unless another editor has done so."""
        ...

    def take(
        self,
        session: str,
        arrivals: Sequence[Arrival],
        info: SessionInfo | None,
        then: Callable[[tuple[bool, ...]], None],
    ) -> None:
        """Add robot messages and make sure that they are on the disk, those of `again` only when
        they do not stand there yet; `then` gets which were added. `info` is None for a session
        that is not known here."""
        ...

    def complete(self, session: str, whole: DeliveryLine, then: Callable[[], None]) -> None:
        """Write the whole text of a message that stands in a transcript; `then` runs once it is on
        the disk."""
        ...

    def load(self, session: str, then: Callable[[Transcript], None]) -> None:
        """Read a transcript, with all that was added to it here before."""
        ...

    def end(self, session: str, then: Callable[[TranscriptPart], None]) -> None:
        """Read the end of a transcript, with all that was added to it here before."""
        ...

    def before(self, session: str, place: int, then: Callable[[TranscriptPart], None]) -> None:
        """Read what stands above the place at which a part begins."""
        ...

    def since(self, session: str, then: Callable[[TranscriptPart], None]) -> None:
        """Read what other processes have added to a transcript whose end was read, or that another
        one is there now."""
        ...

    def written(self, session: str, then: Callable[[], None]) -> None:
        """Call `then` once all that was added to a transcript here so far is on the disk."""
        ...

    def clear(self, info: SessionInfo) -> None:
        """Start a transcript anew, keeping the old one in the trash."""
        ...

    def delete(self, session: str) -> None:
        """Move a transcript to the trash."""
        ...


class Saved(Protocol):
    """Transcripts that the user saves to a file of their own, and loads from one."""

    def save(self, session: str, file: UserFile, failed: Callable[[BridgeError], None]) -> None:
        """Have the editor's side write a transcript to a new file, and tell that it is there."""
        ...

    def take_in(
        self,
        file: UserFile,
        session: str,
        then: Callable[[Transcript], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Make a session from a saved file."""
        ...


class Exchange(Protocol):
    """The way of an account to its robot."""

    def configure(self, options: Options) -> Ruling | None:
        """Use these options from now on; join the editors that use the same robot. Returns what
        holds instead because another editor was set up later."""
        ...

    def notify(self, ask: Ask) -> bool:
        """Submit a request. Returns False while the robot cannot be used."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether other editors use the same robot."""
        ...

    def write_down(self, sends: tuple[SendMessage, ...], then: Callable[[], None]) -> None:
        """Put messages that no owner has answered into the journal, for the next one to find;
        `then` runs once they are on the disk."""
        ...


class Programs(Protocol):
    """Programs that answer."""

    def ask(self, request: str, argv: tuple[str, ...], question: Question, timeout: float) -> None:
        """Run a program for a message; it may take `timeout` seconds."""
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


class Downloads(Protocol):
    """Pictures and files that came with messages, without waiting: results come on the service
    loop."""

    def fetch(
        self,
        options: Options,
        message: str,
        robot_code: str,
        attachments: tuple[Attachment, ...],
        notify: Callable[[str], None],
        then: Callable[[tuple[str | None, ...], tuple[str, ...]], None],
    ) -> None:
        """Fetch what came with a message. `notify` hears how it goes when it takes long, `then` the
        path of each or None, and a phrase that says why there is none."""
        ...


class Packed(Struct, frozen=True):
    """A file that is ready to leave: the path of the copy that leaves, the name it goes by, the
    path where the user finds it, and a note about it."""

    kept: str
    name: str
    path: str
    note: str = ""


class FilePacking(Protocol):
    """Files of the user's, made ready to leave without waiting: results come back on the service
    loop. `failed` gets the reason why there is nothing to send."""

    def pack(
        self,
        message: str,
        file: UserFile,
        then: Callable[[Packed], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Take in a file of the user's for a message, from the editor's side."""
        ...

    def draw(
        self,
        message: str,
        name: str,
        code: str,
        filetype: str,
        first_line: int,
        then: Callable[[Packed], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Draw code as a picture of that name."""
        ...


class Runtime(Protocol):
    """New ids and the time, so that nothing below asks for them itself."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def new_id(self) -> str:
        """An id that no other message has."""
        ...

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1 that nobody can foretell."""
        ...


Later = Callable[[float, Callable[[], None]], None]
"""Runs a call on the service loop after that many seconds."""


class Ports(Struct, frozen=True):
    """Everything outside that an editor's side needs. `exchange` gives an account's way to the
    owner of its robot; `pid`, `cwd` and `environ` are Neovim's."""

    editor: Editor
    storage: Storage
    saved: Saved
    exchange: Callable[[str], Exchange]
    programs: Programs
    project: Project
    media: Downloads
    packing: FilePacking
    runtime: Runtime
    later: Later
    pid: int
    cwd: str
    environ: Mapping[str, str]


class Records(Protocol):
    """The files of one robot, written in order; no method waits."""

    @property
    def robot(self) -> str:
        """The robot's name in the files."""
        ...

    def outbox(self, record: OutboxRecord, then: Callable[[], None]) -> None:
        """Write a record; `then` runs once it is on the disk."""
        ...

    def received(self, received: Received, then: Callable[[], None]) -> None:
        """Write a robot message into the inbox; `then` runs once it is on disk."""
        ...

    def routed(self, key: str, session: str, then: Callable[[], None]) -> None:
        """A command from DingTalk goes to this session and may be carried out there; `then` runs
        once that is on the disk."""
        ...

    def asked(self, key: str, session: str, by: Answerer, then: Callable[[], None]) -> None:
        """A robot message stands in this session and is about to be answered there; `then` runs
        once that is on the disk."""
        ...

    def handed(self, key: str) -> None:
        """Write that a robot message is done."""
        ...

    def fates(self, session: str, ends: tuple[DeliveryLine, ...]) -> None:
        """Write the ends of messages into their transcript."""
        ...

    def forget_file(self, message: str) -> None:
        """Remove the copy of a file that was kept for a message."""
        ...

    def change(
        self, change: Callable[[State], State], then: Callable[[], None] = lambda: None
    ) -> None:
        """Change what is remembered between runs; `then` runs once it is on the disk."""
        ...

    def soon(self, change: Callable[[State], State]) -> None:
        """The same for what may wait a second, and be lost with a process that is killed."""
        ...

    def settled(self, then: Callable[[], None]) -> None:
        """Call `then` once all that was to be written in state and outbox so far is on the disk."""
        ...

    def traces(
        self,
        session: str,
        messages: tuple[str, ...],
        then: Callable[[set[str], tuple[Message, ...]], None],
    ) -> None:
        """What the disk knows of messages that the outbox does not know: which are written down as
        those of another robot, and which the session's transcript shows with their end."""
        ...

    def look(self, then: Callable[[tuple[Queued, ...]], None]) -> None:
        """Look for messages that were not written down by `outbox`; see `RobotOutbox.look`."""
        ...


class Queue(Protocol):
    """The robot's send queue."""

    def put(self, waiting: QueuedMessage) -> None:
        """Add a message to the end."""
        ...

    def drop(self, message: str) -> bool:
        """Take a message out. Returns whether it waited, and so has left the queue for good. One
        that is under way is let go of; a record tells if that was before its end."""
        ...


class Reactions(Protocol):
    """The reactions of the robot on messages, which nothing waits for."""

    def react(self, reaction: Reaction) -> None:
        """Show a reaction at a message."""
        ...

    def unreact(self, message_id: str) -> None:
        """Remove the reaction at a message."""
        ...

    def idle(self, *, idle: bool) -> None:
        """Whether no message waits to go out: only then is there time for reactions."""
        ...


class Link(Protocol):
    """The robot's stream connection."""

    def connect(self) -> None:
        """Open it and keep it open. Does nothing when it is open already."""
        ...

    def disconnect(self) -> None:
        """Close it. Does nothing when it is closed already."""
        ...
