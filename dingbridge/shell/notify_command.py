"""`dingbridge notify`: settings from the environment or a file, the text, and the exit code."""

from __future__ import annotations

import argparse
import json
import logging
import os
import stat
import sys
from pathlib import Path

from dingbridge.core.catalogue import editor, settings
from dingbridge.core.catalogue import shell as say
from dingbridge.core.delivery.routing import notify_target
from dingbridge.core.errors import BadOptions, DeliveryError, whole_reason, without_stop
from dingbridge.core.messages import PLATFORM, At
from dingbridge.core.options.declarations import OPTIONS, PREFIX, Options
from dingbridge.core.options.settings import read, variables_read, wants
from dingbridge.core.secrets.redaction import redact
from dingbridge.core.text import visible
from dingbridge.edges.programs import settings_lookup
from dingbridge.edges.programs.process import keep_from_children
from dingbridge.shell.outcome import DELIVERED, REFUSED, UNREACHABLE, UsageError, complain


def run(asked: argparse.Namespace) -> int:
    """Send the message of the parsed arguments. Returns the exit code. Raises `UsageError`."""
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
        complain(say.MENTION_NEEDS_WEBHOOK())

    # The result is printed below. Without a handler, logging would print the sender's log as well.
    logging.getLogger("dingbridge").addHandler(logging.NullHandler())
    # Imported late: `--help` needs no network.
    from dingbridge.shell.notify import deliver, was_reached

    try:
        may_be_twice = deliver(
            options,
            target,
            text,
            title=asked.title,
            at=at,
            seconds=asked.timeout,
            waiting=_show_pause,
        )
    except DeliveryError as error:
        # DingTalk's text of a refusal may quote the message.
        secrets = (options.webhook, options.secret, options.app_secret, options.proxy)
        said = redact(whole_reason(error), [each for each in secrets if each])
        complain(" ".join(said.split()))
        return REFUSED if was_reached(error) else UNREACHABLE
    if may_be_twice:
        complain(say.DELIVERED_PERHAPS_TWICE())
    if asked.verbose:
        print(say.DELIVERED(place=target.label))  # noqa: T201 - this is what was asked for
    return DELIVERED


def _options(config: Path | None) -> Options:
    try:
        table, path = ({}, "") if config is None else table_in(config)
        environ = dict(os.environ)
        keep_from_children(variables_read(table))
        found = settings_lookup.look_up(wants(table, environ))
        for warning in found.warnings:
            complain(warning)
        options = read(table, environ, found, path)
    except BadOptions as error:
        raise UsageError(editor.SETTINGS_PROBLEMS(problems="\n  ".join(error.problems))) from error
    if options.mode == "off":
        if not options.enabled:
            raise UsageError("; ".join(options.missing()))
        one_way = _variable("webhook")
        key, secret = _variable("app_key"), _variable("app_secret")
        raise UsageError(say.NOT_SET_UP(webhook=one_way, key=key, secret=secret))
    return options


def table_in(config: Path) -> tuple[object, str]:
    """The options in a JSON file, which contains the options alone or the table of `setup()`, and
    their path there. Raises `UsageError`.
    """
    try:
        with config.open(encoding="utf-8-sig") as file:
            mode = os.fstat(file.fileno()).st_mode
            whole = json.load(file)
    except OSError as problem:
        raise UsageError(say.CANNOT_READ(path=config, reason=problem.strerror)) from problem
    except (ValueError, RecursionError) as problem:
        # Show only the line number: the text may be secret.
        if isinstance(problem, json.JSONDecodeError):
            raise UsageError(say.BAD_JSON_AT(path=config, line=problem.lineno)) from None
        raise UsageError(say.BAD_JSON(path=config)) from None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        complain(settings.OTHERS_CAN_READ(path=config))
    if not isinstance(whole, dict):
        raise UsageError(say.NO_OBJECT(path=config))
    if "integrations" not in whole:
        return whole, ""
    integrations = whole["integrations"]
    if not isinstance(integrations, dict) or set(integrations) != {PLATFORM}:
        raise UsageError(say.ONLY_DINGTALK(path=config))
    return integrations[PLATFORM], PREFIX


def _standard_input() -> str:
    """The whole standard input, without the line end that `echo` appends."""
    written = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
    return written.removesuffix("\n").removesuffix("\r")


def _show_pause(reason: str) -> None:
    if sys.stderr.isatty():
        complain(say.NOT_YET(reason=without_stop(reason)))


def _variable(name: str) -> str:
    return next(option.env for option in OPTIONS if option.name == name)
