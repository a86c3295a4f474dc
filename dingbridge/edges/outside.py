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

from dingbridge.core.catalogue import programs
from dingbridge.core.catalogue import settings as say
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

    `cwd` is where commands start. The file needs an absolute path: whatever folder the user is in
    must not choose the settings, which say where the secrets go. Once the `runner` is stopped, a
    running command is ended and further ones are not started.
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
        return "", programs.NEVER_STARTED()
    try:
        ended = runner.run(argv, Bounds(COMMAND_WITHIN, LINE_BYTES), cwd=cwd)
    except NotStarted as failure:
        return "", programs.NOT_STARTED(reason=failure)
    except TookTooLong:
        return "", programs.TOOK_LONGER(seconds=COMMAND_WITHIN)
    except Stopped:
        return "", programs.WAS_STOPPED()
    if ended.status != 0:
        return "", programs.ENDED_WITH(status=ended.status)
    return _first_line(ended.output)


def _first_line(output: bytes) -> tuple[str, str]:
    try:
        text = output.decode("utf-8").strip(SPACE)
    except UnicodeDecodeError:
        return "", programs.SAID_NO_TEXT()
    lines = text.splitlines()
    return (lines[0].strip(SPACE), "") if lines else ("", programs.SAID_NOTHING())


def _file(path: Path) -> tuple[dict[str, str] | None, str, tuple[str, ...]]:
    """The variables in a file, or in a few words why there are none; and warnings."""
    if not path.is_absolute():
        return None, say.NO_ABSOLUTE_PATH(), ()
    try:
        status = path.stat()
        # A pipe or a device would keep the reader waiting, or never end.
        if not stat.S_ISREG(status.st_mode):
            return None, say.NOT_A_FILE(), ()
        if status.st_size > FILE_BYTES:
            return None, say.TOO_LARGE(most=FILE_BYTES), ()
        with path.open("rb") as file:
            text = file.read(FILE_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, say.NO_TEXT(), ()
    except (OSError, ValueError) as cause:
        return None, (isinstance(cause, OSError) and cause.strerror) or say.NO_SUCH_PATH(), ()
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
    return held, "", tuple(warnings)
