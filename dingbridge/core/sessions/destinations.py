"""Which conversation a text of a session is for.

Decided here for drafts, ranges, calls and files alike. A text goes where the editor said that it
goes when it was begun, or nowhere; a new text is for the conversation of what happened last in its
session (somebody spoke, the user wrote), or for the one that the user chose.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, structs

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Target
from dingbridge.core.sessions import targets

MOST = 50
"""Conversations of a session (a count) that can be chosen; those that were silent longest go."""

NAME = 40
"""Characters of a name that are shown."""


class Destination(Struct, frozen=True):
    """The conversation of a text, as the editor shows and names it: its address, which one that is
    in words, and the robot that speaks there (`routing.robot_name`). All empty: nobody. It is
    `outdated` when settings were given since that the editor does not show yet."""

    target: str = ""
    name: str = ""
    robot: str = ""
    outdated: bool = False


NOBODY = Destination()

_NAME = re.compile(r"(.+) \((?:group|1:1|1:1 outside)(?:, [^ ]*)?\)", re.DOTALL)


class Destinations(Struct, frozen=True):
    """The conversations of a session, the latest one first. `current` is the key of the one that a
    new text is for, empty without one; `is_chosen` tells that the user chose it, so that it stays
    whoever speaks."""

    known: tuple[Target, ...] = ()
    current: str = ""
    is_chosen: bool = False

    def at(self, key: str) -> Target | None:
        """The conversation of that key, with the way to it that is known."""
        return next((one for one in self.known if one.key == key), None)

    @property
    def target(self) -> Target | None:
        """The conversation that a new text is for."""
        return self.at(self.current)

    def spoke(self, target: Target) -> Destinations:
        """Somebody spoke there, or the user wrote there: new texts are for it, unless one is
        chosen."""
        before = self.at(target.key)
        if before is not None and target.label in ("", _id(target)):
            target = structs.replace(target, label=before.label)
        known = (target, *(one for one in self.known if one.key != target.key))[:MOST]
        if self.is_chosen and self.current != target.key:
            kept = self.target
            if kept is not None and kept not in known:
                known = (*known[:-1], kept)
            return structs.replace(self, known=known)
        return structs.replace(self, known=known, current=target.key)

    def chose(self, target: Target) -> Destinations:
        """The user chose this one."""
        return structs.replace(self.following().spoke(target), is_chosen=True)

    def following(self) -> Destinations:
        """None is chosen any more: new texts are for whoever spoke or was written to last."""
        return structs.replace(self, is_chosen=False)

    def learnt(self, spoke: Iterable[Target], others: Iterable[Target] = ()) -> Destinations:
        """Conversations of which a transcript tells, the latest one first: those that `spoke`, and
        those that were only written to. All were before what is known."""
        new: dict[str, Target] = {}
        first = ""
        for one in spoke:
            first = first or one.key
            new.setdefault(one.key, one)
        for one in others:
            new.setdefault(one.key, one)
        unknown = (one for key, one in new.items() if self.at(key) is None)
        known = (*self.known, *unknown)[:MOST]
        return structs.replace(self, known=known, current=self.current or first)

    def or_else(self, target: Target | None) -> Destinations:
        """With a conversation for new texts while no other is known."""
        if target is None:
            return self
        known = self.known if self.at(target.key) is not None else (*self.known, target)
        return structs.replace(self, known=known, current=self.current or target.key)

    def names(self) -> dict[str, str]:
        """Which conversations these are, in words that fit no two of them, by key. Anybody chooses
        their own name: what kind of conversation it is stands behind it, and where two look alike
        the id does."""
        count = Counter(name(one) for one in self.known)
        return {one.key: name(one, told_apart=count[name(one)] > 1) for one in self.known}

    def find(self, words: str) -> Target | None:
        """The conversation that the user means: its name, with or without its kind, or its id.
        Raises `BridgeError` when that fits several."""
        names = self.names()
        exactly = [one for one in self.known if words in (names[one.key], one.key)]
        spellings = [one for one in self.known if words in (one.label, name(one), _id(one))]
        found = exactly or spellings
        if len(found) > 1:
            listed = ", ".join(names[one.key] for one in found)
            raise BridgeError(say.MAY_BE(name=words, known=listed), fix=say.TO_LETS_YOU_CHOOSE())
        return found[0] if found else None


def name(target: Target, *, told_apart: bool = False) -> str:
    """Which conversation it is, in words; `told_apart` from another one of that name."""
    if target.private and not target.label:
        return say.LAST_SPEAKER()  # `routing.of_session`
    label = " ".join(target.label.split())[:NAME].strip() or _id(target)
    if target.conversation_id:
        kind = "group"
    elif target.user_id:
        kind = "1:1"
    elif target.private:
        kind = "1:1 outside"
    else:
        return label
    return f"{label} ({kind}, {_id(target)})" if told_apart else f"{label} ({kind})"


def label(name: str) -> str:
    """What a conversation is called in a name."""
    found = _NAME.fullmatch(name)
    return found[1] if found else name


def _id(target: Target) -> str:
    return target.key.partition(":")[2]


def checked(wanted: Destination, account: str, robot: str) -> Target | None:
    """The conversation that a text was begun for, in a session that is bound to `account`, whose
    robot is called `robot`; both are empty where it is not bound. None means that the text stays in
    the editor.

    Raises `BridgeError` when the text can go there no more. It never goes elsewhere instead.
    """
    if not wanted.target:
        if account:
            raise BridgeError(
                say.BEGUN_FOR_NOBODY(),
                fix=say.TO_SAYS_WHERE(),
            )
        return None
    if not account:
        raise BridgeError(
            say.NOT_BOUND_ANY_MORE(place=wanted.name),
            fix=say.BRIDGE_OR_TO(),
        )
    address = targets.whole(wanted.target)
    if address.account != account or wanted.robot != robot:
        raise BridgeError(
            say.BOUND_TO_OTHER_ROBOT(place=wanted.name),
            fix=say.TO_SAYS_WHERE(),
        )
    return address.target
