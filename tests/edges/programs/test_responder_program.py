"""A program that answers: whatever it does, somebody hears of it, and nothing stays behind."""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dingbridge.edges.programs.responder_program import (
    ANSWER_CHARACTERS,
    Answered,
    ResponderPrograms,
    Task,
)
from tests.support.processes import is_alive, until

pytestmark = pytest.mark.environment

POSIX = os.name == "posix"


class Responder:
    """The thread that runs programs, and what it told."""

    def __init__(self) -> None:
        self.told: queue.Queue[Answered] = queue.Queue()
        self.programs = ResponderPrograms(self.told.put)
        self.programs.start()
        self.count = 0

    def put(
        self, code: str, *arguments: str, text: str = "", cwd: str = "", timeout: float = 20.0
    ) -> str:
        return self.run((sys.executable, "-c", code, *arguments), text, cwd, timeout)

    def run(
        self, argv: tuple[str, ...], text: str = "", cwd: str = "", timeout: float = 20.0
    ) -> str:
        self.count += 1
        self.programs.put(Task(f"r{self.count}", argv, text, cwd, timeout, os.environ))
        return f"r{self.count}"

    def answer(self) -> Answered:
        return self.told.get(timeout=20)


@pytest.fixture
def responder() -> Iterator[Responder]:
    running = Responder()
    yield running
    running.programs.stop()
    running.programs.join(10)
    assert not running.programs.is_alive()


def line_of(pipe: Path) -> str:
    """The line that a program writes into a named pipe; waits for it."""
    with pipe.open() as file:
        return file.readline().strip()


ECHO = "import sys; sys.stdout.write('got ' + sys.stdin.read())"


def test_the_message_goes_in_and_the_answer_comes_back(responder: Responder) -> None:
    request = responder.put(
        "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())", text="你好\n🙂"
    )
    assert responder.answer() == Answered(request, "你好\n🙂")


def test_messages_are_answered_in_their_order(responder: Responder) -> None:
    requests = [responder.put(ECHO, text=str(n)) for n in range(4)]
    answers = [responder.answer() for _ in requests]
    assert answers == [Answered(request, f"got {n}") for n, request in enumerate(requests)]


def test_arguments_are_passed_as_they_stand_without_a_shell(
    responder: Responder, tmp_path: Path
) -> None:
    argument = f"$(touch {tmp_path}/made); `id` \"'* | cat"
    responder.put("import sys; print(sys.argv[1])", argument)
    assert responder.answer().text == argument
    assert not (tmp_path / "made").exists()


def test_the_message_is_never_an_argument(responder: Responder) -> None:
    responder.put("import sys; print(sys.argv[1:])", text="; rm -rf /")
    assert responder.answer().text == "[]"


def test_a_program_runs_in_the_editors_folder(responder: Responder, tmp_path: Path) -> None:
    responder.put("import os; print(os.getcwd())", cwd=str(tmp_path))
    assert responder.answer().text == str(tmp_path)


def test_a_program_that_does_not_read_the_message_can_answer(responder: Responder) -> None:
    responder.put("print('done')", text="x" * 1_000_000)
    assert responder.answer().text == "done"


def test_a_program_that_answers_while_it_reads_does_not_block(responder: Responder) -> None:
    code = (
        "import sys\nfor line in sys.stdin: print(line, end=''); print('!' * 50, file=sys.stderr)"
    )
    text = "a line of some length\n" * 20_000
    responder.put(code, text=text)
    assert responder.answer().text == text.strip()


def test_escape_sequences_in_an_answer_are_taken_out(responder: Responder) -> None:
    responder.put(r"print('\x1b[31mred\x1b[0m \x07bell')")
    assert responder.answer().text == "red bell"


def test_invalid_utf8_in_an_answer_is_replaced(responder: Responder) -> None:
    responder.put(r"import sys; sys.stdout.buffer.write(b'caf\xe9 ok')")
    assert responder.answer().text == "caf\ufffd ok"


