"""`make matrix` without a Debian: its refusals, its steps, its table."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.matrix import __main__ as matrix
from tests.matrix.places import PASSED, Debian, Interpreter, NotMade, kept, mounts, remove
from tests.matrix.results import failed, read, table
from tests.support.processes import Child, is_alive, run, until

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="runs shell scripts")

REPORT = '<testsuites><testsuite tests="9" failures="1" errors="2" skipped="3" time="61.6"/>'
REPORT += "</testsuites>"


class Shell:
    """A place whose tests are a shell script."""

    name = "shell"
    tests = ("tests/editor",)

    def __init__(self, home: Path, script: str) -> None:
        self.home = home
        self.script = script

    def problem(self) -> str:
        return ""

    def prepare(self) -> Path:
        return self.home

    def command(self, script: str, arguments: Sequence[str]) -> list[str]:
        return ["sh", "-c", f"cd '{self.home}' && {self.script}"]


# --- the table ------------------------------------------------------------------------------------


def test_the_table_shows_what_ran_and_why_the_rest_did_not(tmp_path: Path) -> None:
    (tmp_path / "versions").write_text("0.10.4 3.13.5\n")
    (tmp_path / "report.xml").write_text(REPORT)
    results = [read("trixie", ("tests/editor",), tmp_path, 1), failed("sid", "root is needed")]
    assert list(table(results)) == [
        "| entry  | Neovim | CPython | ran            | passed | failed | skipped | seconds |",
        "| ------ | ------ | ------- | -------------- | ------ | ------ | ------- | ------- |",
        "| trixie | 0.10.4 | 3.13.5  | tests/editor   | 3      | 3      | 3       | 62      |",
        "| sid    |        |         | root is needed |        |        |         |         |",
    ]


@pytest.mark.parametrize(("status", "is_good"), [(0, True), (1, False), (3, False)])
def test_an_entry_is_good_only_if_pytest_says_so(
    tmp_path: Path, status: int, is_good: bool
) -> None:
    (tmp_path / "versions").write_text("0.10.4 3.13.5\n")
    (tmp_path / "report.xml").write_text(REPORT.replace("1", "0").replace("2", "0"))
    assert read("trixie", (), tmp_path, status).is_good is is_good


def test_a_step_that_failed_is_named(tmp_path: Path) -> None:
    first = read("trixie", (), tmp_path, 2)
    (tmp_path / "versions").write_text("0.10.4 3.13.5\n")
    second = read("trixie", (), tmp_path, 137)
    assert first.ran == "the clone or its environment was not made (status 2)"
    assert second.ran == "pytest ended without a report (status 137)"
    assert not first.is_good
    assert not second.is_good


# --- refusals -------------------------------------------------------------------------------------


def test_an_unknown_entry_is_refused() -> None:
    with pytest.raises(SystemExit, match=r"'4\.1' is not an entry; valid: "):
        matrix.main(["4.1"])


def test_a_missing_interpreter_is_reported_and_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATRIX_FOLDER", str(tmp_path))
    assert matrix.main(["3.99"]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("3.99: there is no python3.99 on the PATH")
    assert re.search(r"^\| 3\.99 +\|.*no python3\.99 on the PATH", shown.out, re.MULTILINE)


def test_an_interpreter_that_does_not_run_is_a_missing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert Interpreter("3.99", tmp_path).problem()
    shim.write_text("#!/bin/sh\nexit 0\n")
    assert not Interpreter("3.99", tmp_path).problem()


def test_a_debian_needs_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    problem = Debian("sid", tmp_path).problem()
    assert problem == "root is needed: sudo --preserve-env make matrix ONLY=sid"


def test_a_debian_that_is_not_there_needs_debootstrap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("unshare", "chroot", "mount"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    place = Debian("sid", tmp_path / "roots")
    assert place.problem().startswith("debootstrap not found: apt-get install debootstrap")
    (tmp_path / "roots" / "sid").mkdir(parents=True)
    assert not place.problem()
    (tmp_path / "unshare").write_text("#!/bin/sh\necho not permitted >&2\nexit 1\n")
    assert place.problem() == "not permitted"


def test_a_debian_that_cannot_be_made_does_not_have_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "unshare").write_text("#!/bin/sh\nexit 9\n")
    (tmp_path / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    result = matrix.run_in(Debian("sid", tmp_path / "roots"))
    assert result.ran == "debootstrap failed (status 9)"
    assert not result.is_good
    assert not (tmp_path / "roots" / "sid").exists()


# --- mounts ---------------------------------------------------------------------------------------


def _mounted(*places: Path) -> str:
    lines = (
        f"36 35 98:0 / {str(place).replace(' ', chr(92) + '040')} rw,noatime - ext4 /dev/root rw\n"
        for place in places
    )
    return "".join(lines)


def test_mounts_below_a_folder_are_found_innermost_first(tmp_path: Path) -> None:
    inside = [tmp_path / "a root" / "dev", tmp_path / "a root" / "dev" / "shm"]
    seen = _mounted(Path("/"), tmp_path, *inside, tmp_path / "a root2")
    assert mounts(tmp_path / "a root", seen) == inside[::-1]


def test_a_folder_with_a_mount_in_it_is_never_removed(tmp_path: Path) -> None:
    folder = tmp_path / "sid.part"
    (folder / "proc").mkdir(parents=True)
    with pytest.raises(NotMade, match=f"umount {folder / 'proc'}"):
        remove(folder, _mounted(folder / "proc"))
    assert (folder / "proc").exists()
    remove(folder, _mounted(tmp_path))
    assert not folder.exists()


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounts, as root")
def test_what_a_command_has_mounted_is_gone_with_it(tmp_path: Path) -> None:
    for name in ("proc", "dev/shm", "dev/pts"):
        (tmp_path / "sid" / name).mkdir(parents=True)
    place = Debian("sid", tmp_path)
    if place.problem().startswith("unshare"):
        pytest.skip("this machine allows no namespaces")
    done = run(place.command("", []), text=True)
    assert done.returncode != 0
    assert "chroot" in done.stderr, "there is no user in it"
    left = mounts(tmp_path, Path("/proc/self/mountinfo").read_text())
    for each in left:
        run(["umount", str(each)])
    assert not left


# --- what the tests see ---------------------------------------------------------------------------


def test_only_what_reaches_the_package_index_is_passed() -> None:
    given = {"https_proxy": "http://p", "PIP_CERT": "/c", "PIP_INDEX_URL": "", "DINGTALK_X": "1"}
    own = {"LANG": "C.UTF-8", "TERM": "dumb"}
    assert kept(given) == {**own, "https_proxy": "http://p", "PIP_CERT": "/c"}


def test_ci_passes_the_same_variables() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    [listed] = re.findall(r"^for name in (.*?); do", script.replace("\\\n", ""), re.MULTILINE)
    shown = run(["bash", "-c", f"echo {listed}"], text=True, check=True)
    assert set(shown.stdout.split()) == set(PASSED)


def test_certificates_are_copied_into_a_debian(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sid" / "etc").mkdir(parents=True)
    (tmp_path / "ca.pem").write_text("certificates")
    monkeypatch.setenv("PIP_CERT", str(tmp_path / "ca.pem"))
    place = Debian("sid", tmp_path)
    place.prepare()
    assert (tmp_path / "sid" / "etc" / "PIP_CERT").read_text() == "certificates"
    assert "PIP_CERT=/etc/PIP_CERT" in place.command("", [])


# --- the steps of an entry ------------------------------------------------------------------------


def test_an_entry_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATRIX_MINUTES", "0.01")
    result = matrix.run_in(Shell(tmp_path, "sleep 600"))
    assert result.ran == "did not end within 0.01 minutes"
    assert not result.is_good


def test_the_report_of_an_earlier_run_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "versions").write_text("0.10.4 3.13.5\n")
    (tmp_path / "report.xml").write_text(REPORT)
    assert matrix.run_in(Shell(tmp_path, "exit 2")).passed is None


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_nothing_runs_on_after_an_interrupt(tmp_path: Path, sent: signal.Signals) -> None:
    python = tmp_path / "python3.99"
    python.write_text("#!/bin/sh\nexit 0\n")
    python.chmod(0o755)
    make = tmp_path / "make"
    make.write_text(
        f"#!/bin/sh\necho $$ >'{tmp_path}/pid.new'\n"
        f"mv '{tmp_path}/pid.new' '{tmp_path}/pid'\nexec sleep 600\n"
    )
    make.chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    with Child(
        [sys.executable, "-m", "tests.matrix", "3.99", "3.98"],
        cwd=ROOT,
        env={**environ, "MATRIX_FOLDER": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        until((tmp_path / "pid").exists, "make runs", 30)
        started.send_signal(sent)
        shown, _ = started.communicate()
    assert started.returncode == 130
    assert "| entry |" in shown
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_each_run_takes_the_commit_of_now_and_keeps_the_environment(tmp_path: Path) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    home.mkdir()
    git = ["git", "-C", str(project), "-c", "user.name=A", "-c", "user.email=a@b.c"]
    run(["git", "init", "--quiet", str(project)], check=True)
    (project / "python").write_text('#!/bin/sh\necho "$PWD:" "$@" >>"$HOME/calls"\n')
    (project / "python").chmod(0o755)
    (project / "Makefile").write_text(
        'dev:\n\techo "$(PYTHON)" >>"$(HOME)/made"\n\tmkdir -p .venv/bin\n'
        "\tcp python .venv/bin/python\n\ttouch .venv/kept.$$(cat text)\n"
    )
    for text in ("first", "second"):
        (project / "text").write_text(text)
        run([*git, "add", "--all"], check=True)
        run([*git, "commit", "--quiet", "--message", text], check=True)
        run([*git, "bundle", "create", str(home / "commit.bundle"), "HEAD"], check=True)
        script = matrix.INSIDE.read_text("utf-8")
        environ = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHON": "/a python"}
        run(["sh", "-c", script, "sh", "-n", "2", "tests/a b"], env=environ, check=True)
        (home / "dingbridge" / "text").write_text("changed")
        (home / "dingbridge" / "left").write_text("left")
    clone = home / "dingbridge"
    calls = (home / "calls").read_text().splitlines()
    assert calls[1] == f"{clone}: -m pytest --junitxml=../report.xml -n 2 tests/a b"
    assert (home / "made").read_text() == "/a python\n/a python\n"
    assert {each.name for each in clone.glob(".venv/kept.*")} == {"kept.first", "kept.second"}
