"""Carries out a history of a message's path, and collects its records."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from itertools import chain
from math import inf
from pathlib import Path
from threading import Event as Pause
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from dingbridge.sandbox.client import SandboxClient
from dingbridge.sandbox.records import Connections
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM, Settings
from dingbridge.sandbox.state import World
from tests.faults import check, evidence, layer, path_check, template
from tests.faults.check import Link, Records, Sent, Violation
from tests.faults.operations import (
    STRANGER,
    Abort,
    Await,
    Disconnect,
    ExpireSessionWebhooks,
    Operation,
    Pass,
    Redeliver,
    Say,
    Trouble,
)
from tests.faults.path_histories import Flood, Hand, LoseEditor, PathHistory
from tests.faults.people import People
from tests.faults.template import Start, Template
from tests.faults.thin import Thin

T = TypeVar("T")

END = 30.0
"""Seconds in which everything has found its place once the trouble is over."""
PLANTED_END = 4.0
"""The same where something never will, because of a planted defect."""
READY = 30.0
IN_TROUBLE = 5.0
"""Seconds in which what was asked for may find its place while the trouble goes on."""
TAKEN_UP = 10.0
"""Seconds in which an editor has the session again that was bound before."""
MOMENT = 1.0
"""Seconds that an `Await` waits for what need not come."""
GONE = 10.0
"""Seconds in which a service has ended that nobody needs."""


class Near(SandboxClient):
    """The control API of a sandbox in this process, which reads its records directly."""

    def __init__(self, control: str, world: World) -> None:
        super().__init__(control)
        self._world = world

    def _log(self, name: str, kind: Any) -> Any:
        return list(getattr(self._world, name))

    def connections(self) -> Connections:
        """All stream connections so far."""
        return Connections(tuple(self._world.connections.values()), ())


class NearSandbox(Sandbox):
    """A sandbox in this process."""

    def __enter__(self) -> NearSandbox:
        self.start()
        return self

    @property
    def client(self) -> Near:
        """Its control API."""
        return Near(self.control, self._world)


class Death(Struct, frozen=True):
    """The end of a service by a fault, in Unix seconds."""

    time: float
    ended: layer.Ended


class Machine:
    """Runs one history. `home` is an empty folder for all its files."""

    def __init__(
        self,
        history: PathHistory,
        home: Path,
        sandbox: NearSandbox,
        services: Template,
        mutation: str = "",
    ) -> None:
        self.history = history
        self.home = home
        self.sandbox = sandbox
        self._services = services
        self._mutation = mutation
        self.client = sandbox.client
        self._settings = settings(history)
        self.people = People(self.client, self._settings)
        # Not in `home`: a socket's path is limited to about a hundred characters.
        self._run = Path(tempfile.mkdtemp(prefix="dbr"))
        self.data = home / "data" / "nvim"
        self.log = home / "state" / "nvim"
        self.kept = home / "unsynced"
        for folder in (self.data, self.log):
            folder.mkdir(parents=True)
        self._options = options(history, sandbox)
        self._all: list[Thin] = []
        self._editors = {number: self._new_editor(number) for number in self._numbers}
        self._all += self._editors.values()
        self._sessions: dict[int, str] = {}
        self._sent: list[Sent] = []
        self._ids: dict[str, int] = {}
        self._certain: dict[int, bool] = {}
        self._pid = 0
        self._life = 0
        self._at_peace = False
        self._may_end = False
        self._pause = Pause()
        self.deaths: list[Death] = []
        self.problems: list[str] = []

    @property
    def _numbers(self) -> range:
        return range(1, self.history.editors + 1)

    def _new_editor(self, number: int) -> Thin:
        # The messages of one editor keep their order; its successor's are ordered apart.
        name = f"{number}.{sum(one.number == number for one in self._all)}"
        return Thin(number, name, self.data, str(self.home / f"project-{number}"), self._options)

    # --- the whole of it --------------------------------------------------------------------------

    def run(self) -> Records:
        """Carry out everything, end the faults, and return the records."""
        try:
            for number in self._numbers:
                self._begin(number)
            self._signal(template.ARM)
            for operation in self.history.operations:
                self._carry_out(operation)
                self._turn()
            self._until(self._is_quiet, IN_TROUBLE)
            self._calm_down()
            records = self.records()
            self._leave()
            return records
        finally:
            self.end_all()

    def end_all(self) -> None:
        """End all there is."""
        for editor in self._editors.values():
            editor.close()
        self._signal(signal.SIGKILL)
        if self._pid:
            self._wait(lambda: self._services.ended(self._pid) is not None, READY)
        shutil.rmtree(self._run, ignore_errors=True)

    def _begin(self, number: int) -> None:
        """The editor makes its session and binds it, as a new user does."""
        editor = self._editors[number]
        if not self._until(lambda: editor.is_configured):
            raise AssertionError("no service could be reached")
        if self.history.mode != "webhook":
            editor.command(f"new Project {number}")
            if not self._until(lambda: bool(editor.opened)):
                raise AssertionError("no session could be made")
            self._sessions[number] = editor.opened
            self._bind(number)
        editor.was_ready = True

    def _bind(self, number: int) -> None:
        """Bind the earlier session. Repeated, since a command may be lost."""
        session = self._sessions[number]
        for _ in range(20):
            editor = self._editors[number]
            if editor.is_configured:
                editor.command(f"open {session}", session)
                editor.command("bridge dingtalk", session)
            if self._until(lambda: self._editors[number].session == session, 1.0):
                return
        self.problems.append(f"{session} could not be bound")

    def _ready(self, number: int) -> Thin:
        """The editor, once it has restored its binding."""
        session = self._sessions.get(number, "")
        if not self._until(lambda: self._editors[number].session == session, TAKEN_UP):
            self.problems.append(f"the binding of {session} was not taken up")
            self._bind(number)
        editor = self._editors[number]
        editor.was_ready = True
        return editor

    def _carry_out(self, operation: Operation) -> None:
        client = self.client
        match operation:
            case Hand(editor=number, messages=messages):
                self._hand(number, messages)
            case Say():
                self.people.say(operation)
            case Flood(says=says):
                self._stop()
                try:
                    for say in says:
                        self.people.say(say)
                finally:
                    self._signal(signal.SIGCONT)
            case Redeliver(message=message):
                self.people.push_again(message)
            case Trouble(fault=fault):
                client.fault(fault)
            case ExpireSessionWebhooks():
                client.expire_session_webhooks()
            case Disconnect():
                client.disconnect()
            case Abort():
                client.abort()
            case LoseEditor(editor=number):
                self._lose(number)
                self._ready(number)
            case Pass(milliseconds=milliseconds):
                self._until(lambda: False, milliseconds / 1000)
            case Await(what="accepted"):
                self._until(lambda: not self._unconfirmed(), MOMENT)
            case Await():
                self._until(lambda: not self.people.waiting_for_ack(), MOMENT)
            case _:
                raise AssertionError(f"nobody knows how to do {operation}")

    def _hand(self, number: int, messages: tuple[tuple[int, int, str | None], ...]) -> None:
        editor = self._editors[number]
        if not editor.was_ready:
            # Its user sees where a message goes.
            editor = self._ready(number)
        asked = []
        for message, lines, where in messages:
            name = f"{editor.name}-{message}"
            payload = {"text": check.outgoing(message, lines)}
            if where is None:
                payload["session"] = self._sessions[number]
            elif where:
                payload["target"] = where
            self._ids[name] = message
            self._certain[message] = True
            self._sent.append(
                Sent(message, editor.name, lines, True, notification=where is not None)
            )
            asked.append((name, "send" if where is None else "notify", payload))
        editor.ask(*asked)

    def _lose(self, number: int) -> Thin:
        """Replace an editor. Unconfirmed requests of it may be lost, unless the service has
        them."""
        before = self._editors[number]
        before.pump()
        for name in before.unconfirmed():
            self._certain[self._ids[name]] = False
        before.close()
        before.pump()
        editor = self._editors[number] = self._new_editor(number)
        self._all.append(editor)
        return editor

    def _unconfirmed(self) -> list[str]:
        return [name for editor in self._editors.values() for name in editor.unconfirmed()]

    # --- the service ------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Start the next service if there is none."""
        code = self._services.ended(self._pid) if self._pid else 0
        if code is not None:
            if self._pid:
                self._note_end(code)
            self._start()
        for editor in self._editors.values():
            editor.pump()
            if not editor.is_attached:
                editor.attach(self._pid)

    def _start(self) -> None:
        lives = self.history.lives
        faults = lives[self._life] if self._life < len(lives) and not self._at_peace else ()
        self._life += 1
        base = self.home / f"service-{self._life}"
        self._pid = self._services.start(
            Start(
                data=str(self.data),
                log=str(self.log),
                environ=environ(self.home, self._run),
                faults=faults,
                seed=self.history.seed * 10 + self._life,
                report=f"{base}.json",
                kept=str(self.kept),
                errors=f"{base}.txt",
                armed=self._life > 1 and not self._at_peace,
                compacts=self.history.compacts,
                mutation=self._mutation,
            )
        )

    def _note_end(self, code: int) -> None:
        self._pid = 0
        report = self.home / f"service-{self._life}.json"
        if not report.exists():
            self.problems.append(f"service {self._life} ended with {code} and told nothing")
            return
        ended = msgspec.json.decode(report.read_bytes(), type=layer.Ended)
        self.deaths.append(Death(report.stat().st_mtime, ended))
        if ended.fault is not None and ended.fault.cut:
            # The editors are on the same machine.
            for number in self._numbers:
                self._lose(number)
        if ended.fault is None and not ended.was_full and code:
            words = Path(f"{self.home}/service-{self._life}.txt").read_text("utf-8", "replace")
            self.problems.append(f"service {self._life} ended with {code}: {words[-2000:]}")

    def _signal(self, number: int) -> None:
        if self._pid and self._services.ended(self._pid) is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(self._pid, number)

    def _stop(self) -> None:
        """Freeze the service; returns once it is stopped."""
        self._signal(signal.SIGSTOP)

    def _until(self, look: Callable[[], T], seconds: float = READY) -> T | None:
        def seen() -> T:
            self._turn()
            return look()

        return self._wait(seen, seconds)

    def _wait(self, look: Callable[[], T], seconds: float) -> T | None:
        end = time.monotonic() + seconds
        while not (seen := look()):
            if time.monotonic() > end:
                return None
            self._pause.wait(0.005)
        return seen

    # --- the end ----------------------------------------------------------------------------------

    def _calm_down(self) -> None:
        """End the faults and let everything settle."""
        self._at_peace = True
        self._signal(template.REST)
        self.client.clear_faults()
        for number in self._numbers:
            self._ready(number)
        end = time.monotonic() + (PLANTED_END if self._mutation else END)
        pause = 0.02
        while not self._is_settled() and time.monotonic() < end:
            self._until(lambda: False, pause)
            pause = min(2 * pause, 0.3)

    def _is_quiet(self) -> bool:
        """Whether everything is confirmed, acked and sent."""
        self.people.push_what_is_not_acked()
        if self._unconfirmed() or self.people.unacked():
            return False
        return not any(editor.status.get("queued", 0) for editor in self._editors.values())

    def _is_settled(self) -> bool:
        if not self._is_quiet():
            return False
        records = self.records()
        return not (
            check.unheard(records)
            or check.missing(records)
            or check.unended(records)
            or check.stale(records)
        )

    def _leave(self) -> None:
        """All editors leave. Nothing is under way, so the service ends."""
        for editor in self._editors.values():
            editor.leave()

        def left() -> bool:
            for editor in self._editors.values():
                editor.pump()
            return all(editor.has_left for editor in self._editors.values())

        if not self._wait(left, GONE):
            self.problems.append("an editor could not leave")
        for editor in self._editors.values():
            editor.close()
        if not self._wait(lambda: self._services.ended(self._pid) is not None, GONE):
            self.problems.append(f"the service outlived its editors by {GONE:g} s")
        elif code := self._services.ended(self._pid):
            self.problems.append(f"the service ended with {code} when it was left")

    # --- records ----------------------------------------------------------------------------------

    def transcripts(self) -> dict[str, bytes]:
        """The content of the transcripts, by session."""
        folder = self.data / "dingbridge" / "sessions"
        return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.jsonl"))}

    def records(self) -> Records:
        """The records so far."""
        left = self.transcripts()
        unsent = set(chain.from_iterable(map(evidence.told_unsent, left.values())))
        told = [name for one in self._all for name in (*one.failed, *one.dead_letters)]
        failed = {self._ids[name] for name in told if name in self._ids}
        keyless_once = self.history.delivery == "at_most_once"
        arrived = self.client.arrived()
        accepted = {
            one.name: tuple(
                self._ids[name]
                for name in one.accepted
                # It was reported as one that may have arrived.
                if not (keyless_once and self._ids[name] in failed | unsent)
            )
            for one in self._all
        }
        return Records(
            sent=tuple(
                Sent(
                    one.message,
                    one.sender,
                    one.lines,
                    self._certain[one.message]
                    and not (keyless_once and one.message in failed | unsent),
                    notification=one.notification,
                )
                for one in self._sent
            ),
            accepted=accepted,
            arrived=tuple(arrived),
            said=self.people.said(),
            transcripts={
                session: tuple(evidence.from_dingtalk(data)) for session, data in left.items()
            },
            strangers=(self._settings.person(STRANGER).single_conversation,),
            links=tuple(
                Link(each.id, each.opened, each.closed or inf, given_up=True)
                for each in self.client.connections().all
            ),
            queued=max(int(one.status.get("queued", 0)) for one in self._editors.values()),
            told_to_wait=any("Qps" in call.code for call in self.client.calls()),
            killed=True,
            problems=tuple(self.problems),
            told_unsent=() if keyless_once else tuple(unsent),
            # Whether repeats had a reason is checked here; see `twice`.
            unanswered=1 << 30,
            ended=tuple(self._ids[name] for one in self._all for name in one.ended),
            witnessed=tuple(
                self._ids[name] for one in self._editors.values() for name in sorted(one.own)
            ),
            shown=tuple(
                check.Shown(str(number), session, self._editors[number].rows(session))
                for number, session in self._sessions.items()
            ),
            written={session: evidence.rows(data) for session, data in left.items()},
        )

    def judge(self, records: Records) -> list[Violation]:
        """All violations; empty if every guarantee was kept."""
        left = self.transcripts().values()
        return [
            *check.judge(records),
            *path_check.judge(
                records,
                said=self.client.said(),
                calls=self.client.calls(),
                deaths=[(one.time, one.ended) for one in self.deaths],
                once=self.history.delivery == "at_most_once",
                one_each=self.history.scope == "conversation",
                handed_again=set(chain.from_iterable(map(evidence.repeated, left))),
            ),
        ]


