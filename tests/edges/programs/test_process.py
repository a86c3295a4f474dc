"""A program is run within its limits, and nothing of it is left when it is killed."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from dingbridge.edges.programs.process import (
    COMPLAINT_BYTES,
    Bounds,
    Complaints,
    Ended,
    ProcessNotStarted,
    ProcessStopped,
    ProcessTimedOut,
    Runner,
)

pytestmark = pytest.mark.environment

POSIX = pytest.mark.skipif(os.name != "posix", reason="groups, signals and pipes of POSIX")
ENOUGH = Bounds(20.0, 10_000)
SECRET = "v3ry-s3cret-v4lue"


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def shell(script: str, *arguments: str) -> list[str]:
    """A script that starts faster than Python does; `$1` is the first argument."""
    return ["/bin/sh", "-c", script, "sh", *arguments]


# --- what it is given and what it says ------------------------------------------------------------


def test_a_program_gets_its_words_message_folder_and_variables_as_they_are(tmp_path: Path) -> None:
    code = "import os, sys; print(sys.argv[1], sys.stdin.read(), os.environ['A'], os.getcwd())"
    odd = "$HOME `id` 'x' ; | * \\"
    ended = Runner().run(
        python(code, odd), ENOUGH, cwd=str(tmp_path), message=b"said", environ={"A": "$B"}
    )
    assert ended == Ended(0, f"{odd} said $B {tmp_path}{os.linesep}".encode(), b"")


def test_a_program_that_asks_does_not_get_what_is_meant_for_the_host() -> None:
    # The host speaks with the editor on its standard input.
    reads, writes = os.pipe()
    os.write(writes, b"a message of the editor")
    os.close(writes)
    kept = os.dup(0)
    os.dup2(reads, 0)
    try:
        ended = Runner().run(python("input()"), ENOUGH, cwd="", complaints="apart")
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(reads)
    assert b"EOFError" in ended.complaint


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_message_that_nobody_reads_holds_nobody_up() -> None:
    ended = Runner().run(python("print('done')"), ENOUGH, cwd="", message=b"x" * 1_000_000)
    assert ended.output.strip() == b"done"


@pytest.mark.parametrize(
    ("complaints", "output", "complaint"),
    [
        ("dropped", b"out", b""),
        ("apart", b"out", b"x" * (COMPLAINT_BYTES - 3) + b"bad"),
        ("in the output", b"x" * 600 + b"badout", b""),
    ],
)
def test_complaints_go_where_they_are_wanted(
    complaints: Complaints, output: bytes, complaint: bytes
) -> None:
    # Each is written at once: what a Python keeps back until its end goes by its environment.
    code = (
        "import sys; print('x' * 600 + 'bad', end='', file=sys.stderr, flush=True);"
        "print('out', end='', flush=True); sys.exit(3)"
    )
    ended = Runner().run(python(code), ENOUGH, cwd="", complaints=complaints)
    assert ended == Ended(3, output, complaint)


@POSIX
def test_a_program_ended_by_a_signal_says_which() -> None:
    assert Runner().run(shell("kill -TERM $$"), ENOUGH, cwd="").status == -signal.SIGTERM


def test_output_over_the_limit_is_read_to_its_end_and_the_wanted_part_is_kept() -> None:
    code = "print('begin', *range(200_000), 'end', sep='', end='')"
    runner = Runner()
    assert runner.run(python(code), Bounds(20.0, 7), cwd="") == Ended(0, b"begin01", b"")
    assert runner.run(python(code), Bounds(20.0, 5, "last"), cwd="") == Ended(0, b"99end", b"")


@POSIX
def test_an_endless_output_does_not_fill_the_memory() -> None:
    import resource

    code = "import sys\nfor _ in range(300): sys.stdout.buffer.write(b'x' * 1_000_000)"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for bounds in (Bounds(20.0, 1_000_000), Bounds(20.0, 1_000_000, "last")):
        assert Runner().run(python(code), bounds, cwd="").output == b"x" * 1_000_000
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * (1 if sys.platform == "darwin" else 1024) < 100_000_000


# --- what cannot be started -----------------------------------------------------------------------


@pytest.fixture
def no_program(tmp_path: Path) -> Path:
    """A file that may not be run."""
    path = tmp_path / "no_program"
    path.write_text("#!/bin/sh\necho run anyway\n", "utf-8")
    path.chmod(0o600)
    return path


@POSIX
@pytest.mark.parametrize(
    ("argv", "cwd", "words"),
    [
        (["{}/missing", SECRET], "", "No such file or directory"),
        (["{}/no_program", SECRET], "", "Permission denied"),
        (["{}", SECRET], "", "Permission denied"),
        (["/bin/sh", SECRET], "{}/gone", "{}/gone: No such file or directory"),
        (["/bin/sh", f"{SECRET}\0"], "", "Invalid argument"),
        (["/bin/sh", f"{SECRET}\ud800"], "", "Invalid argument"),
    ],
)
def test_what_cannot_be_started_is_told_without_its_arguments(
    no_program: Path, argv: list[str], cwd: str, words: str
) -> None:
    folder = str(no_program.parent)
    runner = Runner()
    with pytest.raises(ProcessNotStarted) as raised:
        runner.run([word.replace("{}", folder) for word in argv], ENOUGH, cwd=cwd.format(folder))
    assert str(raised.value) == words.format(folder)
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    assert not runner.stop_running()
    assert runner.run(shell("echo next"), ENOUGH, cwd="").output == b"next\n"


# --- ending ---------------------------------------------------------------------------------------

TREE = """
read go
trap '' TERM HUP INT
exec 3>"$1"
sleep 60 &
echo up >&3
{then}
"""
"""A shell and its child, both deaf to polite signals. Both hold the pipe open as long as they live,
so that its end is theirs. The message that they wait for comes when the runner knows of them."""


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    """A thread that waits for a program."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


