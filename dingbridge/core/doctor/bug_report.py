"""A report for others: what the doctor found, and what the log has, without anything private.

It is made of what may be in it, not by taking out what may not: of the log, the words that our own
sentences have, and numbers, ids of messages and codes of DingTalk. Everything else is a "…".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec

from dingbridge.core.catalogue import refusals
from dingbridge.core.dingtalk.error_codes import RULES
from dingbridge.core.doctor.finding import HealthFinding, lines
from dingbridge.core.options.declarations import DEFAULT_ACCOUNT
from dingbridge.core.options.settings import Configuration
from dingbridge.core.regex import regex
from dingbridge.core.secrets.redaction import redact
from dingbridge.core.sessions.state import State

LOG_LINES = 300
"""Lines of the log (a count) in a report, the latest ones."""

_LINE = regex(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ (INFO|WARNING|ERROR) (dingbridge[\w.]*): (.*)")
_TRACE = regex(r'  File "[^"]*[/\\](dingbridge[/\\][\w/\\]+\.py)", line (\d+), in (\w+)')
_TOKEN = regex(r"(?<!\w)[0-9a-f]{16}(?!\w)|[A-Za-z_][\w.-]*|\d+(?:[.:]\d+)*|[^\w\s]+|\S")
_MESSAGE_ID = regex(r"[0-9a-f]{16}")
_SHORT_NUMBER = regex(r"\d{1,6}(?:\.\d{1,3})?")
_MARKS = frozenset(".,:;()!?'`→-…")
_FOREIGN = refusals.SAYS(words="").strip()
"""What follows these words was written by others."""

GAP = "…"


def report(
    findings: Iterable[HealthFinding],
    log: Iterable[str],
    vocabulary: Collection[str],
    private: Collection[str],
) -> str:
    """The text of the report.

    - `log`: lines of the log, oldest first
    - `vocabulary`: the words of the project's own sentences and log lines, in lower case
    - `private`: secrets, ids, names and folders that must not be in it, masked wherever they stand
    """
    hidden = sorted((one for one in private if len(one) > 1), key=len, reverse=True)
    shown: list[str] = []
    for finding in findings:
        state, subject = finding.state, finding.subject
        words = finding.public or finding.sentence
        shown += lines(HealthFinding(subject, state, words, finding.fixes))
    text = redact("\n".join(shown), hidden)
    for one in hidden:
        text = text.replace(one, GAP)
    known = frozenset(vocabulary) - {one.casefold() for one in hidden}
    kept = [line for one in log if (line := of_log(one, known))]
    return "\n".join((text, "", *kept[-LOG_LINES:], ""))


def of_log(line: str, vocabulary: Collection[str]) -> str:
    """What of a line of the log may be shown; empty for a line of which nothing may.

    >>> known = {"message", "from", "staff", "id"}
    >>> of_log("2026-11-30 10:00:00,123 INFO dingbridge.lisi: message from staff id lisi", known)
    '2026-11-30 10:00:00 INFO dingbridge: message from staff id …'
    """
    trace = _TRACE.match(line)
    if trace:
        return f"  {trace[1]}:{trace[2]} in {trace[3]}"
    found = _LINE.match(line)
    if not found:
        return ""
    time, level, name, words = found.groups()
    # Accounts are named by the user.
    parts = name.split(".")
    name = ".".join(part for part in parts if part == "dingbridge" or part in vocabulary)
    own, foreign, _ = words.partition(_FOREIGN)
    if foreign:
        words = f"{own}{foreign} {GAP}"
    return f"{time} {level} {name}: {_own_words(words, vocabulary)}"


def _own_words(words: str, vocabulary: Collection[str]) -> str:
    shown: list[str] = []
    end = 0
    for token in _TOKEN.finditer(words):
        gap = " " if token.start() > end or not shown else ""
        end = token.end()
        if _may_show(token[0], vocabulary):
            shown.append(gap + token[0])
        elif not shown or not shown[-1].endswith(GAP):
            shown.append(gap + GAP)
    return "".join(shown).strip()


def _may_show(token: str, vocabulary: Collection[str]) -> bool:
    if token.casefold().strip(".-") in vocabulary or token in _CODES:
        return True
    if _MESSAGE_ID.fullmatch(token) or _SHORT_NUMBER.fullmatch(token):
        return True
    return set(token) <= _MARKS


_CODES = frozenset(code for rule in RULES for code in rule.codes if "*" not in code)


def words_of(sentences: Iterable[str]) -> frozenset[str]:
    """The words of sentences, in lower case, for `vocabulary`.

    >>> sorted(words_of(["No message is at {place}."]))
    ['at', 'is', 'message', 'no']
    """
    plain = (re.sub(r"\{\w*\}|%[-\w.]*[a-z]", " ", sentence) for sentence in sentences)
    return frozenset(
        token.casefold() for text in plain for token in re.findall(r"[A-Za-z_]+", text)
    )


_PRIVATE = frozenset(
    {
        *("title", "cwd", "conversation_id", "user_id", "robot_code", "label", "id", "asker"),
        *("nick", "name", "private", "scope"),
    }
)
"""Fields of the state that name people, conversations and projects."""


def private_values(state: State, configuration: Configuration | None) -> frozenset[str]:
    """What `report` must hide of the state and the settings."""
    found = set(_texts(msgspec.to_builtins(state)))
    found |= {*state.conversations}
    for known in state.acquaintances.values():
        found |= {*known}
    accounts = configuration.accounts if configuration is not None else {}
    for account, options in accounts.items():
        found |= {*options.secrets, *options.admins, *(options.allow_from or ()), *options.groups}
        found |= {options.app_key, options.robot_code, options.user_id, options.conversation_id}
        found |= {options.cwd, options.webhook, options.proxy, *options.jobs}
        if account != DEFAULT_ACCOUNT:
            found.add(account)
    return frozenset(found - {"", "*"})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key in _PRIVATE and isinstance(each, str):
                yield each
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
