"""Looking up what settings keep outside: programs are run as they are, a named file is read."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.options.lookup_failures import (
    EndedWith,
    FileFailure,
    NoAnswer,
    NoSuchPath,
    NotAbsolute,
    NotAFile,
    NoText,
    NotStarted,
    ProgramFailure,
    Stopped,
    TookTooLong,
    TooLarge,
    Unreadable,
)
from dingbridge.core.options.lookups import Argv, LookupResults, Wants
from dingbridge.edges.programs import settings_lookup
from dingbridge.edges.programs.process import Runner
from dingbridge.edges.programs.settings_lookup import look_up

pytestmark = pytest.mark.environment

SECRET = "v3ry-s3cret-v4lue"


def python(code: str, *arguments: str) -> Argv:
    return (sys.executable, "-c", code, *arguments)


def said(argv: Argv, runner: Runner | None = None) -> str | ProgramFailure:
    """What the program said, or why it gave no answer."""
    found = look_up(Wants((argv,)), runner)
    assert found.outputs.keys() | found.failures.keys() == {argv}
    return found.outputs[argv] if argv in found.outputs else found.failures[argv]


def file(path: Path) -> LookupResults:
    return look_up(Wants((), str(path)))


# --- programs -------------------------------------------------------------------------------------


def test_a_program_that_fails_says_only_its_exit_code(tmp_path: Path) -> None:
    code = f"import sys; print({SECRET!r}); print({SECRET!r}, file=sys.stderr); sys.exit(3)"
    assert said(python(code)) == EndedWith(3)


def test_the_first_line_is_the_value_without_the_space_around_it(tmp_path: Path) -> None:
    assert said(python("print('\\n  a b \\r\\nlogin: me')")) == "a b"


def test_arguments_reach_the_program_as_they_are(tmp_path: Path) -> None:
    odd = "$HOME `id` 'x' ; | * \\"
    assert said(python("import sys; print(sys.argv[1])", odd)) == odd


def test_a_program_starts_in_the_home_folder_whatever_folder_the_user_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    folder = said(python("import os; print(os.getcwd())"))
    assert isinstance(folder, str)
    assert Path(folder).samefile(tmp_path)


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("", NoAnswer()),
        ("print(' \\n')", NoAnswer()),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\xfe')", NoText()),
    ],
)
def test_a_program_that_says_nothing_of_use(
    code: str, failure: ProgramFailure, tmp_path: Path
) -> None:
    assert said(python(code)) == failure


def test_a_program_that_says_too_much_is_heard_to_its_end(tmp_path: Path) -> None:
    code = f"print({SECRET!r}); [print('x' * 1000) for _ in range(10_000)]"
    assert said(python(code)) == SECRET


def test_a_program_that_does_not_exist(tmp_path: Path) -> None:
    nothing = str(tmp_path / "nothing")
    assert isinstance(said((nothing,)), NotStarted)
    assert said((sys.executable, "a\0b")) == NotStarted(os.strerror(errno.EINVAL))


def test_a_program_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_lookup, "COMMAND_WITHIN", 0.2)
    waits = python("import threading; threading.Event().wait()")
    assert said(waits) == TookTooLong(0.2)


@pytest.mark.skipif(os.name != "posix", reason="a named pipe says when the program runs")
def test_who_leaves_the_editor_waits_neither_for_a_program_nor_for_what_it_started(
    tmp_path: Path,
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    child = (
        "import sys, threading; kept = open(sys.argv[1], 'wb', 0); kept.write(b'1');"
        " threading.Event().wait()"
    )
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"
    runner = Runner()
    ended: list[bytes] = []

    def leave_once_it_runs() -> None:
        with pipe.open("rb", 0) as reader:
            ended.append(reader.read(1))
            runner.stop()
            # The pipe ends when the child, which holds it open, has ended.
            ended.append(reader.read(1))

    leaving = threading.Thread(target=leave_once_it_runs, daemon=True)
    leaving.start()
    assert said(python(code, child, str(pipe)), runner) == Stopped()
    leaving.join(20)
    assert ended == [b"1", b""]
    assert said(python("print('x')"), runner) == Stopped()


# --- the file -------------------------------------------------------------------------------------


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    found = file(tmp_path / "none.env")
    assert found.variables is None
    assert found.file_failure == Unreadable(os.strerror(errno.ENOENT))


def test_a_path_that_no_file_can_have() -> None:
    assert file(Path("/a\0b")).file_failure == NoSuchPath()


@pytest.mark.parametrize(
    ("content", "failure"),
    [
        (b"A=\xff\xfe", NoText()),
        (b"A=" + b"x" * settings_lookup.FILE_BYTES, TooLarge(1_000_000)),
    ],
)
def test_a_file_that_holds_no_variables(
    content: bytes, failure: FileFailure, tmp_path: Path
) -> None:
    (tmp_path / "a.env").write_bytes(content)
    found = file(tmp_path / "a.env")
    assert (found.variables, found.file_failure) == (None, failure)


def test_a_folder_or_a_pipe_is_no_file(tmp_path: Path) -> None:
    assert file(tmp_path).file_failure == NotAFile()
    if os.name == "posix":
        os.mkfifo(tmp_path / "pipe")
        assert file(tmp_path / "pipe").file_failure == NotAFile()


def test_variables_in_all_their_forms_and_nothing_replaced_in_them(tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text(
        "\ufeff# a comment\nA=1\nexport B = 'two words'\nC=\"x\\ny\"\nD=$A${A}\nE=\nF\n\nA=2\n"
        "G=a # comment\nno such thing =\n",
        "utf-8",
    )
    (tmp_path / "a.env").chmod(0o600)
    found = file(tmp_path / "a.env")
    assert found.variables == {
        "A": "2", "B": "two words", "C": "x\ny", "D": "$A${A}", "E": "", "G": "a"
    }  # fmt: skip
    assert found.warnings == (f"line 11 of {tmp_path / 'a.env'} is not NAME=text",)


def test_a_path_may_begin_at_home_but_not_in_the_folder_one_happens_to_be_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "a.env").write_text("A=1\n", "utf-8")
    assert look_up(Wants((), "~/a.env")).variables == {"A": "1"}
    monkeypatch.chdir(tmp_path)
    for path in ("a.env", "./a.env"):
        found = look_up(Wants((), path))
        assert found.variables is None
        assert found.file_failure == NotAbsolute()


def test_no_file_is_read_that_is_not_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DINGTALK_ENABLED=false\n", "utf-8")
    assert look_up(Wants()).variables is None


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_a_file_that_others_can_read_is_read_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.env"
    path.write_text(f"A={SECRET}\n", "utf-8")
    path.chmod(0o644)
    [warning] = file(path).warnings
    assert "chmod 600" in warning
    assert str(path) in warning
    path.chmod(0o600)
    assert file(path).warnings == ()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_without_showing_them(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "any.env")
        path.write_bytes(content)
        found = file(path)
    assert (found.variables is None) == (found.file_failure is not None)
    assert all(isinstance(value, str) for value in (found.variables or {}).values())
