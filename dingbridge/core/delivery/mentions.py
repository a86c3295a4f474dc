"""Whom an outgoing message mentions: the person who asked, members by name, and never everybody.

DingTalk notifies a person if the text contains `@staffId` and `at.atUserIds` has the id, in session
webhooks and custom robots (doc/dingtalk.md §1 and §5.4). OpenAPI into a group mentions nobody (§3).
Names in incoming texts have no effect: only `isInAtList` decides whether the robot is mentioned
(§5.1).
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
"""Instead of a staff id: several members have this name, or its owner cannot be mentioned."""

_BREAK: Final = "\u200b"
# Before the @: a mail or web address, a path, an escape.
_AT: Final = r"@(?<![A-Za-z0-9_.%+\-/\\@=&?#]@)"
# After the name: a longer name, or a host, path or package.
_NAME_ENDS: Final = r"(?![\w@/\-\u0300-\u036f\u200d\ufe0f]|\.\w)"
_EVERYBODY: Final = regex(
    rf"@(?=所有人|全体成员)|{_AT}(?=(?:all|everyone)(?![0-9A-Za-z_\-]|\.\w))", re.IGNORECASE
)


def asker(inbound: Inbound) -> At:
    """The mention of the person who asked in a group; nobody in a 1:1 chat.

    People outside the robot's organisation have no staff id and cannot be mentioned.
    """
    staff_id = inbound.sender.staff_id
    if inbound.conversation.kind is not ConversationKind.GROUP or not staff_id:
        return At()
    return At(user_ids=(staff_id,))


def members(senders: Iterable[Sender]) -> dict[str, str]:
    """Staff ids by the names of the people seen in a conversation.

    People choose their names: one that several share, that means everybody, or whose owner has no
    staff id maps to `SHARED`.
    """
    known: dict[str, str] = {}
    for sender in senders:
        if sender.nick.strip():
            same = known.setdefault(sender.nick, sender.staff_id) == sender.staff_id
            if not same or _means_everybody(sender.nick) or _means_everybody(sender.staff_id):
                known[sender.nick] = SHARED
    return known


def with_known(text: str, known: Mapping[str, str]) -> tuple[str, At]:
    """`text` with `@staffId` for each `@name` of a known member, and the mentions of these people.

    `known` is the result of `members`. A name must be exact, a word of its own, and outside of
    quoted lines, code and addresses; the longest match counts. After `limits.AT_MENTIONS` people,
    names stay as they are.
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
    changed = code_regions.changed_own_prose(text, lambda prose: pattern.sub(mention, prose))
    return changed, At(tuple(found))


def readable(text: str, at: At, known: Mapping[str, str]) -> str:
    """The text from `with_known` for a route without mentions: `@staffId` becomes `@name` again."""
    names = {staff_id: name for name, staff_id in known.items() if staff_id in at.user_ids}
    pattern = _any_of(names)
    if pattern is None:
        return text
    return code_regions.changed_own_prose(
        text, lambda prose: pattern.sub(lambda m: f"@{names[m[1]]}", prose)
    )


def without_everybody(text: str) -> str:
    """`text` with U+200B after the @ of `@all` and `@所有人`, so that neither mentions everybody.

    By the documentation only `isAtAll` does (§1 and §5.4), which we never set. But OpenAPI sends
    can be refused with `only.groupAdmin.canAtAll` (§3), so some texts do. Code stays as it is, so
    that it can be copied.
    """
    if "@" not in text:
        return text
    return code_regions.changed_prose(text, lambda prose: _EVERYBODY.sub(f"@{_BREAK}", prose))


def together(*ats: At) -> At:
    """The union of mentions: at most `limits.AT_MENTIONS` people, never everybody."""
    user_ids = dict.fromkeys(who for at in ats for who in at.user_ids)
    mobiles = dict.fromkeys(who for at in ats for who in at.mobiles)
    people = tuple(user_ids)[:AT_MENTIONS]
    return At(people, tuple(mobiles)[: AT_MENTIONS - len(people)])


def _means_everybody(name: str) -> bool:
    return _EVERYBODY.match(f"@{name}") is not None


def _any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern for @ and one of the names (group 1), the longest first."""
    longest = sorted(filter(None, names), key=lambda name: (-len(name), name))
    if not longest:
        return None
    return regex(f"{_AT}({'|'.join(map(re.escape, longest))}){_NAME_ENDS}")
