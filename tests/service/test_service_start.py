"""A service that cannot start: tried by one editor at a time, with pauses, and told once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from dingbridge.core.start_pauses import Pauses, Silence
from dingbridge.core.timeouts import SILENT_AFTER
from dingbridge.edges.programs.background import Outcome, complaint
from dingbridge.edges.storage.card import read_card
from dingbridge.edges.storage.file_lock import file_lock
from dingbridge.editor.service_link import Attached, AttachmentEvent, ServiceLink, ServiceSilent
from dingbridge.editor.service_start import ServiceStart
from tests.support import services
from tests.support.editor import ROOT
from tests.support.processes import Child, frozen, run, until

posix = pytest.mark.skipif(os.name != "posix", reason="programs and pipes of POSIX")


class Launcher:
    """What is started in place of the service: it notes that, waits while it has to, and ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._starts = folder / "starts"
        self._starts.touch()
        self._gate = folder / "gate"
        script = 'echo . >> "$1"; while test -e "$2"; do sleep 0.01; done; echo no >&2; exit 1'
        self.argv = ("/bin/sh", "-c", script, "sh", str(self._starts), str(self._gate))

    @property
    def starts(self) -> int:
        """How often it was started."""
        return len(self._starts.read_text().split())

    def shut(self) -> None:
        """Let those that are started wait."""
        self._gate.touch()

    def open(self) -> None:
        """Let them end."""
        self._gate.unlink()

    def editor(self, waits: Callable[[], object] = lambda: None) -> ServiceStart:
        """The attempts of one more editor; `waits` is called while another one starts."""

        def is_served() -> bool:
            waits()
            return False

        return ServiceStart(self.folder, self.argv, {}, threading.Event(), is_served)


@pytest.fixture
def launcher(tmp_path: Path) -> Launcher:
    return Launcher(tmp_path)


@posix
def test_editors_that_need_a_service_at_once_start_it_once(launcher: Launcher) -> None:
    launcher.shut()
    outcomes: list[Outcome] = []
    waiting = threading.Barrier(3)
    waited = threading.local()

    def waits() -> None:
        if not getattr(waited, "long", False):
            waited.long = True
            waiting.wait(10)

    first = threading.Thread(target=lambda: outcomes.append(launcher.editor().start()))
    first.start()
    until(lambda: launcher.starts == 1, "the first start")
    others = [
        threading.Thread(target=lambda: outcomes.append(launcher.editor(waits).start()))
        for _ in range(2)
    ]
    for each in others:
        each.start()
    waiting.wait(10)
    launcher.open()
    for each in (first, *others):
        each.join()
    assert outcomes == ["failed"] * 3
    assert launcher.starts == 1


@posix
def test_what_another_editor_has_tried_meanwhile_is_not_tried_again(launcher: Launcher) -> None:
    one, other = launcher.editor(), launcher.editor()
    tried = []
    for editor in (one, other, one, other, other, one, one):
        assert editor.start() == "failed"
        tried.append(launcher.starts)
    # A newcomer tries by itself: its user may just have mended something.
    assert tried == [1, 2, 2, 3, 4, 4, 5]
    assert other.complaint() == "no"


