"""Carries out a history with real processes and the sandbox, and collects its records."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from math import inf
from pathlib import Path
from threading import Timer
from typing import Any

from msgspec import structs

from dingbridge.edges.storage.robot_files import SPOOL_FOLDER
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM, CustomRobot, Settings
from dingbridge.service.main import LOCK_WITHIN
from tests.faults import check, evidence, installed
from tests.faults.check import Link, Records, Sent
from tests.faults.disks import Disk
from tests.faults.editors import READY, Install, Seat, wait
from tests.faults.histories import History
from tests.faults.operations import (
    OTHER,
    STRANGER,
    Abort,
    Await,
    Bind,
    Chat,
    CrashLoop,
    Disconnect,
    ExpireSessionWebhooks,
    Fill,
    Freeze,
    HalfOpen,
    KillEditor,
    KillHost,
    KillService,
    Notify,
    Operation,
    Pass,
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
)
from tests.faults.people import People
from tests.faults.projects import Project
from tests.faults.shots import Shot
from tests.support import services
from tests.support.editor import ROOT
from tests.support.processes import frozen

UNDER_WAY = ("queued", "sending", "retrying")
"""What an editor shows of a message whose end is about to be reported."""

END = 30.0
"""Seconds in which everything has found its place once the trouble is over."""
MOMENT = 1.0
"""Seconds that an `Await` waits for what need not come."""
STUCK = 50.0
"""Seconds after which the processes of a history are killed, so that nobody waits for ever."""

SERVICE_GONE = 2 * LOCK_WITHIN
"""Seconds: one that an editor has started just before it left waits for somebody to attach."""


class Frozen:
    """The frozen process of a history, if there is one."""

    def __init__(self) -> None:
        self._end: Timer | None = None
        self._thaw = ExitStack()

    @property
    def now(self) -> bool:
        """Whether a process is frozen."""
        return self._end is not None and self._end.is_alive()

    def begin(self, pid: int, seconds: float) -> None:
        """Freeze a process for `seconds`, or until `go_on`."""
        self.go_on()
        if pid:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                self._thaw.enter_context(frozen(pid))
            self._end = Timer(seconds, self._thaw.close)
            self._end.daemon = True
            self._end.start()

    def go_on(self) -> None:
        """Continue it now."""
        if self._end is not None:
            self._end.cancel()
            self._end.join()
            self._end = None
        self._thaw.close()


class Machine:
    """Runs one history. `home` is an empty folder for all its files."""

    def __init__(self, history: History, home: Path, sandbox: Sandbox) -> None:
        self.history = history
        self.home = home
        self.sandbox = sandbox
        self._client = sandbox.client
        self._settings = settings(history)
        self.people = People(sandbox.client, self._settings)
        # Not in `home`: a socket's path is limited to about a hundred characters.
        self._run = Path(tempfile.mkdtemp(prefix="dbr"))
        plugin = installed.copy(home / "plugin") if history.upgrades else ROOT
        common = Install(
            home,
            {"XDG_RUNTIME_DIR": str(self._run)},
            plugin,
            options(history, sandbox),
            history.two_folders,
        )
        projects = {number: Project(number, home) for number in (*history.all_editors, OTHER)}
        if history.shares:
            projects[2] = projects[1]
        self.seats = {
            number: Seat(number, projects[number], common) for number in history.all_editors
        }
        if history.two_folders:
            environ = {**common.environ, "NVIM_APPNAME": "other"}
            self.seats[OTHER] = Seat(
                OTHER, projects[OTHER], structs.replace(common, environ=environ)
            )
        self._shots: list[Shot] = []
        self._late: set[int] = set()
        self._alone = history.editors == 1
        self._sent: list[Sent] = []
        self._given_up: set[str] = set()
        self._killed = False
        self._disk = Disk(home)
        self._frozen = Frozen()
        self._data = self.seats[1].data
        self._cut_off = 0
        self.queued = 0
        self.witnessed: list[int] = []
        self.shown: list[check.Shown] = []
        self.problems: list[str] = []

    # --- the whole of it --------------------------------------------------------------------------

    def run(self) -> Records:
        """Carry out all operations, end the faults, and return the records."""
        stuck = Timer(STUCK, self.end_all)
        stuck.daemon = True
        stuck.start()
        try:
            for operation in self.history.operations:
                self.carry_out(operation)
            self._calm_down()
            self.quit_all()
            return self.records()
        finally:
            stuck.cancel()
            self._frozen.go_on()
            self._disk.work()
            self.end_all()
            shutil.rmtree(self._run, ignore_errors=True)

    def carry_out(self, operation: Operation) -> None:
        """Carry out one operation. It does nothing if it does not apply, for example if the link is
        down."""
        client, seats = self._client, self.seats
        match operation:
            case Start(editor=editor):
                seats[editor].start()
                seats[editor].take_up_binding(alone=self._alone)
            case Send(editor=editor, message=message, lines=lines):
                self._send(seats[editor], message, lines, notify=False)
            case Notify(editor=editor, message=message, lines=lines):
                self._send(seats[editor], message, lines, notify=True)
            case SendFile():
                self._send_file(operation)
            case Say():
                self.people.say(operation)
            case Redeliver(message=message):
                self.people.push_again(message)
            case Trouble(fault=fault):
                client.fault(fault)
            case Release():
                client.release()
            case RevokeTokens():
                client.revoke_tokens()
            case ExpireSessionWebhooks():
                client.expire_session_webhooks()
            case Disconnect():
                self._given_up.update(client.disconnect())
            case Abort():
                client.abort()
            case HalfOpen():
                self._given_up.update(client.half_open())
            case KillService(other=other):
                self._kill_service(seats[OTHER].data if other else self._data)
            case CrashLoop(times=times):
                needed = any(one.is_running and one.data == self._data for one in seats.values())
                for _ in range(times if needed else 0):
                    wait(lambda: services.pid(self._data), READY)
                    self._kill_service(self._data)
            case Upgrade():
                installed.renew(seats[1].install.plugin)
            case RemoveRuntimeFolder(back=back):
                shutil.rmtree(self._run, ignore_errors=True)
                if back:
                    self._run.mkdir(mode=0o700)
            case SendAndExit():
                self._send_and_exit(operation)
            case RestartService(editor=editor):
                # The answer that it waits for may come too late.
                self._cut_off += 1
                seats[editor].restart_service()
            case Freeze(program=program, editor=editor, milliseconds=milliseconds):
                self._frozen.begin(seats[editor].pid(program), milliseconds / 1000)
            case KillHost(editor=editor):
                seats[editor].kill_host()
                self._note_late(seats[editor])
            case KillEditor(editor=editor, host=host):
                seats[editor].kill(host=host)
            case Quit(editor=editor):
                self._quit(seats[editor])
            case Chat(editor=editor):
                seats[editor].chat()
                if not self._alone:
                    seats[editor].take_up_binding(alone=False)
            case Unbind(editor=editor):
                # A message that comes while nothing is bound may go anywhere.
                if wait(self.all_heard, READY):
                    seats[editor].unbind()
            case Bind(editor=editor):
                seats[editor].bind()
            case Tear(file=file):
                for seat in seats.values():
                    seat.until_gone()
                for seat in seats.values():
                    self._kill_service(seat.data)
                self._disk.tear(file)
            case Refuse(file=file, milliseconds=milliseconds):
                self._disk.refuse(file, milliseconds / 1000)
            case Fill(milliseconds=milliseconds):
                for seat in seats.values():
                    seat.doubt_files()
                self._disk.fill(services.pid(self._data), milliseconds / 1000)
            case Pass(milliseconds=milliseconds):
                wait(lambda: False, milliseconds / 1000, 0.001)
            case Await(what=what):
                self._await(what)
            case _:
                raise AssertionError(f"nobody knows how to do {operation}")

    def records(self) -> Records:
        """The records so far."""
        left = self._disk.transcripts()
        heard = {session: tuple(evidence.from_dingtalk(data)) for session, data in left.items()}
        uploads = {each.media_id: each.sha256 for each in self._client.uploads()}
        calls = self._client.calls()
        return Records(
            sent=tuple(self._certain(sent) for sent in self._sent),
            accepted={
                **{seat.name: seat.accepted() for seat in self.seats.values()},
                **{shot.name: shot.accepted() for shot in self._shots},
            },
            arrived=tuple(evidence.named(self._client.arrived(), uploads, self._sent)),
            said=self.people.said(),
            transcripts=heard,
            announced=evidence.announced(self.seats.values()),
            strangers=(self._settings.person(STRANGER).single_conversation,),
            links=self._links(),
            queued=self.queued,
            told_to_wait=any("Qps" in call.code for call in calls),
            killed=self._killed,
            problems=(
                *self.problems,
                *(words for seat in self.seats.values() for words in seat.problems),
            ),
            ended=tuple(chain.from_iterable(seat.ended() for seat in self.seats.values())),
            witnessed=(
                *self.witnessed,
                *chain.from_iterable(seat.witnessed() for seat in self.seats.values()),
            ),
            shown=tuple(self.shown),
            written=self._written(),
            uploads=uploads,
            told_unsent=tuple(chain.from_iterable(map(evidence.told_unsent, left.values()))),
            unwhole=tuple(evidence.unwhole(chain.from_iterable(heard.values()), self._files())),
            unanswered=evidence.unanswered(calls) + self._cut_off,
        )

    # --- steps ------------------------------------------------------------------------------------

    def _send(self, seat: Seat, message: int, lines: int, *, notify: bool) -> None:
        certain = seat.send(message, check.outgoing(message, lines), notify=notify)
        self._sent.append(Sent(message, seat.name, lines, certain, notification=notify))

    def _send_file(self, asked: SendFile) -> None:
        seat, name = self.seats[asked.editor], check.file_name(asked.message, asked.ending)
        text = check.outgoing(asked.words, 1) if asked.words else ""
        certain = seat.send_file(asked.message, name, asked.words, text)
        if self._disk.is_full:
            # There may be no room for the copy; the user gets an error.
            seat.doubt_files()
        if asked.words:
            self._sent.append(Sent(asked.words, seat.name, 1, certain))
        digest = hashlib.sha256(check.content(name)).hexdigest()
        self._sent.append(Sent(asked.message, seat.name, 1, certain, sha256=digest))

    def _quit(self, seat: Seat) -> None:
        # An answer that cannot be written down may lead to a repeat.
        self._cut_off += self._disk.refuses
        if self._frozen.now:
            # Spooled requests may have to wait for the next editor.
            seat.doubt()
        seat.quit()
        self._note_late(seat)

    def _note_late(self, seat: Seat) -> None:
        """Requests that the host does not know as accepted will be submitted again."""
        sent = {one.message for one in self._sent if one.sender == seat.name}
        self._late |= sent.difference(seat.accepted())

    def _send_and_exit(self, asked: SendAndExit) -> None:
        text = check.outgoing(asked.message, 1)
        shot = Shot(self.seats[asked.editor], asked.message, text, session=asked.session)
        self._shots.append(shot)
        self._cut_off += self._disk.refuses
        certain = shot.fire()
        self._sent.append(
            Sent(asked.message, shot.name, 1, certain, notification=not asked.session)
        )

    def _kill_service(self, data: Path) -> None:
        if process := services.pid(data):
            self._killed = True
            self._cut_off += 1
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(process, signal.SIGKILL)
            services.wait_until_gone(process)

    def _await(self, what: str) -> None:
        if what == "hanging":
            self._quietly(lambda: self._client.wait_hanging(1, MOMENT))
        elif what == "link":
            self._quietly(lambda: self._client.wait_connections(1, timeout=MOMENT))
        elif what == "accepted":
            wait(lambda: not check.unaccepted(self.records()), MOMENT)
        else:
            wait(self._acked_and_heard, MOMENT)

    @staticmethod
    def _quietly(look: Any) -> None:
        try:
            look()
        except TimeoutError:
            return  # it may not happen

    # --- the end ----------------------------------------------------------------------------------

    def _calm_down(self) -> None:
        """End the faults and let everything settle."""
        client = self._client
        self._frozen.go_on()
        self._disk.work()
        client.clear_faults()
        client.release()
        for each in client.connections().open:
            if each.state == "half-open":
                # The robot may have been given up just now; then there is nothing to end.
                with contextlib.suppress(ValueError):
                    client.abort(each.id)
        folders = list(dict.fromkeys(seat.data for seat in self.seats.values()))
        self._start_who_is_needed(folders)
        for seat in self.seats.values():
            if seat.is_running:
                seat.chat()
                if seat.project.released:
                    seat.bind()
                else:
                    seat.take_up_binding(alone=self._alone)
        # Of two data folders, one has the robot until its editors leave.
        while folders:
            settled = wait(lambda: next(filter(self._all_settled, folders), None), END, 0.02)
            if settled is None:
                return
            folders.remove(settled)
            if folders:
                self._leave(settled)
                self._start_who_is_needed(folders)

    def _start_who_is_needed(self, folders: list[Path]) -> None:
        """Start editors in `folders` that have spooled requests. Others are not started: they would
        take the robot."""
        waiting = check.unaccepted(self.records())
        senders = {sent.sender for sent in self._sent if sent.message in waiting}
        for seat in self.seats.values():
            has_spooled = any((seat.data / SPOOL_FOLDER).glob("*.json"))
            is_needed = seat.name in senders or has_spooled
            if is_needed and seat.data in folders and not seat.is_running:
                seat.start()
        for shot in self._shots:
            if shot.name in senders and shot.seat.data in folders:
                shot.seat.quit()
                shot.seat.start()
        for data in folders:
            seats = [seat for seat in self.seats.values() if seat.data == data]
            if not any(seat.is_running for seat in seats):
                seats[0].start()

    def _all_settled(self, data: Path) -> bool:
        """Whether all requests of the editors of a data folder are settled."""
        client = self._client
        client.release()
        heard = self.all_heard()
        seats = [seat for seat in self.seats.values() if seat.data == data]
        senders = {seat.name for seat in seats}
        senders.update(shot.name for shot in self._shots if shot.seat in seats)
        # Deliveries first, then what is shown, then what is written: a message that comes in
        # between is found by the later look, not missed by it.
        self.queued = max(int(seat.status().get("queued", 0)) for seat in seats)
        records = self.records()
        self.shown = [
            check.Shown(seat.name, seat.project.session, seat.shown())
            for seat in seats
            if seat.is_running and seat.project.session
        ]
        looked = structs.replace(records, shown=tuple(self.shown), written=self._written())
        missed = {*check.unaccepted(records), *check.missing(records), *check.unended(records)}
        return heard and not (
            self.queued
            # Spooled requests may not have been taken in yet.
            or any((data / SPOOL_FOLDER).glob("*.json"))
            or any(row[2] in UNDER_WAY for one in self.shown for row in one.rows)
            or records.unwhole
            or check.stale(looked)
            or any(sent.message in missed for sent in self._sent if sent.sender in senders)
        )

    def all_heard(self) -> bool:
        """Whether every utterance is acked and in a transcript. Pushes unacked ones again."""
        self.people.push_what_is_not_acked()
        return not self.people.unacked() and not check.unheard(self.records())

    def _acked_and_heard(self) -> bool:
        """Whether utterances on open links are acked, and acked ones are in a transcript."""
        if self.people.waiting_for_ack():
            return False
        return not self.people.acked().intersection(check.unheard(self.records()))

    def quit_all(self) -> None:
        """Quit all editors. Nothing is under way, so the services end."""
        for data in dict.fromkeys(seat.data for seat in self.seats.values()):
            self._leave(data)

    def _leave(self, data: Path) -> None:
        """Quit the editors of a data folder; its service ends then."""
        seats = [seat for seat in self.seats.values() if seat.data == data]
        for seat in seats:
            self.witnessed += seat.witnessed()
            if seat.is_running:
                seat.quit()
        for seat in seats:
            seat.until_gone()
        if not services.wait_until_gone(services.pid(data), SERVICE_GONE):
            self.problems.append(f"the service outlived its editors by {SERVICE_GONE:g} s")

    def end_all(self) -> None:
        """End all processes, whatever state they are in."""
        for seat in self.seats.values():
            seat.end()
            for pid in services.running(seat.data):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    # --- records ----------------------------------------------------------------------------------

    def _written(self) -> dict[str, tuple[check.Row, ...]]:
        """The messages that stand in the transcripts, by session."""
        left = self._disk.transcripts()
        return {session: evidence.rows(data) for session, data in left.items()}

    def _files(self) -> set[int]:
        """Utterances whose file must have arrived; without room only a notice is required."""
        return set() if self._disk.was_full else self.people.files()

    def _certain(self, sent: Sent) -> Sent:
        doubted = any(sent.message in seat.uncertain for seat in self.seats.values())
        certain = sent.certain and not doubted
        return structs.replace(sent, certain=certain, late=sent.message in self._late)

    def _links(self) -> tuple[Link, ...]:
        return tuple(
            Link(each.id, each.opened, each.closed or inf, each.id in self._given_up)
            for each in self._client.connections().all
        )


def settings(history: History) -> Settings:
    """The sandbox's settings: no rate limits, which would delay messages for minutes.

    The secret and the webhook are the history's own: a service that an aborted history left behind
    may find this sandbox at the address of its own, and must not send there.
    """
    return Settings.unlimited(
        disconnect_grace=1.0,
        chance=history.seed,
        client_secret=f"secret-of-history-{history.seed}",
        robots=(CustomRobot(f"robot-of-history-{history.seed}"),),
    )


def options(history: History, sandbox: Sandbox) -> dict[str, Any]:
    """The bridge's options."""
    here = sandbox.settings()
    common = {
        "endpoint": here["endpoint"],
        "text_chunk_limit": 300,
        "verbose": True,
        "python": sys.executable,
    }
    webhook = {"webhook": here["webhook"]}
    app = {
        "app_key": here["app_key"],
        "app_secret": here["app_secret"],
        "allow_from": ["zhangsan", "lisi"],
        "group_policy": "open",
        "reaction": False,
        "mention_asker": False,
    }
    by_mode: dict[str, dict[str, Any]] = {
        "group": {**app, "conversation_id": TEAM},
        "person": {**app, "user_id": "zhangsan"},
        "both": {**app, **webhook, "user_id": "zhangsan"},
        "webhook": webhook,
    }
    return {**common, **by_mode[history.mode]}


@contextmanager
def running(history: History, home: Path) -> Iterator[Machine]:
    """A machine with a sandbox of its own."""
    with Sandbox(settings(history)) as sandbox:
        yield Machine(history, home, sandbox)
