"""Histories as data: the operations that a seed stands for. Pure."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Literal, TypeAlias

from msgspec import Struct

from dingbridge.sandbox.faults import Fault
from tests.faults import troubles
from tests.faults.operations import (
    OTHER,
    STRANGER,
    Abort,
    Await,
    Awaited,
    Bind,
    Chat,
    CrashLoop,
    Disconnect,
    Ending,
    ExpireSessionWebhooks,
    File,
    Fill,
    Freeze,
    HalfOpen,
    KillEditor,
    KillHost,
    KillService,
    Notify,
    Operation,
    Pass,
    Program,
    Quit,
    Redeliver,
    Refuse,
    Release,
    RemoveRuntimeFolder,
    RestartService,
    RevokeTokens,
    Say,
    Send,
    SendAndExit,
    SendFile,
    Start,
    Tear,
    Trouble,
    Unbind,
    Upgrade,
    What,
)
from tests.faults.troubles import DOWNLOAD, FILES, OPEN, PATHS, SLOW, UPLOAD, WEBHOOK, Mode

LONG = 12
"""Lines of a long message: three chunks or four."""
CHUNKS = 15
"""Chunks and failed attempts of a history. Twenty a minute would make the robot wait."""
OPENINGS = 5
"""Links that a history may need: with the last one they stay within six a minute."""
KILLS = 4
FREEZES = 2
UPGRADES = 1
FROZEN_FOR = (40, 150, 400, 900)
"""Milliseconds for which a program may do nothing."""
PAUSES = 3
"""Seconds of waiting between attempts that the faults of a history may cost."""
REFUSALS = 2
REFUSED_FOR = (40, 150, 400, 700)
"""Milliseconds for which the disk may refuse: an editor that is quit has two seconds."""


class History(Struct, frozen=True):
    """The operations of a history. A seed always gives the same one.

    - `shares`: the first two editors work in one project.
    - `two_folders`: there is also the editor `OTHER`, and all editors only notify.
    """

    seed: int
    mode: Mode
    editors: int
    operations: tuple[Operation, ...]
    shares: bool = False
    two_folders: bool = False

    @property
    def all_editors(self) -> range:
        """Numbers of the editors with the common data folder."""
        return range(1, self.editors + 1)

    @property
    def upgrades(self) -> bool:
        """Whether newer code is installed meanwhile."""
        return any(isinstance(step, Upgrade) for step in self.operations)

    def __str__(self) -> str:
        head = f"seed {self.seed}: {self.editors} editor(s), mode {self.mode}"
        head += ", the first two share a session" if self.shares else ""
        head += f", editor {OTHER} has another data folder" if self.two_folders else ""
        steps = (f"  {index:2} {step}" for index, step in enumerate(self.operations, 1))
        return "\n".join((head, *steps))


def history(seed: int, *, calm: bool = False) -> History:
    """The history of a seed. `calm`: one editor, and nothing is killed."""
    return _Author(seed, calm).write()


Choice: TypeAlias = tuple[int, bool, Callable[[], None]]
"""Weight, whether it makes sense now, and what it does."""


class _Author:
    """Writes one history. It keeps track of what runs, so that every step makes sense."""

    def __init__(self, seed: int, calm: bool) -> None:
        self._seed = seed
        self._calm = calm
        self._random = Random(seed)
        self._mode: Mode = self._random.choices(
            ("group", "person", "both", "webhook"), (30, 25, 35, 10)
        )[0]
        self._editors = 1 if calm else self._random.choices((1, 2, 3), (45, 35, 20))[0]
        self._two_folders = not calm and self._random.random() < 0.15
        self._shares = self._editors > 1 and not self._two_folders and self._random.random() < 0.5
        self._steps: list[Operation] = []
        self._state: dict[int, Literal["off", "up", "no host"]] = dict.fromkeys(
            range(1, self._editors + 1), "off"
        )
        if self._two_folders:
            self._state[OTHER] = "off"
        self._unbound: set[int] = set()
        self._has_session: set[int] = set()
        self._messages = 0
        self._said = 0
        self._chunks = 0
        self._openings = 0
        self._kills = 0
        self._freezes = 0
        self._pauses = 0.0
        self._refusals = 0
        self._upgrades = 0
        self._hanging = False
        self._half_open = False
        self._spoken = False

    def write(self) -> History:
        """Write it."""
        length = self._random.randint(8, 25)
        for editor in range(1, self._random.randint(1, self._editors) + 1):
            self._start(editor)
        self._await("link", 0.9)
        while len(self._steps) < length:
            self._act()
        steps = tuple(self._steps)
        return History(
            self._seed, self._mode, self._editors, steps, self._shares, self._two_folders
        )

    # --- what can happen next ---------------------------------------------------------------------

    def _choices(self) -> list[Choice]:
        api = self._mode != "webhook"
        bound = self._bound
        calm = not self._unbound
        speak = api and not self._two_folders and (calm or bool(bound))
        link = api and bool(bound) and self._openings < OPENINGS
        kill = self._may_kill
        service = kill and (link or (self._two_folders and bool(self._up)))
        room = self._chunks < CHUNKS
        return [
            (14, bool(bound) and room, self._send),
            (8, bool(self._up) and room, self._notify),
            (5, api and bool(bound) and room, self._send_file),
            (3, kill and bool(bound) and room, self._send_and_quit),
            (18, speak, self._show_notice),
            (4, speak and self._said > 0, self._redeliver),
            (7, room and self._pauses < PAUSES, self._trouble),
            (5, room and not self._hanging and bool(self._up), self._hang),
            (6, self._hanging, self._release),
            (2, api, lambda: self._add(RevokeTokens())),
            (2, api and self._said > 0, lambda: self._add(ExpireSessionWebhooks())),
            (2, link, lambda: self._break(Disconnect())),
            (2, link and not self._half_open, lambda: self._break(Abort())),
            (1, link and not self._half_open, lambda: self._break(HalfOpen())),
            (4, self._half_open, lambda: self._break(Abort())),
            (6, service, self._kill_service),
            (2, service and bool(self._up), self._restart_service),
            (2, service and bool(self._up), self._crash_loop),
            (2, service and self._upgrades < UPGRADES, self._upgrade),
            (2, bool(self._running), self._remove_runtime_folder),
            (4, room and kill, self._send_and_exit),
            (5, self._freezes < FREEZES and bool(self._running), self._freeze),
            (3, kill and bool(self._up), self._kill_host),
            (4, kill and bool(self._running), self._kill_editor),
            (3, kill and bool(self._running), self._quit),
            (8, "off" in self._state.values() and calm, self._start_one),
            (8, "no host" in self._state.values(), self._chat),
            (1, calm and link and not self._half_open and not self._shares, self._unbind),
            (9, not calm, self._bind),
            (9, not self._running, self._tear),
            (4, self._refusals < REFUSALS and bool(self._running), self._refuse),
            (4, True, lambda: self._add(Pass(self._random.choice((1, 5, 20, 60))))),
            (2, bool(bound), lambda: self._await("accepted")),
            (2, speak and bool(bound), lambda: self._await("acked")),
            (3, speak and bool(bound), lambda: self._await("link")),
        ]

    @property
    def _may_kill(self) -> bool:
        few = self._kills < KILLS and self._openings < OPENINGS
        return few and not self._calm and not self._unbound

    @property
    def _up(self) -> list[int]:
        return [editor for editor, state in self._state.items() if state == "up"]

    @property
    def _bound(self) -> list[int]:
        """Editors with a bound session. Unknown if two services compete for the robot."""
        return [one for one in self._up if one not in self._unbound and not self._two_folders]

    @property
    def _running(self) -> list[int]:
        return [editor for editor, state in self._state.items() if state != "off"]

    # --- steps ------------------------------------------------------------------------------------

    def _add(self, step: Operation) -> None:
        self._steps.append(step)

    def _await(self, what: Awaited, chance: float = 1.0) -> None:
        if self._random.random() < chance and (what != "link" or self._mode != "webhook"):
            self._add(Await(what))

    def _send(self) -> None:
        bound = self._bound
        number, lines = self._next_message()
        self._add(Send(self._random.choice(bound), number, lines))

    def _notify(self) -> None:
        number, lines = self._next_message()
        self._add(Notify(self._random.choice(self._up), number, lines))

    def _send_file(self) -> None:
        editor = self._random.choice(self._bound)
        self._send_file_from(editor)

    def _send_file_from(self, editor: int) -> None:
        if self._random.random() < 0.3 and self._pauses < PAUSES:
            self._passing_trouble(UPLOAD)
        words = self._next_message(1)[0] if self._random.random() < 0.3 else 0
        ending: Ending = self._random.choice(("pdf", "png"))
        self._add(SendFile(editor, self._next_message(1)[0], ending, words))

    def _send_and_quit(self) -> None:
        """The editor quits before anything can answer it."""
        editor = self._random.choice(self._bound)
        chance = self._random.random()
        if chance < 0.25 and self._mode != "webhook":
            self._send_file_from(editor)
        else:
            self._add((Notify if chance < 0.5 else Send)(editor, *self._next_message()))
        self._end("off", Quit(editor), editor)

    def _next_message(self, lines: int = 0) -> tuple[int, int]:
        lines = lines or LONG if self._random.random() < 0.2 else 1
        self._chunks += 4 if lines > 1 else 1
        self._messages += 1
        return self._messages, lines

    def _show_notice(self) -> None:
        self._said += 1
        user = self._random.choices(("zhangsan", "lisi", STRANGER), (6, 4, 1))[0]
        group = user != STRANGER and self._random.random() < 0.35
        mention = not group or self._random.random() < 0.85
        chance = self._random.random()
        what: What = "picture" if chance < 0.1 else "file" if chance < 0.2 and not group else "text"
        twice = what == "text" and self._random.random() < 0.15
        if what != "text" and self._random.random() < 0.3 and self._pauses < PAUSES:
            self._passing_trouble(self._random.choice((DOWNLOAD, FILES)))
        self._add(Say(self._said, user, group, mention, twice, what))

    def _redeliver(self) -> None:
        self._add(Redeliver(self._random.randint(1, self._said)))

    def _trouble(self) -> None:
        path = self._random.choice(PATHS[self._mode])
        if path == OPEN and self._openings >= OPENINGS:
            return
        times = self._random.choices((1, 2, 3), (80, 15, 5))[0]
        fault, pause = troubles.fault(self._random, path, times)
        self._openings += times if path == OPEN else 0
        self._pauses += pause
        self._chunks += times
        self._add(Trouble(fault))

    def _passing_trouble(self, path: str) -> None:
        """The next upload or download fails once or is slow."""
        if self._random.random() < 0.3:
            self._add(Trouble(Fault.hang(path, seconds=self._random.choice(SLOW))))
            return
        fault, pause = troubles.fault(self._random, path, 1)
        self._pauses += pause
        self._add(Trouble(fault))

    def _hang(self) -> None:
        """Catch a message between request and answer."""
        path = self._random.choice([path for path in PATHS[self._mode] if path not in (OPEN,)])
        when = self._random.choices(("before", "after"), (35, 65))[0]
        seconds = self._random.choice(SLOW) if self._random.random() < 0.3 else None
        self._hanging = seconds is None
        self._chunks += 1
        self._add(Trouble(Fault.hang(path, "after" if when == "after" else "before", 1, seconds)))
        if self._random.random() < 0.75:
            number, lines = self._next_message()
            step = Send if self._bound and path != WEBHOOK else Notify
            editor = self._random.choice(self._bound or self._up)
            self._add(step(editor, number, lines))
            self._await("hanging")
            if self._may_kill and self._random.random() < 0.6:
                self._end_in_the_middle(editor)

    def _end_in_the_middle(self, sender: int) -> None:
        """Kill when a message was accepted and not answered: where most bridges send twice or
        never."""
        chance = self._random.random()
        if chance < 0.4:
            self._kill_service()
        elif chance < 0.7:
            self._end("off", Quit(sender), sender)
        elif chance < 0.85:
            self._end("no host", KillHost(sender), sender)
        else:
            self._end("off", KillEditor(sender, host=True), sender)

    def _release(self) -> None:
        self._hanging = False
        self._add(Release())

    def _break(self, step: Operation) -> None:
        self._openings += 1
        self._half_open = isinstance(step, HalfOpen)
        self._add(step)
        self._await("link", 0.3)

    def _kill_service(self) -> None:
        self._kills += 1
        self._openings += 1
        self._half_open = False
        self._add(KillService(other=self._two_folders and self._random.random() < 0.5))

    def _restart_service(self) -> None:
        self._kills += 1
        self._openings += 1
        self._half_open = False
        self._add(RestartService(self._random.choice(self._up)))

    def _crash_loop(self) -> None:
        self._kills += 1
        self._openings += 1
        self._half_open = False
        self._add(CrashLoop(self._random.choice((2, 3, 4))))

    def _upgrade(self) -> None:
        """Usually an editor with the newer code starts right after it."""
        self._upgrades += 1
        self._openings += 1
        self._half_open = False
        self._add(Upgrade())
        if self._random.random() < 0.5:
            self._act([self._send, self._notify, self._show_notice, self._hang])
        if self._random.random() < 0.8:
            wanted = [self._start_one, self._kill_host, self._send_and_exit]
            self._act(wanted)
            self._act([self._chat])

    def _remove_runtime_folder(self) -> None:
        """Usually a client looks for the service right after it."""
        self._add(RemoveRuntimeFolder(back=self._random.random() < 0.5))
        if self._random.random() < 0.7:
            self._act([self._start_one, self._send_and_exit, self._kill_service, self._kill_host])

    def _send_and_exit(self) -> None:
        if not self._running:
            self._openings += 1
            self._half_open = False
        editor = self._random.choice([*self._state])
        session = editor in self._has_session and not self._unbound and self._random.random() < 0.5
        self._add(SendAndExit(editor, self._next_message(1)[0], session))

    def _freeze(self) -> None:
        """Usually a request follows right after it."""
        self._freezes += 1
        program: Program = self._random.choice(("service", "service", "host", "editor"))
        editor = self._random.choice(self._running)
        self._add(Freeze(program, editor, self._random.choice(FROZEN_FOR)))
        if self._random.random() < 0.8:
            self._act(
                [
                    self._send,
                    self._notify,
                    self._show_notice,
                    self._send_and_quit,
                    self._kill_service,
                ]
            )

    def _kill_host(self) -> None:
        editor = self._random.choice(self._up)
        self._end("no host", KillHost(editor), editor)

    def _kill_editor(self) -> None:
        editor = self._random.choice(self._running)
        self._end("off", KillEditor(editor, host=self._random.random() < 0.5), editor)

    def _quit(self) -> None:
        editor = self._random.choice(self._running)
        self._end("off", Quit(editor), editor)

    def _end(self, state: Literal["off", "no host"], step: Operation, editor: int) -> None:
        self._kills += 1
        self._state[editor] = state
        if not self._running:
            # The link is closed with the last one, and opened again with the next.
            self._openings += 1
            self._half_open = False
        self._add(step)

    def _start(self, editor: int) -> None:
        self._openings += 0 if self._openings else 1
        self._state[editor] = "up"
        if not self._two_folders:
            self._has_session.add(editor)
        self._add(Start(editor))

    def _start_one(self) -> None:
        self._start(self._one_that_is("off"))
        self._await("link", 0.5)

    def _chat(self) -> None:
        editor = self._one_that_is("no host")
        self._state[editor] = "up"
        self._add(Chat(editor))

    def _one_that_is(self, wanted: str) -> int:
        return self._random.choice([each for each, state in self._state.items() if state == wanted])

    def _unbind(self) -> None:
        editor = self._random.choice(self._up)
        self._unbound.add(editor)
        self._openings += 1
        self._add(Unbind(editor))

    def _bind(self) -> None:
        editor = self._unbound.pop()
        self._add(Bind(editor))

    def _tear(self) -> None:
        files: tuple[File, ...] = ("outbox", "outbox", "inbox", "transcript")
        self._add(Tear(self._random.choice(files)))

    def _refuse(self) -> None:
        """Usually an operation that needs the file follows right after it."""
        self._refusals += 1
        milliseconds = self._random.choice(REFUSED_FOR)
        file: File = self._random.choice(("outbox", "outbox", "inbox", "transcript"))
        if self._random.random() < 0.3 and self._up:
            self._add(Fill(milliseconds))
        else:
            self._add(Refuse(file, milliseconds))
        wanted = [self._send, self._send_and_quit] if file == "outbox" else [self._show_notice]
        wanted += [self._quit, self._kill_editor, self._start_one]
        if self._random.random() < 0.8:
            self._act(wanted)

    def _act(self, wanted: list[Callable[[], None]] | None = None) -> None:
        """Do something that makes sense now, preferably one of `wanted`."""
        choices = [
            (weight, act)
            for weight, sensible, act in self._choices()
            if sensible and (wanted is None or act in wanted)
        ]
        if choices:
            self._random.choices([act for _, act in choices], [weight for weight, _ in choices])[
                0
            ]()
