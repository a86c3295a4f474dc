"""The command `dingbridge`: notifications and reports from the shell, the sandbox, the demo."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NoReturn

from dingbridge import __version__
from dingbridge.core.catalogue import setup as setup_words
from dingbridge.core.catalogue import shell as say
from dingbridge.core.commands.editor_commands import for_outside
from dingbridge.core.errors import BridgeError
from dingbridge.core.options.declarations import OPTIONS
from dingbridge.core.secrets.redaction import redact
from dingbridge.shell import notify_command
from dingbridge.shell.outcome import INTERRUPTED, USAGE, UsageError, complain

PATIENCE = 60.0
"""Default time limit of `notify`, in seconds."""


_OF_ARGPARSE = {
    "usage: ": say.USAGE,
    "positional arguments:": say.ARGUMENTS,
    "options:": say.OPTIONS,
    "show this help message and exit": say.SHOWS_HELP,
    "show program's version number and exit": say.SHOWS_VERSION,
}
"""What argparse writes by itself, in English alone."""


class _Parser(argparse.ArgumentParser):
    def format_usage(self) -> str:
        """The usage in the language in use."""
        return _translated(super().format_usage())

    def format_help(self) -> str:
        """The help in the language in use."""
        return _translated(super().format_help())

    def error(self, message: str) -> NoReturn:
        """Exit with the usage, and with secrets in the arguments masked."""
        super().error(redact(message))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    asked = _parser().parse_args([_readable(word) for word in words])
    run: Callable[[argparse.Namespace], int] = asked.run
    try:
        return run(asked)
    except UsageError as problem:
        complain(str(problem))
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED


def _translated(help_text: str) -> str:
    for words, sentence in _OF_ARGPARSE.items():
        help_text = help_text.replace(words, sentence(), 1)
    return help_text


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="dingbridge",
        description=say.ABOUT(),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"dingbridge {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    notify = commands.add_parser(
        "notify",
        help=say.NOTIFY(),
        description=say.NOTIFY_ABOUT(),
        epilog=say.NOTIFY_AFTER(
            variables="\n".join(f"  {option.env}" for option in OPTIONS if option.env)
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    notify.add_argument("text", metavar="TEXT", help=say.NOTIFY_TEXT())
    notify.add_argument("--title", default="", help=say.NOTIFY_TITLE())
    notify.add_argument(
        "--at-user", action="append", default=[], metavar="ID", help=say.NOTIFY_AT_USER()
    )
    notify.add_argument(
        "--at-mobile", action="append", default=[], metavar="N", help=say.NOTIFY_AT_MOBILE()
    )
    notify.add_argument("--at-all", action="store_true", help=say.NOTIFY_AT_ALL())
    notify.add_argument("--config", type=Path, metavar="FILE", help=say.NOTIFY_CONFIG())
    notify.add_argument(
        "--timeout",
        type=_seconds,
        default=PATIENCE,
        metavar="SECONDS",
        help=say.NOTIFY_TIMEOUT(seconds=PATIENCE),
    )
    notify.add_argument("--verbose", action="store_true", help=say.NOTIFY_VERBOSE())
    notify.set_defaults(run=notify_command.run)

    status = commands.add_parser(
        "status",
        help=say.STATUS(),
        description=say.STATUS_ABOUT(),
        allow_abbrev=False,
    )
    status.set_defaults(run=lambda _: _report("status"))

    outbox = commands.add_parser(
        "outbox",
        help=say.OUTBOX(),
        description=say.OUTBOX_ABOUT(),
        allow_abbrev=False,
    )
    outbox.set_defaults(run=lambda _: _report("outbox"))

    setup = commands.add_parser(
        "setup",
        help=setup_words.SETUP(),
        description=setup_words.SETUP_ABOUT(),
        allow_abbrev=False,
    )
    setup.set_defaults(run=_setup)

    doctor = commands.add_parser(
        "doctor",
        help=say.DOCTOR(),
        description=say.DOCTOR_ABOUT(),
        allow_abbrev=False,
    )
    doctor.add_argument("--config", type=Path, metavar="FILE", help=say.NOTIFY_CONFIG())
    doctor.add_argument("--ping", action=argparse.BooleanOptionalAction, help=say.DOCTOR_PING())
    doctor.add_argument("--report", nargs="?", const="", metavar="FILE", help=say.DOCTOR_REPORT())
    doctor.set_defaults(run=_doctor)

    sandbox = commands.add_parser(
        "sandbox",
        help=say.SANDBOX(),
        description=say.SANDBOX_ABOUT(),
        allow_abbrev=False,
    )
    sandbox.add_argument("--port", type=_port, default=0, help=say.SANDBOX_PORT())
    sandbox.set_defaults(run=_sandbox)

    demo = commands.add_parser(
        "demo",
        help=say.DEMO(),
        description=say.DEMO_ABOUT(),
        allow_abbrev=False,
    )
    demo.set_defaults(run=_demo)
    return parser


# --- status and outbox ----------------------------------------------------------------------------


def _report(what: Literal["status", "outbox"]) -> int:
    # Imported late: a notification needs none of it.
    from dingbridge.shell import disk_report

    try:
        lines = disk_report.status() if what == "status" else disk_report.outbox()
    except BridgeError as problem:
        raise UsageError(str(problem)) from problem
    print(for_outside("\n".join(lines)))  # noqa: T201 - this is what was asked for
    return 0


def _doctor(asked: argparse.Namespace) -> int:
    from dingbridge.shell import doctor_command

    return doctor_command.run(asked)


# --- setup ----------------------------------------------------------------------------------------


def _setup(_: argparse.Namespace) -> int:
    from dingbridge.shell.setup import setup_command

    return setup_command.run()


# --- sandbox and demo -----------------------------------------------------------------------------


def _sandbox(asked: argparse.Namespace) -> int:
    try:
        from dingbridge.sandbox.server import serve
    except ModuleNotFoundError as missing:
        raise _not_installed(missing) from missing
    try:
        serve(asked.port)
    except OSError as problem:
        raise UsageError(say.CANNOT_SERVE(port=asked.port, reason=problem.strerror)) from problem
    return 0


def _demo(_: argparse.Namespace) -> int:
    try:
        from dingbridge.demo import screen, script
    except ModuleNotFoundError as missing:
        raise _not_installed(missing) from missing
    from dingbridge.demo.neovim import NoNeovim

    with_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    try:
        return screen.show() if with_terminal else script.play()
    except NoNeovim as problem:
        raise UsageError(str(problem)) from problem


def _not_installed(missing: ModuleNotFoundError) -> UsageError:
    from dingbridge.install import how_to_install

    what_to_do = how_to_install("sandbox", missing.name or "")
    return UsageError(say.NEEDS_PACKAGE(package=missing.name, what_to_do=what_to_do))


def _readable(word: str) -> str:
    """The argument, with replacement characters for what is not valid UTF-8."""
    stray = "surrogatepass" if os.name == "nt" else "surrogateescape"
    return word.encode("utf-8", stray).decode("utf-8", "replace")


def _seconds(word: str) -> float:
    seconds = float(word)
    if not 0 < seconds <= 86400:
        raise argparse.ArgumentTypeError(say.SECONDS_BOUNDS())
    return seconds


def _port(word: str) -> int:
    port = int(word)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(say.PORT_BOUNDS())
    return port


if __name__ == "__main__":
    sys.exit(main())