def run_tree(
    thread: ThreadPoolExecutor, runner: Runner, pipe: Path, bounds: Bounds, then: str = "wait"
) -> Future[Ended]:
    tree = shell(TREE.format(then=then), str(pipe))
    return thread.submit(runner.run, tree, bounds, cwd="", message=b"go\n")


@POSIX
@pytest.mark.parametrize(
    "then", ["wait", "exec >&- 2>&-; wait"], ids=["talks", "closes its output"]
)
def test_a_program_that_takes_too_long_ends_with_all_it_started(
    thread: ThreadPoolExecutor, pipe: Path, then: str
) -> None:
    running = run_tree(thread, Runner(), pipe, Bounds(1.0, 100), then)
    assert pipe.read_text() == "up\n"
    error = running.exception()
    assert isinstance(error, ProcessTimedOut)
    # What Python says of it would show the arguments.
    assert error.__context__ is None


@POSIX
def test_a_stopped_program_ends_with_all_it_started_and_the_next_one_runs(
    thread: ThreadPoolExecutor, pipe: Path
) -> None:
    runner = Runner()
    running = run_tree(thread, runner, pipe, ENOUGH)
    with pipe.open() as lines:
        assert lines.readline() == "up\n"
        assert runner.stop_running()
        assert lines.read() == ""
    assert isinstance(running.exception(), ProcessStopped)
    assert not runner.stop_running()
    assert runner.run(shell("echo next"), ENOUGH, cwd="").output == b"next\n"


@POSIX
def test_a_program_that_has_said_enough_ends_with_all_it_started(
    thread: ThreadPoolExecutor, pipe: Path
) -> None:
    bounds = Bounds(20.0, 10, "first and no more")
    running = run_tree(thread, Runner(), pipe, bounds, "echo 0123456789abcdef; wait")
    assert pipe.read_text() == "up\n"
    assert running.result() == Ended(-signal.SIGKILL, b"0123456789", b"")