def test_a_message_that_is_no_unicode_is_passed_on(responder: Responder) -> None:
    responder.put(ECHO, text="half \ud83d of a pair")
    assert responder.answer().text == "got half ? of a pair"


def test_a_huge_answer_is_cut(responder: Responder) -> None:
    responder.put(f"print('x' * {ANSWER_CHARACTERS + 5000})")
    assert responder.answer().text == "x" * ANSWER_CHARACTERS


# --- no answer ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "gave no answer"),
        ("print('  \\n\\t ')", "gave no answer"),
        ("print('half'); raise SystemExit(3)", "ended with status 3"),
        ("import os; os.abort()", "ended with status"),
    ],
)
def test_a_program_without_an_answer_is_told_in_words(
    responder: Responder, code: str, words: str
) -> None:
    request = responder.put(code)
    answer = responder.answer()
    assert (answer.request, answer.text) == (request, "")
    assert words in answer.failure
    assert sys.executable in answer.failure


def test_what_a_failed_program_complained_about_is_in_the_log(
    responder: Responder, caplog: pytest.LogCaptureFixture
) -> None:
    responder.put("import sys; sys.exit('x' * 5000 + 'no such model')")
    assert "no such model" not in responder.answer().failure
    assert "no such model" in caplog.text
    assert len(caplog.text) < 1500


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("/nowhere/program",), "could not be started (No such file"),
        (("program\0with zero",), "could not be started"),
        (("/",), "could not be started (Permission denied"),
    ],
)
def test_a_program_that_cannot_be_started_is_told_and_the_next_one_runs(
    responder: Responder, argv: tuple[str, ...], words: str
) -> None:
    responder.run(argv)
    assert words in responder.answer().failure
    responder.put(ECHO)
    assert responder.answer().text == "got"


def test_a_missing_folder_is_named_instead_of_the_program(
    responder: Responder, tmp_path: Path
) -> None:
    responder.put(ECHO, cwd=str(tmp_path / "missing"))
    assert str(tmp_path / "missing") in responder.answer().failure


SPAWN = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], **{options})
with open(sys.argv[1], "w") as pipe:
    print(child.pid, file=pipe)
{then}
"""


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.mark.skipif(not POSIX, reason="process groups of POSIX")
def test_a_program_that_takes_too_long_ends_with_all_it_started(
    responder: Responder, pipe: Path
) -> None:
    code = SPAWN.format(options="{}", then="child.wait()")
    responder.put(code, str(pipe), timeout=5.0)
    child = int(line_of(pipe))
    assert is_alive(child)
    assert "took longer than 5 s" in responder.answer().failure
    until(lambda: not is_alive(child), "the child is gone")


@pytest.mark.skipif(not POSIX, reason="process groups of POSIX")
def test_a_stopped_program_ends_with_all_it_started(responder: Responder, pipe: Path) -> None:
    responder.put(SPAWN.format(options="{}", then="child.wait()"), str(pipe))
    child = int(line_of(pipe))
    assert responder.programs.stop_running()
    assert responder.answer().failure.endswith("was stopped")
    until(lambda: not is_alive(child), "the child is gone")
    assert not responder.programs.stop_running()
    responder.put(ECHO)
    assert responder.answer().text == "got"


def test_nothing_that_still_waits_is_started_once_the_editor_leaves(tmp_path: Path) -> None:
    responder = Responder()
    started = tmp_path / "started"
    os.mkfifo(tmp_path / "pipe")
    wait = "import sys, time; open(sys.argv[1], 'w').write('up\\n'); time.sleep(60)"
    responder.put(wait, str(tmp_path / "pipe"))
    responder.put("import sys; open(sys.argv[1], 'w')", str(started))
    assert line_of(tmp_path / "pipe") == "up"
    responder.programs.stop()
    responder.programs.join(10)
    assert not responder.programs.is_alive()
    assert not started.exists()


def test_stopping_when_nothing_runs_says_so(responder: Responder) -> None:
    assert not responder.programs.stop_running()
