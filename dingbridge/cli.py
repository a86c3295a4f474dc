"""The command `dingbridge`: notifications and reports from the shell, the sandbox, the demo."""

from __future__ import annotations

import argparse
import json
import logging
import os
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NoReturn

from dingbridge import __version__
from dingbridge.core.catalogue import editor, settings
from dingbridge.core.catalogue import shell as say
from dingbridge.core.commands.editor_commands import for_outside
from dingbridge.core.delivery.routing import notify_target
from dingbridge.core.errors import (
    BadOptions,
    BridgeError,
    DeliveryError,
    whole_reason,
)
from dingbridge.core.messages import PLATFORM, At
from dingbridge.core.options.declarations import OPTIONS, Options
from dingbridge.core.options.settings import read, variables_read, wants
from dingbridge.core.secrets.redaction import redact
from dingbridge.core.text import visible
from dingbridge.edges.programs import settings_lookup
from dingbridge.edges.programs.process import keep_from_children

DELIVERED, REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes; the last is what a shell expects after Ctrl-C."""

PATIENCE = 60.0
"""Seconds that `notify` keeps trying unless told otherwise."""


class UsageError(Exception):
    """What was asked for cannot be done as it was asked. The text says what to do."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with the usage; a secret given by mistake is not repeated."""
        super().error(redact(message))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    asked = _parser().parse_args([_readable(word) for word in words])
    run: Callable[[argparse.Namespace], int] = asked.run
    try:
        return run(asked)
    except UsageError as problem:
        _complain(str(problem))
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED


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
    notify.set_defaults(run=_notify)

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


# --- notify ---------------------------------------------------------------------------------------


def _notify(asked: argparse.Namespace) -> int:
    options = _options(asked.config)
    target = notify_target(options)
    if target is None:
        conversation, user = _variable("conversation_id"), _variable("user_id")
        raise UsageError(say.NOBODY_TO_NOTIFY(conversation=conversation, user=user))
    text = _standard_input() if asked.text == "-" else asked.text
    if not visible(text):
        raise UsageError(say.NOTHING_TO_SEND())
    at = At(tuple(asked.at_user), tuple(asked.at_mobile), asked.at_all)
    if at != At() and not options.webhook:
        _complain(say.MENTION_NEEDS_WEBHOOK())

    # What the sender logs is told below in one line; without a handler it would be shown as well.
    logging.getLogger("dingbridge").addHandler(logging.NullHandler())
    # Imported here, because asking for help needs no network.
    from dingbridge.shell.notify import deliver, was_reached

    try:
        may_be_twice = deliver(
            options,
            target,
            text,
            title=asked.title,
            at=at,
            seconds=asked.timeout,
            waiting=_notify_wait,
        )
    except DeliveryError as error:
        # A refusal quotes what DingTalk said, which may quote what was sent.
        secrets = (options.webhook, options.secret, options.app_secret, options.proxy)
        said = redact(whole_reason(error), [each for each in secrets if each])
        _complain(" ".join(said.split()))
        return REFUSED if was_reached(error) else UNREACHABLE
    if may_be_twice:
        _complain(say.DELIVERED_PERHAPS_TWICE())
    if asked.verbose:
        print(say.DELIVERED(place=target.label))  # noqa: T201 - this is what was asked for
    return DELIVERED


def _options(config: Path | None) -> Options:
    try:
        table = {} if config is None else _table(config)
        environ = dict(os.environ)
        keep_from_children(variables_read(table))
        found = settings_lookup.look_up(wants(table, environ))
        for warning in found.warnings:
            _complain(warning)
        options = read(table, environ, found)
    except BadOptions as error:
        raise UsageError(editor.SETTINGS_PROBLEMS(problems="\n  ".join(error.problems))) from error
    if options.mode == "off":
        if not options.enabled:
            raise UsageError("; ".join(options.missing()))
        one_way = _variable("webhook")
        key, secret = _variable("app_key"), _variable("app_secret")
        raise UsageError(say.NOT_SET_UP(webhook=one_way, key=key, secret=secret))
    return options


def _table(config: Path) -> object:
    """The table in the file: the options themselves, or what `setup()` takes."""
    try:
        with config.open(encoding="utf-8-sig") as file:
            mode = os.fstat(file.fileno()).st_mode
            whole = json.load(file)
    except OSError as problem:
        raise UsageError(say.CANNOT_READ(path=config, reason=problem.strerror)) from problem
    except (ValueError, RecursionError) as problem:
        # Only the place is shown: the words of the file may be secrets.
        if isinstance(problem, json.JSONDecodeError):
            raise UsageError(say.BAD_JSON_AT(path=config, line=problem.lineno)) from None
        raise UsageError(say.BAD_JSON(path=config)) from None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        _complain(settings.OTHERS_CAN_READ(path=config))
    if not isinstance(whole, dict):
        raise UsageError(say.NO_OBJECT(path=config))
    if "integrations" not in whole:
        return whole
    integrations = whole["integrations"]
    if not isinstance(integrations, dict) or set(integrations) != {PLATFORM}:
        raise UsageError(say.ONLY_DINGTALK(path=config))
    return integrations[PLATFORM]


def _standard_input() -> str:
    """All of it, without the line end that `echo` puts after it."""
    written = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
    return written.removesuffix("\n").removesuffix("\r")


def _notify_wait(reason: str) -> None:
    if sys.stderr.isatty():
        _complain(say.NOT_YET(reason=reason.rstrip(".")))


def _variable(name: str) -> str:
    return next(option.env for option in OPTIONS if option.name == name)


# --- status and outbox ----------------------------------------------------------------------------


def _report(what: Literal["status", "outbox"]) -> int:
    # Imported here, because a notification needs none of it.
    from dingbridge.shell import disk_report

    try:
        lines = disk_report.status() if what == "status" else disk_report.outbox()
    except BridgeError as problem:
        raise UsageError(str(problem)) from problem
    print(for_outside("\n".join(lines)))  # noqa: T201 - this is what was asked for
    return 0


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


# --- words ----------------------------------------------------------------------------------------


def _complain(words: str) -> None:
    print(f"dingbridge: {for_outside(words)}", file=sys.stderr)  # noqa: T201 - the shell's place for this


def _readable(word: str) -> str:
    """An argument that is not valid UTF-8 with replacement characters in it."""
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
