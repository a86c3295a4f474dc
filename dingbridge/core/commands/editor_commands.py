"""Declares the subcommands of `:Chat` and `:DingTalk`, and parses their command lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from dingbridge.core.access import pairing_codes
from dingbridge.core.catalogue import commands as say
from dingbridge.core.catalogue.sentence import Sentence
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import PLATFORM
from dingbridge.core.near_names import nearest

ALWAYS_OURS = "DingTalk"
"""The editor command that no other plugin defines."""

EDITOR_COMMANDS = ("Chat", ALWAYS_OURS)
"""The editor commands that take the subcommands below. Sentences name the first one; where another
plugin defines it, the editor replaces it by the other."""


class Completion(str, Enum):
    """Which values complete the argument of a subcommand."""

    NONE = "none"
    SESSION = "session"
    PLATFORM = "platform"
    FILE = "file"
    FAILED = "failed"
    OUTBOX = "outbox"
    ASKING = "asking"
    LET_IN = "let_in"
    TARGET = "target"
    EXTRA = "extra"
    ACTION = "action"
    SUBCOMMAND = "subcommand"


class SubcommandDeclaration(Struct, frozen=True):
    """One subcommand; the empty name is the editor command alone.

    - `arguments`: the usage as shown; `[x]` is optional, everything else is required
    - `meaning`: one sentence
    - `makes_message`: it creates a message, and is repeated if nobody made that message durable
    - `once`: it is never carried out a second time
    """

    name: str
    arguments: str
    meaning: str
    takes_range: bool = False
    makes_message: bool = False
    once: bool = False
    completion: Completion = Completion.NONE

    @property
    def is_required(self) -> bool:
        """Whether the argument is required."""
        return bool(self.arguments) and not self.arguments.startswith("[")

    @property
    def takes_one_word(self) -> bool:
        """Whether the argument ends at a space; otherwise it is the rest of the line, verbatim."""
        return self.arguments in ("{id}", "[id]")

    @property
    def takes_code(self) -> bool:
        """Whether the argument is a code, which may be written with spaces."""
        return self.arguments.startswith(("{code}", "[code]"))


class Subcommand(Enum):
    """The subcommands with their declarations.

    `service/editors/bridge.py` matches on them exhaustively: mypy fails for a missing case.
    """

    OPEN_CURRENT = SubcommandDeclaration(
        "", "", "Open the current session.", completion=Completion.SUBCOMMAND
    )
    NEW = SubcommandDeclaration("new", "[title]", "Start a session and open it.", once=True)
    LIST = SubcommandDeclaration("list", "", "List all sessions.")
    OPEN = SubcommandDeclaration("open", "{id}", "Open a session.", completion=Completion.SESSION)
    NEXT = SubcommandDeclaration("next", "", "Open the next session.", once=True)
    PREV = SubcommandDeclaration("prev", "", "Open the session before this one.", once=True)
    CLEAR = SubcommandDeclaration(
        "clear", "", "Remove all messages from the current session.", once=True
    )
    DELETE = SubcommandDeclaration("delete", "", "Delete the current session.", once=True)
    SAVE = SubcommandDeclaration(
        "save",
        "{file}",
        "Write the current session to a file.",
        once=True,
        completion=Completion.FILE,
    )
    LOAD = SubcommandDeclaration(
        "load", "{file}", "Read a session from a file.", once=True, completion=Completion.FILE
    )
    SEND = SubcommandDeclaration(
        "send",
        "[text]",
        "Send the text, or the lines of the range as a code block, or else the draft.",
        takes_range=True,
        makes_message=True,
    )
    TO = SubcommandDeclaration(
        "to",
        "[name]",
        "Choose the conversation that the draft and the session's next messages go to.",
        completion=Completion.TARGET,
    )
    SEND_FILE = SubcommandDeclaration(
        "send-file",
        "{file}",
        "Send a file to the session's conversation; `%` is the current one.",
        completion=Completion.FILE,
        makes_message=True,
    )
    SEND_IMAGE = SubcommandDeclaration(
        "send-image",
        "",
        "Send the lines of the range to the session's conversation, drawn as a picture.",
        takes_range=True,
        makes_message=True,
    )
    BRIDGE = SubcommandDeclaration(
        "bridge",
        f"{PLATFORM} [account]",
        "Bind the current session to DingTalk.",
        completion=Completion.PLATFORM,
    )
    UNBRIDGE = SubcommandDeclaration(
        "unbridge",
        f"[{PLATFORM}] [account]",
        "Release the session that is bound to DingTalk.",
        completion=Completion.PLATFORM,
    )
    NOTIFY = SubcommandDeclaration(
        "notify",
        "[text]",
        "Send the text or the lines of the range to DingTalk, outside any session.",
        takes_range=True,
        makes_message=True,
    )
    STATUS = SubcommandDeclaration(
        "status", "", "Show the mode, the connection and the messages under way."
    )
    OUTBOX = SubcommandDeclaration(
        "outbox", "", "Show the messages that wait and those that failed."
    )
    RETRY = SubcommandDeclaration(
        "retry",
        "[id]",
        "Send a failed message again, or all that did not arrive.",
        completion=Completion.FAILED,
    )
    DROP = SubcommandDeclaration(
        "drop",
        "{id}",
        "Give up a message that waits or that failed.",
        completion=Completion.OUTBOX,
    )
    PAIR = SubcommandDeclaration(
        "pair",
        "[code] [once]",
        "Give access to who asks with this code, for good or for an hour; without one, list them.",
        completion=Completion.ASKING,
    )
    DENY = SubcommandDeclaration(
        "deny",
        "[code]",
        "Refuse the one who asks with this code; without one, choose.",
        completion=Completion.ASKING,
    )
    REVOKE = SubcommandDeclaration(
        "revoke",
        "[id]",
        "Take back what a code has allowed a person or a group; without an id, choose.",
        completion=Completion.LET_IN,
    )
    SERVICE = SubcommandDeclaration(
        "service",
        "[action]",
        "Show the background service; `stop` ends it, `restart` ends it and starts the next one.",
        completion=Completion.ACTION,
    )
    LOG = SubcommandDeclaration("log", "", "Open the log at its end, and follow it.")
    INSTALL = SubcommandDeclaration(
        "install",
        "[images]",
        "Make the plugin's own Python environment; `images` brings what pictures of code need.",
        completion=Completion.EXTRA,
    )
    STOP = SubcommandDeclaration(
        "stop", "", "Stop the answer that the responder is working on.", once=True
    )


class CommandLine(Struct, frozen=True):
    """A parsed line. `argument` is empty without one; after a platform's name it is the account's
    name.
    """

    command: Subcommand
    argument: str


COMMANDS: tuple[SubcommandDeclaration, ...] = tuple(command.value for command in Subcommand)

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
        names = [known for known in _BY_NAME if known]
        raise _unknown(say.UNKNOWN_SUBCOMMAND, say.UNKNOWN_SUBCOMMAND_NEAR, name, names)
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


def for_outside(words: str) -> str:
    """`words` for a reader on DingTalk or at a shell: names `:DingTalk`, which every Neovim has."""
    return re.sub(r":Chat\b", f":{ALWAYS_OURS}", words)


def _account(command: SubcommandDeclaration, words: list[str]) -> str:
    """The account name after the platform; empty without one."""
    if len(words) > 2:
        raise BridgeError(say.TWO_ARGUMENTS(name=command.name, form=_shown(command)))
    if words and words[0] != PLATFORM:
        raise _unknown(say.UNKNOWN_PLATFORM, say.UNKNOWN_PLATFORM_NEAR, words[0], (PLATFORM,))
    return words[1] if len(words) == 2 else ""


def _code(command: SubcommandDeclaration, words: list[str]) -> str:
    """The words with the code joined into one; an account before it and `once` after it stay."""
    once = words[-1:] if command.arguments.endswith("[once]") and words[-1:] == ["once"] else []
    before, colon, typed = " ".join(words[: len(words) - len(once)]).rpartition(":")
    # A single word is checked by the robot's service, which counts wrong codes.
    if (len(words) > 1 or once) and len(pairing_codes.bare(typed)) != pairing_codes.CHARACTERS:
        form, length = _shown(command), pairing_codes.CHARACTERS
        raise BridgeError(say.ONE_CODE(name=command.name, length=length, form=form))
    return " ".join([before + colon + "".join(typed.split()), *once])


def _shown(command: SubcommandDeclaration) -> str:
    return " ".join(part for part in (":Chat", command.name, command.arguments) if part)


def _unknown(
    unknown: Sentence, with_nearest: Sentence, word: str, known: Sequence[str]
) -> BridgeError:
    if near := nearest(word, known):
        return BridgeError(with_nearest(word=word, nearest=near))
    return BridgeError(unknown(word=word, known=", ".join(known)))
