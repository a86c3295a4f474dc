"""What can go wrong, typed by what can be done about it.

BridgeError
├── DeliveryError           one outbound chunk was not accepted
│   ├── Retryable           the same bytes may succeed in a moment (5xx, busy, no answer)
│   │   └── Unreachable     nothing left this machine: retry without limit
│   ├── RetryAfter          the platform asks for a pause of `seconds`
│   ├── FreshToken          the access token was refused: fetch one, repeat once
│   ├── TooLong             split the chunk and continue
│   ├── OtherRoute          this route is dead for this chunk, another may work
│   └── Refused             cannot succeed until somebody changes something
│       └── Uncertain       may have arrived: never retried automatically
├── LinkError               the stream connection cannot be opened or has ended
│   ├── LinkLost            reopen it
│   └── LinkRefused         credentials or set-up are wrong: retry slowly, notify the user
├── BadFrame                a stream frame that cannot be read
├── BadOptions              settings that cannot be used; carries every problem
└── StoredDataDamaged       a file of ours that cannot be read; it was set aside

Messages are for people and never hold a secret. Every error keeps its cause.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from dingbridge.core.catalogue import delivery as say


def in_words(message: str, fix: str) -> str:
    """The message and its fix, as sentences. Names of commands and options stay as written."""
    if not fix:
        return message
    first = fix.partition(" ")[0]
    if first.isalpha() and first.islower() and first.isascii():
        fix = fix[0].upper() + fix[1:]
    ended = message.endswith((".", "!", "?", "。"))
    join = say.FIX_AFTER_SENTENCE if ended else say.FIX
    return join(message=message, fix=fix)


def sentences(first: str, *others: str) -> str:
    """Whole sentences, one after the other."""
    for one in others:
        first = say.FIX_AFTER_SENTENCE(message=first, fix=one)
    return first


def without_stop(words: str) -> str:
    """Words without the last full stop."""
    return words.rstrip(".。")


class BridgeError(Exception):
    """Base of all errors that this project raises on purpose.

    - `code`: the platform's code, if there is one
    - `fix`: what to do; may be empty
    - `request_id`: the platform's reference for its support; may be empty
    - `level`: the level of the notice about it
    """

    level: ClassVar[Literal["warn", "error"]] = "error"

    def __init__(
        self, message: str, *, code: str = "", fix: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.fix = fix
        self.request_id = request_id


class DeliveryError(BridgeError):
    """One outbound chunk was not accepted.

    `may_have_arrived`: the request was sent and no answer came, so that repeating it without an
    idempotency key may deliver it twice. For the final error of a message: any of its attempts may
    have arrived.
    """

    may_have_arrived = False
    scopes: tuple[str, ...] = ()
    """The permissions that the platform says the app lacks."""


class Retryable(DeliveryError):
    """The same bytes may succeed in a moment."""

    def __init__(
        self,
        message: str,
        *,
        may_have_arrived: bool = False,
        code: str = "",
        fix: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, code=code, fix=fix, request_id=request_id)
        self.may_have_arrived = may_have_arrived


class Unreachable(Retryable):
    """No connection could be made, so nothing left this machine: retry without limit."""


class RetryAfter(DeliveryError):
    """The platform asks for a pause of `seconds` before the robot sends again."""

    def __init__(
        self,
        message: str,
        seconds: float,
        *,
        code: str = "",
        fix: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, code=code, fix=fix, request_id=request_id)
        self.seconds = seconds


class FreshToken(DeliveryError):
    """The access token was refused: get a new one and repeat once."""


class TooLong(DeliveryError):
    """The chunk is larger than the platform accepts: split it and continue."""


class OtherRoute(DeliveryError):
    """This route is unusable for this chunk; another may work (an expired session webhook)."""


class Refused(DeliveryError):
    """It cannot succeed until a person changes something."""


class Uncertain(Refused):
    """It may have arrived, so nothing of it is sent again unless the user asks for that."""


def told(error: BridgeError) -> tuple[str, Literal["warn", "error"]]:
    """The notice about an error, and its level: what happened and what to do about it.

    A fix that is not a sentence, such as the name of a command, is appended to the message.
    """
    if error.fix and not error.fix[0].isupper():
        return say.FIX_APPENDED(message=without_stop(error.message), fix=error.fix), error.level
    return in_words(error.message, error.fix), error.level


def reference(error: Exception) -> str:
    """Six digits that name this exception, for its notice and its line in the log."""
    return f"{id(error) & 0xFFFFFF:06x}"


def whole_reason(error: DeliveryError) -> str:
    """Why a message was not delivered, and the fix, for its author; without the last full stop."""
    words = in_words(error.message, error.fix)
    if error.may_have_arrived and not isinstance(error, Uncertain):
        words = in_words(say.MAY_HAVE_ARRIVED(), words)
    return without_stop(words)


class LinkError(BridgeError):
    """The stream connection cannot be opened or has ended."""

    level = "warn"


class LinkLost(LinkError):
    """The connection ended or could not be made for a passing reason: reopen it.

    `seconds` is the shortest pause that the platform asks for, or 0.
    """

    def __init__(
        self,
        message: str,
        *,
        seconds: float = 0.0,
        code: str = "",
        fix: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, code=code, fix=fix, request_id=request_id)
        self.seconds = seconds


class LinkRefused(LinkError):
    """Credentials (`login`) or the app's set-up are wrong: retry slowly and notify the user."""

    def __init__(
        self,
        message: str,
        *,
        login: bool = False,
        code: str = "",
        fix: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, code=code, fix=fix, request_id=request_id)
        self.login = login


class BadFrame(BridgeError):
    """An unreadable stream frame."""

    level = "warn"


class BadOptions(BridgeError):
    """Unusable settings. `problems` lists all of them, each a sentence with its path."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class StoredDataDamaged(BridgeError):
    """An unreadable file of ours; `set_aside` is the path it was moved to."""

    level = "warn"

    def __init__(self, message: str, set_aside: str) -> None:
        super().__init__(message)
        self.set_aside = set_aside
