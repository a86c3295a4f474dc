"""Looks up what settings keep outside of them: runs the commands they name, reads their `env_file`.

No shell is involved. What was found is a secret: it is neither logged nor part of any sentence, and
neither is what a command complains about.
"""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

from dotenv.parser import parse_stream

from dingbridge.core.outside import SPACE, Argv, Found, Wants
from dingbridge.edges.process import Bounds, NotStarted, Runner, Stopped, TookTooLong

COMMAND_WITHIN = 30.0
"""Seconds a command may take, which is enough to type a passphrase into a window."""

LINE_BYTES = 65_536
"""What is read of a command's output at most."""

FILE_BYTES = 1_000_000
"""Size that an `env_file` may have."""


def look_up(wants: Wants, cwd: str, runner: Runner | None = None) -> Found:
    """All that `wants` names, one after the other; takes as long as its commands, never raises.

    `cwd` is where commands start. The file needs a whole path: whatever folder the user is in must
    not choose the settings, which say where the secrets go. Once the `runner` is stopped, a running
    command is ended and further ones are not started.
    """
    runner = runner or Runner()
    outputs: dict[Argv, str] = {}
    failures: dict[Argv, str] = {}
    for argv in wants.commands:
        output, failure = _ask(argv, cwd, runner)
        if failure:
            failures[argv] = failure
        else:
            outputs[argv] = output
    if not wants.env_file:
        return Found(outputs=outputs, failures=failures)
    variables, problem, warnings = _file(Path(os.path.expanduser(wants.env_file)))
    return Found(
        variables=variables,
        file_problem=problem,
        outputs=outputs,
        failures=failures,
        warnings=warnings,
    )


def _ask(argv: Argv, cwd: str, runner: Runner) -> tuple[str, str]:
    """The first line that a program says, or in words why there is none."""
    if runner.is_stopped:
        return "", "was not started"
    try:
        ended = runner.run(argv, Bounds(COMMAND_WITHIN, LINE_BYTES), cwd=cwd)
    except NotStarted as failure:
        return "", f"cannot be started ({failure})"
    except TookTooLong:
        return "", f"took longer than {COMMAND_WITHIN:g} s"
    except Stopped:
        return "", "was stopped"
    if ended.status != 0:
        return "", f"ended with exit code {ended.status}"
    return _first_line(ended.output)


def _first_line(output: bytes) -> tuple[str, str]:
    try:
        text = output.decode("utf-8").strip(SPACE)
    except UnicodeDecodeError:
        return "", "said something that is no text"
    lines = text.splitlines()
    return (lines[0].strip(SPACE), "") if lines else ("", "said nothing")


def _file(path: Path) -> tuple[dict[str, str] | None, str, tuple[str, ...]]:
    """The variables in a file, or in a few words why there are none; and warnings."""
    if not path.is_absolute():
        return None, "not a whole path: begin it with / or ~", ()
    try:
        status = path.stat()
        # A pipe or a device would keep the reader waiting, or never end.
        if not stat.S_ISREG(status.st_mode):
            return None, "not a file", ()
        if status.st_size > FILE_BYTES:
            return None, f"larger than {FILE_BYTES} bytes", ()
        with path.open("rb") as file:
            text = file.read(FILE_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, "no UTF-8 text", ()
    except (OSError, ValueError) as cause:
        return None, (isinstance(cause, OSError) and cause.strerror) or "no such path", ()
    held: dict[str, str] = {}
    warnings: list[str] = []
    # The parser alone: `$NAME` in a value is text, as it is in the environment.
    for line in parse_stream(io.StringIO(text)):
        if line.error:
            warnings.append(f"line {line.original.line} of {path} is not NAME=text")
        elif line.key is not None and line.value is not None:
            held[line.key] = line.value
    if os.name == "posix" and status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        warnings.append(f"others can read {path}, which may hold secrets; chmod 600 keeps them out")
    return held, "", tuple(warnings)
