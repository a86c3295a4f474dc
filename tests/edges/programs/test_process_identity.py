"""A process is known by its number and its beginning, so that no other one is ended for it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from dingbridge.edges.programs import process_identity
from dingbridge.edges.programs.process_identity import born, is_same
from tests.support.processes import Child, is_alive, until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="no process has a beginning elsewhere")

WAITS = [sys.executable, "-c", "import sys; print('ready', flush=True); sys.stdin.read()"]


@pytest.fixture
def child() -> Iterator[Child]:
    with Child(WAITS, stdin=-1, stdout=-1, text=True) as started:
        assert started.line() == "ready"
        yield started


def test_a_process_has_one_beginning_however_often_it_is_asked(child: Child) -> None:
    assert born(child.pid)
    assert born(child.pid) == born(child.pid)
    assert is_same(child.pid, born(child.pid))


def test_a_beginning_is_the_same_in_whatever_language_and_zone_it_is_asked(
    child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = born(child.pid)
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    assert born(child.pid) == first


def test_two_processes_have_two_beginnings(child: Child) -> None:
    assert born(child.pid) != born(os.getpid())
    assert not is_same(child.pid, born(os.getpid()))


def test_a_process_that_is_gone_has_none_and_is_nobody(child: Child) -> None:
    beginning = born(child.pid)
    child.end()
    assert born(child.pid) == ""
    assert not is_same(child.pid, beginning)
    assert not is_same(child.pid, "")
    assert not process_identity.kill(child.pid, beginning)


def test_another_process_of_the_same_number_is_not_ended(child: Child) -> None:
    # As if the one that is meant had ended, and its number had been given away.
    assert not process_identity.kill(child.pid, born(os.getpid()))
    assert not process_identity.kill(child.pid, "")
    assert is_alive(child.pid)


def test_the_one_that_is_meant_is_ended_though_it_is_frozen(child: Child) -> None:
    os.kill(child.pid, signal.SIGSTOP)
    assert process_identity.kill(child.pid, born(child.pid))
    assert child.wait(10) == -signal.SIGKILL


def test_a_process_that_has_ended_is_nobody_though_its_parent_has_not_asked_about_it(
    child: Child,
) -> None:
    beginning = born(child.pid)
    os.kill(child.pid, signal.SIGKILL)
    until(lambda: not is_same(child.pid, beginning), "it has ended")
