"""The robot code of an OpenAPI call: that of the callback, or of the settings once it was refused.

The callback's `robotCode` takes precedence (doc/dingtalk.md §11), but it may be missing, or
`normal`, which OpenAPI does not accept.
"""

from __future__ import annotations

from typing import Final

from dingbridge.core.errors import DeliveryError
from dingbridge.core.options.declarations import Options

_REFUSED: Final = "invalidparameter.robotcode."
_OF_A_FILE: Final = "invalidparameter.robotcode.downloadcode"
_NOT_ALLOWED: Final = "not.allowed.robotcode"
_MOST: Final = 100

NAMELESS: Final = ("", "normal")
"""Codes in callbacks that do not tell robots apart."""


def own_code(options: Options) -> str:
    """The robot code in the settings; for most apps the app's key."""
    return options.robot_code or options.app_key


class RobotCodes:
    """The codes that were refused for one app. Not thread-safe."""

    def __init__(self) -> None:
        self._refused: dict[str, None] = {}

    def named(self, given: str, options: Options) -> str:
        """The code for a message that came with the code `given`, or with none."""
        return own_code(options) if not given or given in self._refused else given

    def may_try_again(self, given: str, options: Options, error: DeliveryError) -> bool:
        """Record a refusal. Returns whether `named` now gives another code to try."""
        code = error.code.casefold()
        about_it = code.startswith(_REFUSED) and code != _OF_A_FILE
        if not about_it and code != _NOT_ALLOWED:
            return False
        before = self.named(given, options)
        self._refused[given] = None
        while len(self._refused) > _MOST:
            del self._refused[next(iter(self._refused))]
        return self.named(given, options) != before
