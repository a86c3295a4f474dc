"""Parses the command lines of `:Chat` and `:DingTalk`."""

from __future__ import annotations

import re

from msgspec import Struct

from dingbridge.core.access import pairing_codes
from dingbridge.core.approvals.approval import CODE_CHARACTERS
from dingbridge.core.catalogue import commands as say
from dingbridge.core.commands.editor_commands import Completion, Subcommand, SubcommandDeclaration
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import PLATFORM
from dingbridge.core.near_names import nearest, nearest_few


class CommandLine(Struct, frozen=True):
    """A parsed line. `argument` is empty without one; after a platform's name it is the account's
    name.
    """

    command: Subcommand
    argument: str


_BY_NAME = {command.value.name: command for command in Subcommand}
_LINE = re.compile(r"\s*(\S*)\s*(.*)", flags=re.DOTALL)


def may_be_repeated(line: str) -> bool:
    """Whether a line may be carried out again when it is unknown whether it was.

    >>> may_be_repeated("revoke lisi"), may_be_repeated("delete")
    (True, False)
    """
    match = _LINE.fullmatch(line)
    found = _BY_NAME.get(match[1]) if match else None
    return found is not None and not found.value.once


def parse(line: str, *, has_range: bool = False) -> CommandLine:
    """Parse `line`, everything that follows `:Chat`.

    Free text is verbatim from the second word on. `has_range`: the command was given a range.
    Raises `BridgeError` for an unknown subcommand or platform, a missing or surplus argument, and a
    range that the subcommand does not take.
    """
    match = _LINE.fullmatch(line)
    name, rest = match.groups() if match else ("", "")
    found = _BY_NAME.get(name)
    if found is None:
        near = " or ".join(nearest_few(name, filter(None, _BY_NAME)))
        if near:
            raise BridgeError(say.UNKNOWN_SUBCOMMAND_NEAR(word=name, nearest=near))
        raise BridgeError(say.UNKNOWN_SUBCOMMAND(word=name))
    command = found.value
    if has_range and not command.takes_range:
        raise BridgeError(say.NO_RANGE(form=_shown(command)))
    if not command.arguments and rest.strip():
        raise BridgeError(say.NO_ARGUMENT(form=_shown(command)))
    if command.is_required and not rest.strip():
        raise BridgeError(say.NEEDS_ARGUMENT(name=name, form=_shown(command)))
    if command.takes_one_word:
        words = rest.split()
        if len(words) > 1:
            raise BridgeError(say.ONE_ARGUMENT(name=name, form=_shown(command)))
        rest = "".join(words)
    elif command.completion in (Completion.FILE, Completion.TARGET):
        rest = rest.strip()
    elif not rest.strip():
        rest = ""
    if command.completion is Completion.PLATFORM:
        rest = _account(command, rest.split())
    elif command.takes_code:
        rest = _code(command, rest.split())
    return CommandLine(found, rest)


def _account(command: SubcommandDeclaration, words: list[str]) -> str:
    """The account name after the platform; empty without one."""
    if len(words) > 2:
        raise BridgeError(say.TWO_ARGUMENTS(name=command.name, form=_shown(command)))
    if words and words[0] != PLATFORM:
        if nearest(words[0], (PLATFORM,)):
            raise BridgeError(say.UNKNOWN_PLATFORM_NEAR(word=words[0], nearest=PLATFORM))
        raise BridgeError(say.UNKNOWN_PLATFORM(word=words[0], known=PLATFORM))
    return words[1] if len(words) == 2 else ""


def _code(command: SubcommandDeclaration, words: list[str]) -> str:
    """The words with the code joined into one; an account before it and `once` after it stay."""
    once = words[-1:] if command.arguments.endswith("[once]") and words[-1:] == ["once"] else []
    before, colon, typed = " ".join(words[: len(words) - len(once)]).rpartition(":")
    is_pairing = command.completion is Completion.ASKING
    length = pairing_codes.CHARACTERS if is_pairing else CODE_CHARACTERS
    # A single word is checked by the robot's service, which counts wrong codes.
    if (len(words) > 1 or once) and len(pairing_codes.bare(typed)) != length:
        form = _shown(command)
        raise BridgeError(say.ONE_CODE(name=command.name, length=length, form=form))
    return " ".join([before + colon + "".join(typed.split()), *once])


def _shown(command: SubcommandDeclaration) -> str:
    return " ".join(part for part in (":Chat", command.name, command.arguments) if part)
