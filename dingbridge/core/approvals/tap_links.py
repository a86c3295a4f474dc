"""Links that answer an approval by one tap (doc/dingtalk.md §8.6).

A tap sends the command as the person who taps. `outgoing_text` removes such links from every text,
so that nobody else can make one; these are appended afterwards, to a message that has the commands
in `Outbound.taps`.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from dingbridge.core.access.pairing_codes import ALPHABET
from dingbridge.core.approvals.approval import CODE_CHARACTERS
from dingbridge.core.catalogue import approvals as say
from dingbridge.core.commands.remote_commands import AllowAlways, Approve, Reject
from dingbridge.core.regex import regex

_LABELS = {
    Approve.declaration.name: say.TAP_APPROVE,
    Reject.declaration.name: say.TAP_REJECT,
    AllowAlways.declaration.name: say.TAP_ALWAYS,
}
_COMMAND = regex(rf"/({'|'.join(_LABELS)})-[{ALPHABET}]{{{CODE_CHARACTERS}}}")


def commands(code: str, *, can_always: bool) -> tuple[str, ...]:
    """The commands that answer the request with this code. They have no blanks, which some clients
    do not decode."""
    names = [*_LABELS] if can_always else [*_LABELS][:2]
    return tuple(f"/{name}-{code}" for name in names)


def written(taps: Collection[str]) -> str:
    """The paragraph with a link for each command; anything but a command of `commands` is left
    out."""
    found = [(match, tap) for tap in taps if (match := _COMMAND.fullmatch(tap))]
    links = [f"[{_LABELS[match[1]]()}]({_address(tap)})" for match, tap in found]
    return "\n\n" + " · ".join(links) if links else ""


def _address(command: str) -> str:
    return f"dtmd://dingtalkclient/sendMessage?content={quote(command, safe='')}"
