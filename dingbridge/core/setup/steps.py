"""The values of the guided setup: a step, which is what is next, and a fact, which answers it."""

from __future__ import annotations

from enum import Enum
from typing import Literal

from msgspec import Struct

from dingbridge.core.dingtalk.scanned_app import ScanCode
from dingbridge.core.setup.progress import FirstWriter

# --- what is next ---------------------------------------------------------------------------------


class ChooseOption(Struct, frozen=True):
    """Ask which of the `options`: a word for `Chosen`, and what the user reads."""

    question: str
    options: tuple[tuple[str, str], ...]


class AskText(Struct, frozen=True):
    """Ask for a text; `hint` says where it is found."""

    question: str
    hint: str = ""


SecretName = Literal["app_secret", "webhook", "secret"]
"""The options that hold a secret which the user types."""


class AskSecret(Struct, frozen=True):
    """Ask for a secret, unseen."""

    name: SecretName
    question: str
    hint: str = ""


class SetupAction(str, Enum):
    """Something that takes the network or the disk."""

    BEGIN_SCAN = "begin_scan"
    AWAIT_SCAN = "await_scan"
    CHECK = "check"
    STORE = "store"
    CONNECT = "connect"
    AWAIT_MESSAGE = "await_message"
    ANSWER = "answer"
    GREET_GROUP = "greet_group"


class NothingLeft(Struct, frozen=True):
    """Nothing is left to do."""


SetupStep = ChooseOption | AskText | AskSecret | SetupAction | NothingLeft

# --- what happened --------------------------------------------------------------------------------


class OptionChosen(Struct, frozen=True):
    """The user chose this option."""

    word: str


class TextTyped(Struct, frozen=True):
    """The user typed a text; empty for a secret, which this machine never sees."""

    text: str = ""


class CodeGiven(Struct, frozen=True):
    """There is a code to scan."""

    code: ScanCode


class AppMade(Struct, frozen=True):
    """The scan has made an app."""

    client_id: str


class ActionSucceeded(Struct, frozen=True):
    """The action succeeded. `robot`: the name under which it was stored."""

    robot: str = ""


class MessageWritten(Struct, frozen=True):
    """Somebody has written to the robot."""

    writer: FirstWriter


class ActionFailed(Struct, frozen=True):
    """The action did not succeed, in words."""

    problem: str


SetupFact = (
    OptionChosen | TextTyped | CodeGiven | AppMade | ActionSucceeded | MessageWritten | ActionFailed
)
