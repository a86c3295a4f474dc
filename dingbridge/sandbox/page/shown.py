"""What the page draws: messages, their parts, cards. Paths are below the page's own address."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

PartKind = Literal["text", "markdown", "picture", "file", "voice", "video", "buttons", "entry"]
Lost = Literal["", "nobody", "unmentioned", "not in groups"]

SHORT = 120
"""Characters of a message that stand for it elsewhere."""


class ShownButton(Struct, frozen=True, omit_defaults=True):
    """Something to press. It has an `address` or, on a card, the id of an `action`."""

    label: str
    address: str = ""
    action: str = ""
    colour: str = ""


class ShownPart(Struct, frozen=True, omit_defaults=True):
    """One part of a message.

    - `html` is clean: see `rendering`
    - `path` is where the bytes of a picture, file, voice or video are; `source` is the address of a
      picture on another host, which is not fetched
    - `words` are those that the platform recognised in a voice, or the text of an entry
    - `address` is where an entry leads, `title` what it is called
    - `size` is in bytes, `seconds` the length of a voice or a video
    """

    kind: PartKind
    html: str = ""
    path: str = ""
    source: str = ""
    name: str = ""
    size: int = 0
    seconds: float = 0.0
    words: str = ""
    title: str = ""
    address: str = ""
    buttons: tuple[ShownButton, ...] = ()


class ShownMessage(Struct, frozen=True, omit_defaults=True):
    """A message of a person or a robot.

    - `id` is the `msgId`; two of the same id are one message that was delivered twice
    - `number` is that of a robot's message, with which taps name it
    - `places` are the conversations in which it is shown
    - `author` is a name, `person` the key of a person
    - `preview` is what the list of conversations shows of it, `words` what a quote of it shows
    - `mentions` are words after an `@` that are drawn as mentions, and how
    - `quote` is the id of the message that it answers
    - `lost` says why the robot does not get it
    - `header` is the id of the frame that took it to a bridge, `way` how a robot's message came
    """

    id: str
    time: float
    places: tuple[str, ...]
    author: str
    parts: tuple[ShownPart, ...]
    person: str = ""
    number: int = 0
    preview: str = ""
    words: str = ""
    mentions: dict[str, str] = {}
    quote: str = ""
    lost: Lost = ""
    header: str = ""
    way: str = ""


class CardFace(Struct, frozen=True, omit_defaults=True):
    """How a card looks to somebody. `html` is clean; `rows` are the variables of a template whose
    form is not known."""

    title: str = ""
    html: str = ""
    tips: str = ""
    buttons: tuple[ShownButton, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()


class ShownCard(Struct, frozen=True, omit_defaults=True):
    """A card. `track` is its `outTrackId`; `faces` are by the key of a person, and `""` is for
    everybody who has none of their own. `time` is when it was delivered first; `state` is empty for
    a card that is not streamed."""

    id: str
    track: str
    time: float
    places: tuple[str, ...]
    author: str
    state: str
    faces: dict[str, CardFace]


def robot_message_id(number: int) -> str:
    """The `msgId` of the robot's message with this number, in quotes of it."""
    return f"msgrobot{number}=="


def card_message_id(track: str) -> str:
    """The `msgId` of the message that shows a card."""
    return f"msgcard{track}=="
