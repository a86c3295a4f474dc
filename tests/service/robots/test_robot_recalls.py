"""The calls that recall messages: what the user hears of them, and which count."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import structs

from dingbridge.core.delivery.recall import RecallCall
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.options.declarations import Options
from dingbridge.core.options.settings import read
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.openapi import AccessToken, AccessTokens, RobotClient
from dingbridge.edges.storage.robot_files import files_in
from dingbridge.edges.storage.worker import Worker
from dingbridge.service.adapters import SystemRuntime
from dingbridge.service.robots.robot_recalls import RobotRecalls
from dingbridge.service.robots.robot_resources import RobotResources
from tests.edges.dingtalk.test_reaction_requests import TOKEN

OPTIONS = read({"app_key": "ding1", "app_secret": "secret"}, {})
CALL = RecallCall("ding1", "", ("k1",))
TAKEN = HttpAnswer(200, b'{"successResult":["k1"]}')
REFUSED = HttpAnswer(400, b'{"code":"robot.processQueryKey.expired"}')


class Answers:
    """Gives these answers to the calls, one after the other."""

    def __init__(self, answers: tuple[HttpAnswer, ...]) -> None:
        self._answers = iter(answers)

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        return HttpAnswer(200, TOKEN) if url.endswith("accessToken") else next(self._answers)


class Resources(RobotResources, frozen=True):
    """Those of a robot whose calls are answered so."""

    answers: tuple[HttpAnswer, ...] = ()

    def client(self, options: Options, http: Http) -> RobotClient:
        return RobotClient(options, Answers(self.answers), AccessToken())


class Recalls:
    """A robot's recalls, and the loop that the test turns by hand."""

    def __init__(self, data: Path) -> None:
        self._posted: queue.Queue[Callable[[], None]] = queue.Queue()
        disk = Worker(self._posted.put, lambda _: None)
        self._resources = Resources(
            data,
            files_in(data, disk),
            AccessTokens(),
            SystemRuntime(),
            self._posted.put,
            cast(Any, None),
        )
        self._recalls: list[RobotRecalls] = []
        self.counted: list[tuple[int, str]] = []

    def recall(self, *calls: RecallCall, answers: tuple[HttpAnswer, ...] = ()) -> str:
        """Make these calls. Returns what the user hears."""
        resources = structs.replace(self._resources, answers=answers)
        made = RobotRecalls(OPTIONS, resources, lambda *count: self.counted.append(count))
        self._recalls.append(made)
        told: list[str] = []
        made.recall(calls, told.append)
        while not told:
            self._posted.get(timeout=10)()
        return told[0]

    def stop(self) -> None:
        for one in self._recalls:
            one.stop()


@pytest.fixture
def recalls(tmp_path: Path) -> Iterator[Recalls]:
    made = Recalls(tmp_path)
    yield made
    made.stop()


def test_calls_that_succeed_count(recalls: Recalls) -> None:
    assert recalls.recall(CALL, CALL, answers=(TAKEN, TAKEN)) == ""
    assert recalls.counted == [(2, "")]


def test_calls_that_are_not_made_as_one_before_was_refused_do_not_count(recalls: Recalls) -> None:
    told = recalls.recall(CALL, CALL, CALL, answers=(TAKEN, REFUSED))
    assert "does not recall it any more" in told
    assert recalls.counted == [(1, "robot.processQueryKey.expired")]


def test_a_defect_is_told_to_the_one_who_asked(
    recalls: Recalls, caplog: pytest.LogCaptureFixture
) -> None:
    broken = structs.replace(CALL, keys=None)
    assert recalls.recall(broken) == "something went wrong in dingbridge, see :Chat log"
    assert recalls.counted == [(0, "")]
    assert "Traceback" in caplog.text
