"""Whom an outbound message mentions: the person who asked, members by name, and never everybody.

A mention is real where the text says `@staffId` and `at.atUserIds` has that id (doc/dingtalk.md §1
and §5.4), which a session webhook and a custom robot take. OpenAPI into a group mentions nobody
(§3). Nobody is ever mentioned because of a text that came in: that a message is meant for
the robot is for `isInAtList` alone to say (§5.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from dingbridge.core.dingtalk.limits import AT_MENTIONS
from dingbridge.core.markdown import code_regions
from dingbridge.core.messages import At, ConversationKind, Inbound, Sender
from dingbridge.core.regex import regex

SHARED: Final = ""
"""In the place of a staff id: a name of several members, or of one who cannot be mentioned."""

_BREAK: Final = "\u200b"
# An address of mail or on the web, a path, an escape: what stands before @ is part of the word.
_AT: Final = r"@(?<![A-Za-z0-9_.%+\-/\\@=&?#]@)"
# The name goes on, or is part of a host, a path or a package.
_NAME_ENDS: Final = r"(?![\w@/\-\u0300-\u036f\u200d\ufe0f]|\.\w)"
_EVERYBODY: Final = regex(
    rf"@(?=所有人|全体成员)|{_AT}(?=(?:all|everyone)(?![0-9A-Za-z_\-]|\.\w))", re.IGNORECASE
)


def asker(inbound: Inbound) -> At:
    """The mention of the person who asked in a group; nobody in a 1:1 chat, where it says nothing.

    People outside the robot's organisation have no staff id and cannot be mentioned.
    """
    staff_id = inbound.sender.staff_id
    if inbound.conversation.kind is not ConversationKind.GROUP or not staff_id:
        return At()
    return At(user_ids=(staff_id,))


def members(senders: Iterable[Sender]) -> dict[str, str]:
    """The staff id of everybody who was seen in a conversation, by name.

    People choose their names themselves: one that several share, or that means everybody, stands
    for nobody (`SHARED`). So does that of a person without a staff id.
    """
    known: dict[str, str] = {}
    for sender in senders:
        if sender.nick.strip():
            same = known.setdefault(sender.nick, sender.staff_id) == sender.staff_id
            if not same or _means_everybody(sender.nick) or _means_everybody(sender.staff_id):
                known[sender.nick] = SHARED
    return known


def with_known(text: str, known: Mapping[str, str]) -> tuple[str, At]:
    """`text` with `@name` of known members made real mentions, and whom it mentions then.

    `known` is what `members` gives. A name has to be written exactly, stand alone, and be neither
    in code nor in an address; of several that fit, the longest counts. At most
    `limits.AT_MENTIONS` people are mentioned; the names of others stay what they are.
    """
    found: list[str] = []
    pattern = _any_of(known)

    def mention(match: re.Match[str]) -> str:
        staff_id = known[match[1]]
        if not staff_id or (staff_id not in found and len(found) >= AT_MENTIONS):
            return match[0]
        if staff_id not in found:
            found.append(staff_id)
        return f"@{staff_id}"

    if pattern is None:
        return text, At()
    changed = code_regions.changed_prose(text, lambda prose: pattern.sub(mention, prose))
    return changed, At(tuple(found))


def readable(text: str, at: At, known: Mapping[str, str]) -> str:
    """`text` of `with_known` for a route that mentions nobody: `@staffId` is `@name` again."""
    names = {staff_id: name for name, staff_id in known.items() if staff_id in at.user_ids}
    pattern = _any_of(names)
    if pattern is None:
        return text
    return code_regions.changed_prose(
        text, lambda prose: pattern.sub(lambda m: f"@{names[m[1]]}", prose)
    )


def without_everybody(text: str) -> str:
    """`text` in which no `@all` and no `@所有人` could mention everybody.

    By what is published, only `isAtAll` does that, and we never set it (§1 and §5.4). But
    an OpenAPI send can be refused with `only.groupAdmin.canAtAll` (§3), so some text does as
    well: an invisible U+200B after the @ breaks the word up. Code stays as it is, for copying.
    """
    if "@" not in text:
        return text
    return code_regions.changed_prose(text, lambda prose: _EVERYBODY.sub(f"@{_BREAK}", prose))


def together(*ats: At) -> At:
    """All of these mentions as one, nobody twice, at most `limits.AT_MENTIONS`, never everybody."""
    user_ids = dict.fromkeys(who for at in ats for who in at.user_ids)
    mobiles = dict.fromkeys(who for at in ats for who in at.mobiles)
    people = tuple(user_ids)[:AT_MENTIONS]
    return At(people, tuple(mobiles)[: AT_MENTIONS - len(people)])


def _means_everybody(name: str) -> bool:
    return _EVERYBODY.match(f"@{name}") is not None


def _any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """Matches @ and one of the names, the longest first, as group 1."""
    longest = sorted(filter(None, names), key=lambda name: (-len(name), name))
    if not longest:
        return None
    return regex(f"{_AT}({'|'.join(map(re.escape, longest))}){_NAME_ENDS}")
