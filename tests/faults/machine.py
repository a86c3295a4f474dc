"""Carries out a history with real processes against the sandbox, and keeps its records."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from math import inf
from pathlib import Path
from threading import Timer
from typing import Any

from msgspec import structs

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM, Settings
from tests.faults import check, evidence
from tests.faults.check import Link, Records, Sent
from tests.faults.disks import Disk
from tests.faults.editors import READY, Seat, wait
from tests.faults.histories import History
from tests.faults.operations import (
    STRANGER,
    Abort,
    Await,
    Bind,
    Chat,
    Disconnect,
    ExpireSessionWebhooks,
    Fill,
    HalfOpen,
    KillEditor,
    KillHost,
    Notify,
    Operation,
    Pass,
    Quit,
    Redeliver,
    Refuse,
    Release,
    RevokeTokens,
    Say,
    Send,
    SendFile,
    Start,
    Tear,
    Trouble,
    Unbind,
)
from tests.faults.people import People

END = 30.0
"""Seconds in which everything has found its place once the trouble is over."""
MOMENT = 1.0
"""Seconds that an `Await` waits for what need not come."""
STUCK = 50.0
"""Seconds after which the processes of a history are killed, so that nobody waits for ever."""


class Machine:
    """One history on its way. `home` is a fresh folder for all its files."""

    def __init__(self, history: History, home: Path, sandbox: Sandbox) -> None:
        self.history = history
        self.home = home
        self.sandbox = sandbox
        self._client = sandbox.client
        self._settings = settings(history)
        self.people = People(sandbox.client, self._settings)
        self.seats = {
            number: Seat(number, home, options(history, sandbox))
            for number in range(1, history.editors + 1)
        }
        self._alone = history.editors == 1
        self._sent: list[Sent] = []
        self._given_up: set[str] = set()
        self._killed = False
        self._disk = Disk(home)
        self._cut_off = 0
        self.queued = 0

    # --- the whole of it --------------------------------------------------------------------------

    def run(self) -> Records:
        """Carry out everything, let the trouble end, and give the records."""
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
            self._disk.work()
            self.end_all()

    def carry_out(self, operation: Operation) -> None:
        """Do one step. One that meets nothing to act on, as a link that is down, does nothing."""
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
            case KillHost(editor=editor):
                self._killed = True
                self._cut_off += 1
                seats[editor].kill_host()
            case KillEditor(editor=editor, host=host):
                self._killed = True
                self._cut_off += 1
                seats[editor].kill(host=host)
            case Quit(editor=editor):
                self._quit(seats[editor])
            case Chat(editor=editor):
                seats[editor].chat()
                if not self._alone:
                    seats[editor].take_up_binding(alone=False)
            case Unbind(editor=editor):
                # Nobody can say where a message belongs that comes while nothing is bound.
                if wait(self.all_heard, READY):
                    seats[editor].unbind()
            case Bind(editor=editor):
                seats[editor].bind()
            case Tear(file=file):
                for seat in seats.values():
                    seat.until_gone()
                self._disk.tear(file)
            case Refuse(file=file, milliseconds=milliseconds):
                self._disk.refuse(file, milliseconds / 1000)
            case Fill(editor=editor, milliseconds=milliseconds):
                self._disk.fill(seats[editor], milliseconds / 1000)
            case Pass(milliseconds=milliseconds):
                wait(lambda: False, milliseconds / 1000, 0.001)
            case Await(what=what):
                self._await(what)
            case _:
                raise AssertionError(f"nobody knows how to do {operation}")

    def records(self) -> Records:
        """What is known now."""
        left = self._disk.transcripts()
        heard = {session: tuple(evidence.from_dingtalk(data)) for session, data in left.items()}
        uploads = {each.media_id: each.sha256 for each in self._client.uploads()}
        calls = self._client.calls()
        return Records(
            sent=tuple(self._certain(sent) for sent in self._sent),
            accepted={seat.name: seat.accepted() for seat in self.seats.values()},
            arrived=tuple(evidence.named(self._client.arrived(), uploads, self._sent)),
            said=self.people.said(),
            transcripts=heard,
            announced=tuple(text for seat in self.seats.values() for text in seat.announced()),
            strangers=(self._settings.person(STRANGER).single_conversation,),
            links=self._links(),
            queued=self.queued,
            told_to_wait=any("Qps" in call.code for call in calls),
            killed=self._killed,
            problems=tuple(words for seat in self.seats.values() for words in seat.problems),
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
        if self._disk.full_for == asked.editor:
            # Then there may be no room for the copy, which the user is told.
            seat.doubt_files()
        if asked.words:
            self._sent.append(Sent(asked.words, seat.name, 1, certain))
        digest = hashlib.sha256(check.content(name)).hexdigest()
        self._sent.append(Sent(asked.message, seat.name, 1, certain, sha256=digest))

    def _quit(self, seat: Seat) -> None:
        # An answer that came cannot be written down, so that what it answers may be sent again.
        self._cut_off += self._disk.refuses
        seat.quit()

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
            return  # it need not come

    # --- the end ----------------------------------------------------------------------------------

    def _calm_down(self) -> None:
        """The trouble ends: everything gets the chance to find its place."""
        client = self._client
        self._disk.work()
        client.clear_faults()
        client.release()
        for each in client.connections().open:
            if each.state == "half-open":
                # It may have been given up just now, and then there is nothing to end.
                with contextlib.suppress(ValueError):
                    client.abort(each.id)
        if not any(seat.is_running for seat in self.seats.values()):
            self.seats[1].start()
        for seat in self.seats.values():
            if seat.is_running:
                seat.chat()
                if seat.released:
                    seat.bind()
                else:
                    seat.take_up_binding(alone=self._alone)
        wait(self._all_settled, END, 0.02)

    def _all_settled(self) -> bool:
        client = self._client
        client.release()
        heard = self.all_heard()
        records = self.records()
        self.queued = sum(int(seat.status().get("queued", 0)) for seat in self.seats.values())
        return heard and not (self.queued or check.unaccepted(records) or check.missing(records))

    def all_heard(self) -> bool:
        """Whether all that was said is acked and heard; pushes again what is not."""
        self.people.push_what_is_not_acked()
        return not self.people.unacked() and not check.unheard(self.records())

    def _acked_and_heard(self) -> bool:
        """Whether what came through links that still stand is acked, and what is acked is heard."""
        if self.people.waiting_for_ack():
            return False
        return not self.people.acked().intersection(check.unheard(self.records()))

    def quit_all(self) -> None:
        """Leave all editors as their user would."""
        for seat in self.seats.values():
            if seat.is_running:
                seat.quit()
        for seat in self.seats.values():
            seat.until_gone()

    def end_all(self) -> None:
        """End all processes, whatever state they are in."""
        for seat in self.seats.values():
            seat.end()

    # --- records ----------------------------------------------------------------------------------

    def _files(self) -> set[int]:
        """What was said with a file that must have come; without room it is only told of."""
        return set() if self._disk.was_full else self.people.files()

    def _certain(self, sent: Sent) -> Sent:
        doubted = any(sent.message in seat.uncertain for seat in self.seats.values())
        return structs.replace(sent, certain=sent.certain and not doubted)

    def _links(self) -> tuple[Link, ...]:
        return tuple(
            Link(each.id, each.opened, each.closed or inf, each.id in self._given_up)
            for each in self._client.connections().all
        )


def settings(history: History) -> Settings:
    """The sandbox for a history: no limits of pace, which would hold messages for minutes."""
    return Settings.unlimited(disconnect_grace=1.0, chance=history.seed)


def options(history: History, sandbox: Sandbox) -> dict[str, Any]:
    """The bridge options of a history."""
    here = sandbox.settings()
    common = {"endpoint": here["endpoint"], "text_chunk_limit": 300, "verbose": True}
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
    """A machine for a history with a sandbox of its own."""
    with Sandbox(settings(history)) as sandbox:
        yield Machine(history, home, sandbox)
