"""The log tells what happened and no secret, and stands in nobody's way."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dingbridge.core.errors import DeliveryError
from dingbridge.edges import log as log_file
from dingbridge.edges.dingtalk.http import Http
from tests.support.costs import instructions
from tests.support.processes import run

pytestmark = pytest.mark.environment

SECRET = "Zq7-app-secret-value"
WEBHOOK = "https://oapi.dingtalk.com/robot/send?access_token=Zq7token0123456789"

log = logging.getLogger("dingbridge.somewhere")


@pytest.fixture(autouse=True)
def _log_goes_nowhere_afterwards() -> Iterator[None]:
    yield
    root = logging.getLogger("dingbridge")
    for handler in list(root.handlers):
        root.removeHandler(handler)
        with contextlib.suppress(OSError):
            # On a full disk even closing fails.
            handler.close()
    root.propagate = True
    root.setLevel(logging.NOTSET)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "dingbridge.log"


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_the_log_is_readable_by_its_owner_only_also_after_rotation(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "MAX_BYTES", 100)
    before = os.umask(0)
    try:
        log_file.write_to(path, verbose=False, secrets=())
        for n in range(10):
            log.info("line %d", n)
    finally:
        os.umask(before)
    found = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
    assert found == {"dingbridge.log": 0o600, "dingbridge.log.1": 0o600}


def test_a_full_log_is_set_aside_and_the_one_before_it_dropped(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "MAX_BYTES", 1000)
    log_file.write_to(path, verbose=False, secrets=())
    for n in range(100):
        log.info("line %d", n)
    older = path.with_name("dingbridge.log.1")
    assert sorted(path.parent.iterdir()) == [path, older]
    assert path.stat().st_size <= 1000
    kept = [line.rpartition(" ")[2] for line in (*lines(older), *lines(path))]
    assert kept == [str(n) for n in range(100 - len(kept), 100)]


def test_lines_that_are_written_together_are_all_there_whatever_goes_wrong(path: Path) -> None:
    log_file.write_to(path, verbose=False, secrets=("secret-of-mine",))

    def told() -> None:
        with log_file.together():
            for n in range(3):
                log.info("line %d with secret-of-mine", n)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        told()
    assert [line.rpartition(": ")[2] for line in lines(path)] == [
        f"line {n} with ***" for n in range(3)
    ]
    log.info("alone")
    assert lines(path)[-1].endswith("alone")


def test_nothing_in_a_message_begins_a_line_of_its_own_or_acts_on_a_terminal(path: Path) -> None:
    log_file.write_to(path, verbose=False, secrets=())
    log.info("from %s", "x\n2026-01-01 00:00:00,000 INFO forged\r\x1b[2J\u202e\u2028 \x9b31m 名字")
    [line] = lines(path)
    assert line.endswith(
        r"from x\n2026-01-01 00:00:00,000 INFO forged\r\x1b[2J\u202e\u2028 \x9b31m 名字"
    )
    try:
        raise ValueError("x")
    except ValueError:
        log.exception("with a trace")
    assert lines(path)[2].startswith("Traceback")


def test_each_line_tells_when_how_grave_and_where(path: Path) -> None:
    log_file.write_to(path, verbose=False, secrets=())
    log.warning("你好 %s", "world")
    [line] = lines(path)
    assert line.startswith("20")
    assert line.endswith("WARNING dingbridge.somewhere: 你好 world")


def test_given_secrets_and_what_looks_like_one_are_masked(path: Path) -> None:
    log_file.write_to(path, verbose=False, secrets=(SECRET,))
    log.error("posting to %s with %s", WEBHOOK, SECRET)
    text = path.read_text(encoding="utf-8")
    assert "Zq7" not in text
    assert "posting to https://oapi.dingtalk.com/robot/send?access_token=***" in text


def test_secrets_are_masked_in_traces_too(path: Path) -> None:
    log_file.write_to(path, verbose=False, secrets=(SECRET,))
    try:
        raise ValueError(f"cannot use {SECRET} at {WEBHOOK}")
    except ValueError:
        log.exception("a defect")
    text = path.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "ValueError: cannot use ***" in text
    assert "Zq7" not in text


def test_the_address_in_an_error_of_requests_is_masked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A proxy on a port where nobody can listen: the error quotes the whole address.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    log_file.write_to(path, verbose=True, secrets=())
    try:
        Http().post(WEBHOOK.replace("https", "http"), b"{}")
    except DeliveryError:
        log.exception("not delivered")
    text = path.read_text(encoding="utf-8")
    assert "robot/send?access_token=***" in text
    assert "Zq7" not in text


def test_details_are_written_only_when_asked_for(path: Path) -> None:
    for verbose in (False, True, False):
        log_file.write_to(path, verbose=verbose, secrets=())
        log.debug("detail while verbose is %s", verbose)
    assert [line.rpartition(": ")[2] for line in lines(path)] == ["detail while verbose is True"]


def test_setting_up_again_doubles_no_line_and_knows_the_new_secrets(path: Path) -> None:
    log_file.write_to(path, verbose=False, secrets=())
    log_file.write_to(path, verbose=False, secrets=(SECRET,))
    log.info("now with %s", SECRET)
    [line] = lines(path)
    assert line.endswith("now with ***")


def test_the_log_can_move_to_another_file(path: Path, tmp_path: Path) -> None:
    log_file.write_to(path, verbose=False, secrets=())
    log.info("first")
    log_file.write_to(tmp_path / "other.log", verbose=False, secrets=())
    log.info("second")
    assert [line.rpartition(": ")[2] for line in lines(path)] == ["first"]
    assert [line.rpartition(": ")[2] for line in lines(tmp_path / "other.log")] == ["second"]


def test_what_is_no_unicode_is_written_all_the_same(path: Path) -> None:
    log_file.write_to(path, verbose=False, secrets=())
    log.info("half \ud83d of a pair")
    assert "half ? of a pair" in path.read_text(encoding="utf-8")


def test_a_file_that_cannot_be_opened_is_told_and_no_line_comes_on_the_screen(
    path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Somebody else's handler, which masks nothing, and ours, that the package has from the start.
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(sys.stderr)])
    logging.getLogger("dingbridge").addHandler(logging.NullHandler())
    path.parent.write_bytes(b"")
    with pytest.raises(OSError, match="it is a file and no folder"):
        log_file.write_to(path, verbose=False, secrets=(SECRET,))
    log.error("with %s", SECRET)
    assert capfd.readouterr() == ("", "")
    path.parent.unlink()
    log_file.write_to(path, verbose=False, secrets=(SECRET,))
    log.error("with %s", SECRET)
    assert lines(path)[0].endswith("with ***")


def test_a_line_costs_the_same_however_many_secrets_are_known(path: Path) -> None:
    def cost(*secrets: str) -> int:
        log_file.write_to(path, verbose=False, secrets=secrets)
        log.info("a first line")
        return instructions(lambda: log.info("a message from %s", "somebody"))

    few, many = cost(SECRET), cost(*(f"{SECRET}-{number}" for number in range(100)))
    assert many < 1.5 * few


def test_each_line_is_made_and_masked_once(path: Path) -> None:
    class Counted:
        times = 0

        def __str__(self) -> str:
            self.times += 1
            return "somebody"

    log_file.write_to(path, verbose=False, secrets=(SECRET,))
    who = Counted()
    log.info("a message from %s", who)
    assert lines(path)[0].endswith("a message from somebody")
    assert who.times == 1


FULL = """
import logging, resource, sys
from pathlib import Path
from dingbridge.edges import log
log.write_to(Path(sys.argv[1]), verbose=False, secrets=())
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
logging.getLogger("dingbridge").error("with a secret")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_full_disk_puts_nothing_of_a_line_on_the_screen(tmp_path: Path) -> None:
    path = tmp_path / "dingbridge.log"
    done = run([sys.executable, "-c", FULL, str(path)], seconds=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert path.read_bytes() == b""
