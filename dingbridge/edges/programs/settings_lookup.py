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
"""Seconds a command may take, which is enough to type a passphrase into a window."""

LINE_BYTES = 65_536
"""What is read of a command's output at most."""

FILE_BYTES = 1_000_000
"""Size that an `env_file` may have."""


def look_up(wants: Wants, runner: Runner | None = None) -> LookupResults:
    """All that `wants` names, one after the other; takes as long as its commands, never raises.

    Commands start in the user's home folder, and the file needs an absolute path: whatever folder
    the user is in must not choose the settings, which say where the secrets go. Once the `runner`
    is stopped, a running command is ended and further ones are not started.
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
    """The first line that a program says, or why there is none."""
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
        # A pipe or a device would keep the reader waiting, or never end.
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
    # The parser alone: `$NAME` in a value is text, as it is in the environment.
    for line in parse_stream(io.StringIO(text)):
        if line.error:
            warnings.append(say.NO_VARIABLE(line=line.original.line, path=path))
        elif line.key is not None and line.value is not None:
            held[line.key] = line.value
    if os.name == "posix" and status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        warnings.append(say.OTHERS_CAN_READ(path=path))
    return held, None, tuple(warnings)
