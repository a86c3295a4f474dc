"""Exit codes and error messages of the shell command."""

from __future__ import annotations

import sys

from dingbridge.core.commands.editor_commands import for_outside

DELIVERED, REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes. The last one is conventional after Ctrl-C."""


class UsageError(Exception):
    """The command line is invalid; the text says what to do. Exit code 2."""


def complain(words: str) -> None:
    """Print a line on standard error."""
    print(f"dingbridge: {for_outside(words)}", file=sys.stderr)  # noqa: T201 - the shell's place for this