@POSIX
def test_a_program_whose_user_presses_ctrl_c_ends_with_all_it_started(pipe: Path) -> None:
    ended: list[str] = []

    def interrupt_once_it_runs() -> None:
        with pipe.open() as lines:
            ended.append(lines.readline())
            _thread.interrupt_main()
            ended.append(lines.read())

    user = threading.Thread(target=interrupt_once_it_runs, daemon=True)
    user.start()
    tree = shell(TREE.format(then="wait"), str(pipe))
    with pytest.raises(KeyboardInterrupt):
        Runner().run(tree, ENOUGH, cwd="", message=b"go\n")
    user.join(20)
    assert ended == ["up\n", ""]


@POSIX
def test_nothing_runs_once_the_runner_is_stopped(
    thread: ThreadPoolExecutor, pipe: Path, tmp_path: Path
) -> None:
    runner = Runner()
    running = run_tree(thread, runner, pipe, ENOUGH)
    with pipe.open() as lines:
        assert lines.readline() == "up\n"
        runner.stop()
        assert lines.read() == ""
    assert isinstance(running.exception(), ProcessStopped)
    with pytest.raises(ProcessStopped):
        runner.run([str(tmp_path / "it would be missed")], ENOUGH, cwd="")


@POSIX
def test_a_stop_while_a_program_is_being_started_ends_it_as_well() -> None:
    runner = Runner()

    class Leaving(Mapping[str, str]):
        """Variables that are looked at just before the start."""

        def __len__(self) -> int:
            return 1

        def __iter__(self) -> Iterator[str]:
            runner.stop()
            return iter(["A"])

        def __getitem__(self, name: str) -> str:
            return "b"

    with pytest.raises(ProcessStopped):
        runner.run(shell("sleep 60"), ENOUGH, cwd="", environ=Leaving())


@POSIX
def test_what_a_program_leaves_running_neither_holds_it_up_nor_is_ended(
    thread: ThreadPoolExecutor, pipe: Path
) -> None:
    then = "echo $! >&3; echo here it is"
    running = run_tree(thread, Runner(), pipe, ENOUGH, then)
    with pipe.open() as lines:
        child = [lines.readline(), lines.readline()][1]
        try:
            assert running.result() == Ended(0, b"here it is\n", b"")
            # The pipe is not at its end. The number of a dead child may be taken as long as nobody
            # has asked how it ended.
            os.set_blocking(lines.fileno(), False)
            with pytest.raises(BlockingIOError):
                os.read(lines.fileno(), 1)
            os.set_blocking(lines.fileno(), True)
        finally:
            os.kill(int(child), signal.SIGKILL)
        assert lines.read() == ""


@POSIX
def test_what_is_said_right_after_the_programs_end_is_heard() -> None:
    # The number is free once the program's end was noticed.
    rest = "(while kill -0 $$ 2>/dev/null; do :; done; echo rest) &"
    assert Runner().run(shell(rest), ENOUGH, cwd="").output == b"rest\n"


@POSIX
def test_what_has_left_the_group_of_a_program_that_takes_too_long_holds_nobody_up(
    thread: ThreadPoolExecutor, pipe: Path
) -> None:
    code = """if 1:
        import subprocess, sys
        child = subprocess.Popen(["sleep", "60"], start_new_session=True)
        with open(sys.argv[1], "w") as pipe:
            print(child.pid, file=pipe)
        child.wait()
    """
    runner = Runner()
    running = thread.submit(runner.run, python(code, str(pipe)), Bounds(1.0, 100), cwd="")
    child = int(pipe.read_text())
    try:
        assert isinstance(running.exception(), ProcessTimedOut)
        assert runner.run(shell("echo next"), ENOUGH, cwd="").output == b"next\n"
    finally:
        os.kill(child, signal.SIGKILL)
