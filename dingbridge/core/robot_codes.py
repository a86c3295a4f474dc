"""Which robot code a call names: the callback's own, or that of the settings once it was refused.

A callback's `robotCode` wins (protocol section 11), but it may name no robot that OpenAPI knows:
`normal`, or nothing.
"""

from __future__ import annotations

from typing import Final

from dingbridge.core.errors import DeliveryError
from dingbridge.core.settings import Options

_REFUSED: Final = "invalidparameter.robotcode."
_OF_A_FILE: Final = "invalidparameter.robotcode.downloadcode"
_NOT_ALLOWED: Final = "not.allowed.robotcode"
_MOST: Final = 100

NAMELESS: Final = ("", "normal")
"""Codes in callbacks that several robots may have."""


def own_code(options: Options) -> str:
    """The robot code in the settings; for most apps it is the app's key."""
    return options.robot_code or options.app_key


class RobotCodes:
    """Remembers the codes that one app was refused. Not shared between threads."""

    def __init__(self) -> None:
        self._refused: dict[str, None] = {}

    def named(self, given: str, options: Options) -> str:
        """The code for a call about what came with the code `given`, or with none."""
        return own_code(options) if not given or given in self._refused else given

    def may_try_again(self, given: str, options: Options, error: DeliveryError) -> bool:
        """Whether a call that was refused is worth one more attempt with what `named` gives now."""
        code = error.code.casefold()
        about_it = code.startswith(_REFUSED) and code != _OF_A_FILE
        if not about_it and code != _NOT_ALLOWED:
            return False
        before = self.named(given, options)
        self._refused[given] = None
        while len(self._refused) > _MOST:
            del self._refused[next(iter(self._refused))]
        return self.named(given, options) != before
