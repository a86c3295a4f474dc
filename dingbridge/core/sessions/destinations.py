"""Destinations: which conversation a session's text goes to (drafts, ranges, calls and files
alike).

A text goes where the editor showed when it was begun, or nowhere. A new text goes to the
conversation with the latest event in its session (somebody spoke, the user wrote), or to the one
the user chose.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, structs

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.listing import comma_list
from dingbridge.core.messages import Target
from dingbridge.core.sessions import targets

MOST = 50
"""Conversations of a session (a count) that can be chosen; the longest silent ones are removed."""

NAME = 40
"""Characters of a name that are shown."""


class Destination(Struct, frozen=True):
    """The conversation of a text, as the editor shows it.

    It has an address, a name, and the robot that sends there (`routing.robot_name`); all are empty
    for a text that stays in the editor. `outdated`: the editor does not show the latest settings.
    """

    target: str = ""
    name: str = ""
    robot: str = ""
    outdated: bool = False


NOBODY = Destination()

_NAME = re.compile(
    r"(.+)(?: \((?:group|1:1|1:1 outside)(?:, [^ ]*)?\)|（(?:群聊|单聊|组织外单聊)(?:，[^ ]*)?）)",
    re.DOTALL,
)
"""As the catalogue writes it, in any language: names that were stored stay as they are."""


class Destinations(Struct, frozen=True):
    """The conversations of a session, the latest first.

    `current` is the key of the one for new texts, empty without one. `is_chosen`: the user chose
    it, so new messages do not change it.
    """

    known: tuple[Target, ...] = ()
    current: str = ""
    is_chosen: bool = False

    def at(self, key: str) -> Target | None:
        """The conversation of that key, with its known route."""
        return next((one for one in self.known if one.key == key), None)

    @property
    def target(self) -> Target | None:
        """The conversation for new texts."""
        return self.at(self.current)

    def spoke(self, target: Target) -> Destinations:
        """Somebody wrote in `target`, or the user wrote to it: new texts go there, unless the user
        chose another one.
        """
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

    def joined(self, target: Target) -> Destinations:
        """The user gave somebody access, who had written in `target`: new texts go where they went
        before."""
        kept = structs.replace(self, is_chosen=True).spoke(target)
        return structs.replace(kept, is_chosen=self.is_chosen)

    def chose(self, target: Target) -> Destinations:
        """The user chose `target`."""
        return structs.replace(self.following().spoke(target), is_chosen=True)

    def following(self) -> Destinations:
        """Drop the choice: new texts follow the latest event again."""
        return structs.replace(self, is_chosen=False)

    def learnt(self, spoke: Iterable[Target], others: Iterable[Target] = ()) -> Destinations:
        """Add conversations from a transcript, the latest first; all are older than known ones.

        `spoke` have messages from people; `others` were only written to.
        """
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
        """Add a conversation for new texts while no other is known."""
        if target is None:
            return self
        known = self.known if self.at(target.key) is not None else (*self.known, target)
        return structs.replace(self, known=known, current=self.current or target.key)

    def with_people(self, people: Iterable[str]) -> Destinations:
        """Add people, by staff id, who can be chosen although they have not written yet."""
        others = (Target(user_id=one, label=one) for one in people)
        new = (one for one in others if self.at(one.key) is None)
        return structs.replace(self, known=(*self.known, *new)[:MOST])

    def names(self) -> dict[str, str]:
        """Unique names of the conversations, by key.

        People choose their own names: the kind of conversation follows the name, and the id where
        two are alike.
        """
        count = Counter(name(one) for one in self.known)
        return {one.key: name(one, told_apart=count[name(one)] > 1) for one in self.known}

    def find(self, words: str) -> Target | None:
        """The conversation that the user means: by name, with or without its kind, or by id.

        Raises `BridgeError` if several fit.
        """
        names = self.names()
        exactly = [one for one in self.known if words in (names[one.key], one.key)]
        spellings = [one for one in self.known if words in (one.label, name(one), _id(one))]
        found = exactly or spellings
        if len(found) > 1:
            listed = comma_list(names[one.key] for one in found)
            raise BridgeError(say.MAY_BE(name=words, known=listed), fix=say.TO_LETS_YOU_CHOOSE())
        return found[0] if found else None


def name(target: Target, *, told_apart: bool = False) -> str:
    """A name of the conversation; `told_apart` from another one of the same name."""
    if target.private and not target.label:
        return say.LAST_SPEAKER()  # `routing.of_session`
    label = " ".join(target.label.split())[:NAME].strip() or _id(target)
    id = _id(target) if told_apart else ""
    if target.conversation_id:
        return say.NAME_GROUP_ID(label=label, id=id) if id else say.NAME_GROUP(label=label)
    if target.user_id:
        return say.NAME_SINGLE_ID(label=label, id=id) if id else say.NAME_SINGLE(label=label)
    if target.private:
        return say.NAME_OUTSIDE_ID(label=label, id=id) if id else say.NAME_OUTSIDE(label=label)
    return label


def label(name: str) -> str:
    """The conversation's own name."""
    found = _NAME.fullmatch(name)
    return found[1] if found else name


def _id(target: Target) -> str:
    return target.key.partition(":")[2]


def checked(wanted: Destination, account: str, robot: str) -> Target | None:
    """The conversation that a text was begun for, in a session bound to `account` and `robot`.

    Both are empty if it is not bound. None: the text stays in the editor. Raises `BridgeError` if
    the text can no longer go there; it never goes elsewhere instead.
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
