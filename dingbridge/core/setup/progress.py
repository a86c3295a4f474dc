"""How far a setup has come. It holds no secret but the code of a scan, so it may be stored."""

from __future__ import annotations

from enum import Enum
from typing import Literal

import msgspec
from msgspec import Struct, structs

from dingbridge.core.dingtalk.scanned_app import ScanCode


class Stage(str, Enum):
    """Where a setup is; `steps` draws how they follow each other."""

    GOAL = "goal"
    PLACE = "place"
    WAY = "way"
    BEGIN = "begin"
    SCAN = "scan"
    CLIENT_ID = "client_id"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - the name of a question
    CHECK = "check"
    STORE = "store"
    LINK = "link"
    WRITE = "write"
    WHO = "who"
    HELLO = "hello"
    WEBHOOK = "webhook"
    SECURITY = "security"
    SIGNATURE = "signature"
    KEYWORD = "keyword"
    GROUP_HELLO = "group_hello"
    SNIPPET = "snippet"
    DONE = "done"


class FirstWriter(Struct, frozen=True):
    """Who wrote the first message, and what. `id`: the staff id, or the sender id without one."""

    id: str
    name: str
    text: str


class Progress(Struct, frozen=True):
    """How far a setup has come.

    - `has_keyring`: the system has one, so that there is something to choose
    - `robot`: the app's Client ID, or the name under which a webhook is stored
    - `is_checked`, `is_stored`: the platform accepts the credentials; they are in their place
    - `writer`: who wrote; `admitted` is their id once the user has said "it is me"
    - `problem`: why the stage did not succeed, until the user has chosen what to do
    """

    stage: Stage = Stage.GOAL
    has_keyring: bool = False
    goal: Literal["", "conversation", "notifications"] = ""
    place: Literal["file", "keyring"] = "file"
    way: Literal["", "paste", "scan"] = ""
    code: ScanCode | None = None
    robot: str = ""
    security: Literal["", "signature", "keyword", "addresses"] = ""
    keyword: str = ""
    is_checked: bool = False
    is_stored: bool = False
    writer: FirstWriter | None = None
    admitted: str = ""
    problem: str = ""


_TYPED = {
    *(Stage.WEBHOOK, Stage.SECURITY, Stage.SIGNATURE, Stage.KEYWORD, Stage.GROUP_HELLO),
}
_OF_MESSAGE = {Stage.WHO, Stage.HELLO}


def resumed(progress: Progress, now: float) -> Progress:
    """Where a setup goes on that was left at `progress`; `now` is Unix seconds.

    What was typed and not stored is asked for again, and so is a code that has expired.

    >>> resumed(Progress(Stage.CHECK, way="paste", robot="dingabc"), 0.0).stage.value
    'client_secret'
    """
    stage = progress.stage
    if stage is Stage.SCAN or (progress.way == "scan" and not progress.is_stored and progress.code):
        is_good = progress.code is not None and now < progress.code.until
        stage = Stage.SCAN if is_good else Stage.BEGIN
    elif stage in _TYPED or (
        progress.goal == "notifications" and not progress.is_stored and stage is Stage.STORE
    ):
        stage = Stage.WEBHOOK
    elif stage in (Stage.CHECK, Stage.STORE) and not progress.is_stored:
        stage = Stage.CLIENT_SECRET
    elif stage in _OF_MESSAGE:
        stage = Stage.WRITE
    return structs.replace(progress, stage=stage, problem="")


def encode(progress: Progress) -> bytes:
    """The progress for a file."""
    return msgspec.json.encode(structs.replace(progress, problem="", writer=None))


def decode(data: bytes) -> Progress | None:
    """The progress in a file; None if it cannot be read."""
    try:
        return msgspec.json.decode(data, type=Progress)
    except ValueError:
        return None