@posix
def test_an_editor_that_is_frozen_while_it_starts_the_service_keeps_no_other_from_it(
    launcher: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dingbridge.editor.service_start.TURN_WITHIN", 0.2)
    launcher.shut()
    first = threading.Thread(target=launcher.editor().start)
    first.start()
    until(lambda: launcher.starts == 1, "the first start")
    second = threading.Thread(target=launcher.editor().start)
    second.start()
    until(lambda: launcher.starts == 2, "the second start")
    launcher.open()
    first.join()
    second.join()


@posix
def test_the_last_lines_of_what_a_service_complained_of_are_told(tmp_path: Path) -> None:
    path = tmp_path / "complaints"
    path.write_text("".join(f"line {number}\n" for number in range(1000)))
    assert complaint(path) == "line 995\nline 996\nline 997\nline 998\nline 999"
    assert complaint(tmp_path / "nowhere") == ""


def test_the_pauses_before_another_start_begin_at_a_second_and_double_up_to_a_minute() -> None:
    pauses = Pauses()
    assert [pauses.after("failed") for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    pauses.reset()
    assert pauses.after("failed") == 1


def test_a_service_that_is_killed_again_and_again_is_missed_for_a_second_at_most() -> None:
    pauses = Pauses()
    assert max(pauses.after("killed") for _ in range(20)) == 1
    assert pauses.after("failed") == 1


def test_silence_is_counted_from_the_last_sign_of_life() -> None:
    silence = Silence(100.0)
    assert (silence.seconds(101.0), silence.left(101.0)) == (1.0, SILENT_AFTER - 1)
    silence.heard(110.0)
    silence.heard(105.0)  # told later, but earlier
    assert (silence.seconds(113.0), silence.is_long(113.0)) == (3.0, False)
    assert (silence.is_long(122.0), silence.left(122.0)) == (True, 0.0)


@pytest.fixture
def attached(tmp_path: Path) -> Iterator[tuple[Path, list[tuple[float, AttachmentEvent]]]]:
    """The data folder of an attached editor, and the events that it got, each with its time."""
    data, told = tmp_path / "data", []
    attachment = ServiceLink(str(data), str(tmp_path / "log"), dict(os.environ))
    attachment.listen(lambda event: told.append((time.monotonic(), event)))
    attachment.start()
    yield data, told
    attachment.stop()
    attachment.join()
    services.end(data)


@posix
@pytest.mark.slow
def test_a_service_that_hangs_is_told_with_the_time_since_its_last_sign_of_life(
    attached: tuple[Path, list[tuple[float, AttachmentEvent]]],
) -> None:
    data, told = attached
    until(lambda: any(isinstance(event, Attached) for _, event in told), "the service")
    process = services.pid(data)
    before = time.monotonic()
    with frozen(process):
        after = time.monotonic()
        [(at, silent)] = until(
            lambda: [one for one in told if isinstance(one[1], ServiceSilent)], "the notice", 60
        )
    assert isinstance(silent, ServiceSilent)
    assert (silent.pid, read_card(data / "dingbridge", "service").pid) == (process, process)
    # It says a word each second.
    last_sign = at - silent.seconds
    assert before - 2 < last_sign < after + 1
    assert silent.seconds < SILENT_AFTER + 1
    until(lambda: sum(isinstance(event, Attached) for _, event in told) == 2, "its return")


@posix
def test_a_host_begins_with_the_service_before_the_editor_has_said_a_word(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    stub = str(ROOT / "rplugin" / "python3" / "dingbridge_rplugin.py")
    words = [sys.executable, str(ROOT / "dingbridge" / "launch.py"), "host", stub]
    # Its standard input is the editor, which is silent here.
    with Child([*words, str(data), str(log)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL):
        until(lambda: services.pid(data), "the service")
    services.end(data)


@posix
def test_our_lock_and_that_of_0_1_keep_each_other_out(tmp_path: Path) -> None:
    path = tmp_path / "owner-robot.lock"
    ours, theirs = file_lock(path), FileLock(path)
    with theirs:
        assert not ours.acquire()
    assert ours.acquire()
    with pytest.raises(Timeout):
        theirs.acquire(timeout=0)
    ours.release()
    theirs.acquire(timeout=0)
    theirs.release()


def test_tls_is_there_for_who_needs_it_though_asyncio_is_loaded_without_it() -> None:
    code = """
from dingbridge import launch
launch._hide_tls(True)
import asyncio.sslproto
launch._hide_tls(False)
import requests, ssl
print(asyncio.sslproto.ssl, ssl.create_default_context().verify_mode.name)
"""
    found = run([sys.executable, "-c", code], cwd=ROOT, check=True, text=True)
    assert found.stdout.split() == ["None", "CERT_REQUIRED"]


def test_a_host_loads_nothing_that_only_the_service_needs() -> None:
    code = """
import sys, pynvim
import dingbridge.editor.host
print(*sorted(sys.modules))
"""
    found = run([sys.executable, "-c", code], cwd=ROOT, check=True, text=True)
    loaded = {*found.stdout.split()}
    unwanted = ("requests", "urllib3", "websocket", "markdown_it", "filelock", "dotenv", "difflib")
    assert not loaded & {*unwanted, "logging.handlers", "dingbridge.core.options.declarations"}
