"""What a test starts has an end, whatever it waits for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.editor import ROOT, Editor
from tests.support.processes import Child, descendants, is_alive, run, until

pytestmark = pytest.mark.environment

POSIX = pytest.mark.skipif(os.name != "posix", reason="process groups of POSIX")

STARTS_ANOTHER = (
    "import subprocess, sys, time; other = subprocess.Popen("
    "[sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True);"
    "print(other.pid, flush=True); time.sleep(60)"
)


def until_gone(pid: int) -> None:
    """Wait for a process that was killed: the system needs a moment."""
    until(lambda: not is_alive(pid), f"process {pid} is gone")


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("vim.fn.input('who are you? ')", "who are you?"),
        ("print('a word') while true do end", "a word"),
    ],
)
def test_an_editor_that_waits_for_ever_is_ended_and_what_it_shows_is_told(
    tmp_path: Path, code: str, shown: str
) -> None:
    editor = Editor(tmp_path / "home")
    pid = editor.pid()
    editor.lua("vim.fn.jobstart({ 'sleep', '60' })")
    [job] = descendants(pid)
    editor.patience = 0.5
    with pytest.raises(AssertionError, match=f"did not answer within.*it shows: .*{shown}"):
        editor.lua(code)
    until_gone(pid)
    until_gone(job)
    editor.close()


def test_an_editor_that_does_not_want_to_leave_is_ended_and_that_is_told(tmp_path: Path) -> None:
    editor = Editor(tmp_path / "home")
    editor.lua("vim.cmd([[autocmd VimLeavePre * call input('really? ')]])")
    pid = editor.pid()
    editor.patience = 0.5
    with pytest.raises(AssertionError, match="really"):
        editor.close()
    until_gone(pid)


@POSIX
def test_a_program_is_ended_at_its_deadline_with_all_it_started() -> None:
    with Child([sys.executable, "-c", STARTS_ANOTHER], seconds=5, stdout=-1, text=True) as child:
        other = int(child.line())
        assert child.wait() != 0
        assert child.is_late
    until_gone(other)


@POSIX
def test_a_program_is_ended_with_the_test_that_started_it() -> None:
    with Child([sys.executable, "-c", STARTS_ANOTHER], stdout=-1, text=True) as child:
        other = int(child.line())
    assert not child.is_late
    until_gone(child.pid)
    until_gone(other)


def test_a_program_that_takes_too_long_fails_the_test_with_what_it_wrote() -> None:
    code = "import time; print('so far', flush=True); time.sleep(60)"
    with pytest.raises(AssertionError, match=r"within 5 s: .*so far"):
        run([sys.executable, "-c", code], seconds=5)


@POSIX
def test_a_test_that_waits_for_a_child_beyond_its_time_ends_and_so_does_the_child(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest("pytest_plugins = ['tests.support.deadline']")
    pytester.makepyfile(
        """
        import subprocess, pytest

        @pytest.fixture
        def child():
            with subprocess.Popen(["sleep", "60"], start_new_session=True) as child:
                print("child", child.pid)
                yield child  # and waits for it, without a limit

        @pytest.mark.timeout(1)
        def test_it(child):
            child.wait()
        """
    )
    done = run(
        [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider", str(pytester.path)],
        seconds=30,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DINGBRIDGE_TEST_GRACE": "1"},
    )
    assert "1 failed" in done.stdout, done.stdout + done.stderr
    pid = int(done.stdout.partition("child ")[2].split()[0])
    until_gone(pid)
