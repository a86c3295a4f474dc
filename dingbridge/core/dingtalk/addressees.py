"""The people a robot message mentions, and the robot's own names in it (doc/dingtalk.md §5.1).

`isInAtList` and `atUsers` say who is mentioned; a name in the text is a word that anybody can type.
"""

from __future__ import annotations

from typing import Final

from dingbridge.core import json_wire
from dingbridge.core.commands import remote_parser
from dingbridge.core.commands.remote_commands import Btw, RemoteCommand
from dingbridge.core.commands.remote_parser import Bad, UnknownCommand
from dingbridge.core.dingtalk.json_fields import list_of, object_of, said_true
from dingbridge.core.messages import ConversationKind, Inbound
from dingbridge.core.regex import regex

# A mention that the client completed ends with U+2005, and its name may contain spaces.
_COMPLETED: Final = "@[^@\u2005\r\n]{1,64}\u2005"
_LEADING: Final = regex(f"(?:{_COMPLETED}|@[^@\\s]+(?=\\s|$))")
# A word with the characters of a path is an argument: `/file @types/node.d.ts`.
_ANYWHERE: Final = regex(f"(?<!\\S)(?:{_COMPLETED}|@[^@\\s/\\\\.:]+(?=\\s|$))[ \t]*")
_ANY_NAME: Final = regex(f"(?<!\\S)(?:{_COMPLETED}|@[^@\r\n]{{1,64}}$)[ \t]*")


def is_mentioned(in_at_list: object, at_users: object, robot: str) -> bool:
    """Whether the robot is mentioned in a group: by `isInAtList`, or, if missing, by `atUsers`.

    `robot` is the `chatbotUserId`.
    """
    if in_at_list is not None:
        return said_true(in_at_list)
    return bool(robot) and robot in _ids(at_users)


def is_alone(at_users: object, robot: str) -> bool:
    """Whether only the robot is mentioned, as far as `atUsers` shows."""
    if robot:
        return all(id == robot for id in _ids(at_users))
    return len(_ids(at_users)) <= 1


def _ids(at_users: object) -> list[str]:
    return [json_wire.id_of(object_of(user).get("dingtalkId")) for user in list_of(at_users)]


def without_mention(text: str) -> str:
    """`text` without a mention at its start, and without white space around it.

    A text that starts with a space had its mention removed by the platform already (§5.1).
    """
    found = _LEADING.match(text)
    return text[found.end() :].strip() if found else text.strip()


def is_command(inbound: Inbound) -> bool:
    """Whether a message is a command, and so stands in no transcript."""
    command = command_in(inbound)
    return command is not None and not isinstance(command, Btw)


def command_in(inbound: Inbound) -> RemoteCommand | UnknownCommand | Bad | None:
    """The remote command in a message; None for a message to the session.

    In a group, names may precede and follow it, `@Robot /whoami @Robot`; none of them is an
    argument.
    """
    said = remote_parser.read(inbound.text)
    if inbound.conversation.kind is not ConversationKind.GROUP or not inbound.mentioned:
        return said
    bare = remote_parser.read(_ANYWHERE.sub("", inbound.text))
    if isinstance(bare, Bad):
        # The robot's name may have a dot or a space in it.
        other = remote_parser.read(_ANY_NAME.sub("", inbound.text))
        bare = bare if isinstance(other, Bad) else other
    if said is None and isinstance(bare, UnknownCommand):
        return None  # a message to the person who is named first
    return bare
