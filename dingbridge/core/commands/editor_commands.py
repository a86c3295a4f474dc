"""Declares the subcommands of `:Chat` and `:DingTalk`; `command_lines` parses what users type."""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

from dingbridge.core.messages import PLATFORM

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
    OUTBOX = "outbox"
    RECALLABLE = "recallable"
    ASKING = "asking"
    LET_IN = "let_in"
    TARGET = "target"
    TITLE = "title"
    EXTRA = "extra"
    ACTION = "action"
    AGENT = "agent"
    SUBCOMMAND = "subcommand"
    TOPIC = "topic"
    DOCTOR = "doctor"
    SPAN = "span"
    APPROVAL = "approval"


class SubcommandDeclaration(Struct, frozen=True):
    """One subcommand; the empty name is the editor command alone.

    - `arguments`: the usage as shown; `[x]` is optional, everything else is required
    - `meaning`: one sentence
    - `makes_message`: it creates a message, and is repeated if nobody made that message durable
    - `once`: it is never carried out a second time
    - `by_editor`: it needs neither host nor service
    """

    name: str
    arguments: str
    meaning: str
    takes_range: bool = False
    makes_message: bool = False
    once: bool = False
    by_editor: bool = False
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

    `command_dispatch` matches on them exhaustively: mypy fails for a missing case.
    """

    OPEN_CURRENT = SubcommandDeclaration(
        "", "", "Open the current session.", completion=Completion.SUBCOMMAND
    )
    NEW = SubcommandDeclaration("new", "[title]", "Start a session and open it.", once=True)
    LIST = SubcommandDeclaration("list", "", "List all sessions.")
    OPEN = SubcommandDeclaration("open", "{id}", "Open a session.", completion=Completion.SESSION)
    NEXT = SubcommandDeclaration("next", "", "Open the next session.", once=True)
    PREV = SubcommandDeclaration("prev", "", "Open the session before this one.", once=True)
    RENAME = SubcommandDeclaration(
        "rename",
        "{title}",
        "Give the current session another title.",
        completion=Completion.TITLE,
    )
    CLEAR = SubcommandDeclaration(
        "clear", "", "Remove all messages from the current session.", once=True
    )
    DELETE = SubcommandDeclaration("delete", "", "Delete the current session.", once=True)
    UNDO = SubcommandDeclaration(
        "undo", "", "Bring back what `clear` or `delete` removed last.", once=True
    )
    SEARCH = SubcommandDeclaration(
        "search", "{words}", "Find the messages with all these words, in all sessions."
    )
    SAVE = SubcommandDeclaration(
        "save",
        "{file}",
        "Write the current session to a file; as Markdown if its name ends in `.md`.",
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
        "Send the lines of the range to the session's conversation, drawn as a picture; `:Chat"
        " install images` brings what it needs.",
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
    MUTE = SubcommandDeclaration(
        "mute",
        "[time]",
        "Hold back notices to the phone for a time such as `2h`; `off` ends that.",
        completion=Completion.SPAN,
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
        "Send a failed message again, or all that did not arrive; what waits is tried now.",
        completion=Completion.OUTBOX,
    )
    DROP = SubcommandDeclaration(
        "drop",
        "[id]",
        "Give up a message that waits or that failed; without an id, choose.",
        completion=Completion.OUTBOX,
    )
    RECALL = SubcommandDeclaration(
        "recall",
        "[id]",
        "Recall a sent message from DingTalk; without an id, choose.",
        completion=Completion.RECALLABLE,
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
    APPROVE = SubcommandDeclaration(
        "approve",
        "[code]",
        "Allow what an agent wants to do, once; without a code, choose.",
        once=True,
        completion=Completion.APPROVAL,
    )
    REJECT = SubcommandDeclaration(
        "reject",
        "[code]",
        "Refuse what an agent wants to do; without a code, choose.",
        once=True,
        completion=Completion.APPROVAL,
    )
    ALWAYS = SubcommandDeclaration(
        "always",
        "[code]",
        "Allow it, and the same kind of tool in its session from now on; `off` takes that back in"
        " the current session.",
        once=True,
        completion=Completion.APPROVAL,
    )
    SERVICE = SubcommandDeclaration(
        "service",
        "[action]",
        "Show the background service; `stop` ends it, `restart` ends it and starts the next one.",
        completion=Completion.ACTION,
    )
    MESSAGES = SubcommandDeclaration(
        "messages",
        "",
        "Show the notices so far, each with its time and level.",
        by_editor=True,
    )
    DOCTOR = SubcommandDeclaration(
        "doctor",
        "[report]",
        "Find out what is wrong, then prove the way by a ping; `report` writes a file for a bug"
        " report instead.",
        completion=Completion.DOCTOR,
        by_editor=True,
    )
    LOG = SubcommandDeclaration("log", "", "Open the log at its end, and follow it.")
    SETUP = SubcommandDeclaration(
        "setup",
        "",
        "Set DingTalk up step by step: an app by one scan or by pasted credentials, then a hello.",
        by_editor=True,
    )
    INSTALL = SubcommandDeclaration(
        "install",
        "[extra]",
        "Make the plugin's own Python environment; `images` brings what pictures of code need,"
        " `keyring` what the system's keyring needs.",
        completion=Completion.EXTRA,
        by_editor=True,
    )
    HELP = SubcommandDeclaration(
        "help",
        "[topic]",
        "Open the manual at a subcommand or a topic.",
        completion=Completion.TOPIC,
        by_editor=True,
    )
    NOTIFY_WHEN_DONE = SubcommandDeclaration(
        "notify-when-done",
        "",
        "Tell the phone when what runs now has ended: this terminal's program, else `:make` or the"
        " next terminal.",
        by_editor=True,
    )
    STOP = SubcommandDeclaration(
        "stop", "", "Stop the answer that the agent or program is working on.", once=True
    )
    BTW = SubcommandDeclaration(
        "btw",
        "{text}",
        "Ask the agent of the current session next, before the messages that wait.",
        makes_message=True,
    )
    AGENT = SubcommandDeclaration(
        "agent",
        "[name]",
        "Show the current session's agent, or choose another; `off`: none.",
        once=True,
        completion=Completion.AGENT,
    )


COMMANDS: tuple[SubcommandDeclaration, ...] = tuple(command.value for command in Subcommand)


def for_outside(words: str) -> str:
    """`words` for a reader on DingTalk or at a shell: names `:DingTalk`, which every Neovim has."""
    return re.sub(r":Chat\b", f":{ALWAYS_OURS}", words)
