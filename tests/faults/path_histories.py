"""Histories of a message's path as data: requests, utterances, and faults between steps. Pure."""

from __future__ import annotations

from random import Random
from typing import Literal

from msgspec import Struct

from dingbridge.sandbox.settings import TEAM
from tests.faults import troubles
from tests.faults.layer import Fault, How
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
from tests.faults.troubles import PATHS, Mode

IN = ("write inbox", "sync inbox", "send ack", "post", "write transcript", "sync transcript")
OUT = ("read editor", "write outbox", "sync outbox", "send request", "post", "write transcript")
SEEN = ("send editor", "post")
KEPT = ("write state", "sync state", "replace state", "sync folder", "make transcript")
LIVES = 4
"""Services of a history that end by a fault; the last one is left in peace."""
PAUSES = 2.0
"""Seconds of waiting between attempts that the faults of the platform may cost."""


class Hand(Operation, frozen=True):
    """An editor submits these messages at once.

    Each has a number, lines, and either the session or the address of a notification (empty: the
    configured one).
    """

    editor: int
    messages: tuple[tuple[int, int, str | None], ...]


class Flood(Operation, frozen=True):
    """All this is said while the service is frozen, so that it gets it as one batch."""

    says: tuple[Say, ...]


class LoseEditor(Operation, frozen=True):
    """Kill an editor and start another one in its place."""

    editor: int


MOST_FULL = 8
"""Steps for which a disk is full. Each may be a retry, and twelve take longer than a history
waits."""


class PathHistory(Struct, frozen=True):
    """A history; a seed always gives the same one.

    `lives` are the faults of each service, one after the other. `compacts`: journals are compacted
    early.
    """

    seed: int
    mode: Mode
    delivery: Literal["at_least_once", "at_most_once"]
    scope: Literal["bound", "conversation"]
    editors: int
    lives: tuple[tuple[Fault, ...], ...]
    operations: tuple[Operation, ...]
    compacts: bool

    def __str__(self) -> str:
        head = f"seed {self.seed}: {self.editors} editor(s), mode {self.mode}, {self.delivery}, "
        head += f"scope {self.scope}{', early compaction' if self.compacts else ''}"
        lives = (
            f"  service {number}: {'; '.join(map(str, life)) or 'no fault'}"
            for number, life in enumerate(self.lives, 1)
        )
        steps = (f"  {index:2} {step}" for index, step in enumerate(self.operations, 1))
        return "\n".join((head, *lives, *steps))


def history(seed: int) -> PathHistory:
    """The history of a seed."""
    return _Author(seed).write()


class _Author:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random = Random(seed)
        self._mode: Mode = random.choices(("group", "person", "both", "webhook"), (30, 25, 35, 10))[
            0
        ]
        self._editors = random.choices((1, 2), (75, 25))[0]
        self._scope: Literal["bound", "conversation"] = (
            "conversation" if self._mode != "webhook" and random.random() < 0.3 else "bound"
        )
        self._messages = 0
        self._said = 0
        self._pauses = 0.0
        self._links = 0
        self._steps: list[Operation] = []

    def write(self) -> PathHistory:
        random = self._random
        lives = tuple(self._life() for _ in range(random.randint(1, LIVES)))
        length = random.randint(6, 14)
        while len(self._steps) < length:
            self._act()
        return PathHistory(
            self._seed,
            self._mode,
            "at_most_once" if random.random() < 0.25 else "at_least_once",
            self._scope,
            self._editors,
            lives,
            tuple(self._steps),
            random.random() < 0.4,
        )

    # --- what goes wrong --------------------------------------------------------------------------

    def _life(self) -> tuple[Fault, ...]:
        # The first one ends the service. One of them comes surely.
        faults = [self._kill(), Fault("any", self._random.randint(60, 250), "before")]
        if self._random.random() < 0.3:
            faults.append(self._full())
        return tuple(faults)

    def _step(self) -> tuple[str, int]:
        random = self._random
        kinds = [OUT, SEEN, KEPT, ("any",)]
        weights = [40, 10, 10, 10]
        if self._mode != "webhook":
            kinds.append(IN)
            weights.append(40)
        step = random.choice(random.choices(kinds, weights)[0])
        many = {"any": 60, "post": 12, "send editor": 6}.get(step, 2)
        return step, random.randint(1, random.choice((many, 2 * many)))

    def _kill(self) -> Fault:
        how: How = self._random.choices(("before", "after", "within"), (40, 40, 20))[0]
        return Fault(*self._step(), how, cut=self._random.random() < 0.35)

    def _full(self) -> Fault:
        files = ("inbox", "outbox", "transcript", "state")
        file = self._random.choice(files[1:] if self._mode == "webhook" else files)
        return Fault(
            f"write {file}",
            self._random.randint(1, 8),
            "full",
            steps=min(self._random.randint(1, 12), MOST_FULL),
        )

    # --- what happens -----------------------------------------------------------------------------

    def _act(self) -> None:
        random, api = self._random, self._mode != "webhook"
        acts = [
            (20, self._hand),
            (15 if api else 0, self._show_notice),
            (15 if api else 0, self._flood),
            (3 if api and self._said else 0, self._redeliver),
            (4 if self._pauses < PAUSES else 0, self._trouble),
            (2 if api and self._said else 0, lambda: self._add(ExpireSessionWebhooks())),
            (2 if api and self._links < 1 else 0, self._break),
            (2, lambda: self._add(LoseEditor(self._editor()))),
            (8, lambda: self._add(Pass(random.choice((1, 5, 20, 60))))),
            (6, lambda: self._add(Await("accepted"))),
            (6 if api else 0, lambda: self._add(Await("acked"))),
        ]
        random.choices([act for _, act in acts], [weight for weight, _ in acts])[0]()

    def _add(self, step: Operation) -> None:
        self._steps.append(step)

    def _editor(self) -> int:
        return self._random.randint(1, self._editors)

    def _hand(self) -> None:
        random = self._random
        messages = []
        for _ in range(random.choices((1, random.randint(2, 10)), (40, 60))[0]):
            self._messages += 1
            lines = random.choices((1, 6), (85, 15))[0]
            where: str | None = None
            if self._mode == "webhook" or random.random() < 0.4:
                where = ""
                if self._mode != "webhook" and random.random() < 0.6:
                    where = f"dingtalk:{random.choice((TEAM, 'zhangsan', 'lisi'))}"
            messages.append((self._messages, lines, where))
        self._add(Hand(self._editor(), tuple(messages)))

    def _utterance(self) -> Say:
        random = self._random
        self._said += 1
        user = random.choices(("zhangsan", "lisi", STRANGER), (50, 40, 10))[0]
        return Say(self._said, user, group=random.random() < 0.3, twice=random.random() < 0.1)

    def _show_notice(self) -> None:
        self._add(self._utterance())

    def _flood(self) -> None:
        self._add(Flood(tuple(self._utterance() for _ in range(self._random.randint(2, 12)))))

    def _redeliver(self) -> None:
        self._add(Redeliver(self._random.randint(1, self._said)))

    def _trouble(self) -> None:
        path = self._random.choice(PATHS[self._mode])
        fault, pause = troubles.fault(self._random, path, 1)
        self._pauses += pause
        self._add(Trouble(fault))

    def _break(self) -> None:
        self._links += 1
        self._add(self._random.choice((Disconnect(), Abort())))
