"""Looks up values that settings refer to: runs commands, and reads the `env_file`.

No shell is involved. The results are secret: neither they nor the standard error of commands are
logged or shown.
"""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

from dotenv.parser import parse_stream

from dingbridge.core.catalogue import settings as say
from dingbridge.core.options import lookup_failures
from dingbridge.core.options.lookup_failures import FileFailure, ProgramFailure
from dingbridge.core.options.lookups import SPACE, Argv, LookupResults, Wants
from dingbridge.edges.programs.process import (
    Bounds,
    ProcessNotStarted,
    ProcessStopped,
    ProcessTimedOut,
    Runner,
)

COMMAND_WITHIN = 30.0
"""Timeout of a command in seconds: enough to type a passphrase into a dialog."""

LINE_BYTES = 65_536
"""Most bytes of a command's output that are read."""

FILE_BYTES = 1_000_000
"""Largest `env_file`, in bytes."""


def look_up(wants: Wants, runner: Runner | None = None) -> LookupResults:
    """Look up everything in `wants`, one after the other. Takes as long as the commands; never
    raises.

    Commands run in the user's home folder, and the file needs an absolute path, so that the current
    folder (which may be a stranger's project) cannot change the settings. When the `runner` is
    stopped, a running command is killed and no further ones are started.
    """
    runner = runner or Runner()
    outputs: dict[Argv, str] = {}
    failures: dict[Argv, ProgramFailure] = {}
    for argv in wants.commands:
        answer = _ask(argv, runner)
        if isinstance(answer, str):
            outputs[argv] = answer
        else:
            failures[argv] = answer
    if not wants.env_file:
        return LookupResults(outputs=outputs, failures=failures)
    variables, failure, warnings = _file(Path(os.path.expanduser(wants.env_file)))
    return LookupResults(
        variables=variables,
        file_failure=failure,
        outputs=outputs,
        failures=failures,
        warnings=warnings,
    )


def _ask(argv: Argv, runner: Runner) -> str | ProgramFailure:
    """The first line that a program prints, or why there is none."""
    try:
        home = os.path.expanduser("~")
        ended = runner.run(argv, Bounds(COMMAND_WITHIN, LINE_BYTES), cwd=home)
    except ProcessNotStarted as cause:
        return lookup_failures.NotStarted(str(cause))
    except ProcessTimedOut:
        return lookup_failures.TookTooLong(COMMAND_WITHIN)
    except ProcessStopped:
        return lookup_failures.Stopped()
    if ended.status != 0:
        return lookup_failures.EndedWith(ended.status)
    try:
        text = ended.output.decode("utf-8").strip(SPACE)
    except UnicodeDecodeError:
        return lookup_failures.NoText()
    lines = text.splitlines()
    return lines[0].strip(SPACE) if lines else lookup_failures.NoAnswer()


def _file(path: Path) -> tuple[dict[str, str] | None, FileFailure | None, tuple[str, ...]]:
    """The variables in a file, or why there are none; and warnings."""
    if not path.is_absolute():
        return None, lookup_failures.NotAbsolute(), ()
    try:
        status = path.stat()
        # Reading a pipe or a device could block for ever.
        if not stat.S_ISREG(status.st_mode):
            return None, lookup_failures.NotAFile(), ()
        if status.st_size > FILE_BYTES:
            return None, lookup_failures.TooLarge(FILE_BYTES), ()
        with path.open("rb") as file:
            text = file.read(FILE_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, lookup_failures.NoText(), ()
    except (OSError, ValueError) as cause:
        reason = cause.strerror if isinstance(cause, OSError) else None
        failure = lookup_failures.Unreadable(reason) if reason else lookup_failures.NoSuchPath()
        return None, failure, ()
    held: dict[str, str] = {}
    warnings: list[str] = []
    # Only parsed: `$NAME` in a value is text, as in the environment.
    for line in parse_stream(io.StringIO(text)):
        if line.error:
            warnings.append(say.NO_VARIABLE(line=line.original.line, path=path))
        elif line.key is not None and line.value is not None:
            held[line.key] = line.value
    if os.name == "posix" and status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        warnings.append(say.OTHERS_CAN_READ(path=path))
    return held, None, tuple(warnings)