def settings(history: PathHistory) -> Settings:
    """The sandbox's settings: no rate limits, which would delay messages for minutes."""
    return Settings.unlimited(disconnect_grace=1.0, chance=history.seed)


def environ(home: Path, run: Path) -> dict[str, str]:
    """The environment of the service."""
    return {
        "HOME": str(home),
        "PATH": os.environ.get("PATH", ""),
        "LANG": "C.UTF-8",
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_RUNTIME_DIR": str(run),
    }


def options(history: PathHistory, sandbox: Sandbox) -> dict[str, Any]:
    """The bridge's options."""
    here = sandbox.settings()
    common = {
        "endpoint": here["endpoint"],
        "text_chunk_limit": 300,
        "verbose": True,
        "delivery": history.delivery,
        "reaction": False,
    }
    webhook = {"webhook": here["webhook"]}
    app = {
        "app_key": here["app_key"],
        "app_secret": here["app_secret"],
        "allow_from": ["zhangsan", "lisi"],
        "group_policy": "open",
        "mention_asker": False,
        "session_scope": history.scope,
    }
    by_mode: dict[str, dict[str, Any]] = {
        "group": {**app, "conversation_id": TEAM},
        "person": {**app, "user_id": "zhangsan"},
        "both": {**app, **webhook, "user_id": "zhangsan"},
        "webhook": webhook,
    }
    return {**common, **by_mode[history.mode]}
