"""The settings of one account: its options and their problems."""

from __future__ import annotations

from dingbridge.core.catalogue import editor
from dingbridge.core.catalogue import sessions as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.options import precedence
from dingbridge.core.options.declarations import DEFAULT_ACCOUNT, Options
from dingbridge.core.options.settings import read


class AccountSettings:
    """The options in force, and whether messages can be sent with them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.options = read({}, {})
        self.problems: tuple[str, ...] = ()
        """Problems of the settings, in words; with any, the options are the defaults."""

    def override(self, latest: Options) -> list[str]:
        """Use another editor's options for the robot. Returns the names of the options that
        change."""
        before, self.options = self.options, precedence.ruled(self.options, latest)
        return list(precedence.differing(self.options, before))

    @property
    def is_unusable(self) -> bool:
        """Whether the settings have problems, so that bindings are unknown."""
        return bool(self.problems)

    def need_settings(self) -> None:
        """Raise `BridgeError` with the problems, if there are any."""
        if self.problems:
            raise BridgeError("\n  ".join((say.CORRECT_SETTINGS(), *self.problems)))

    def need_mode(self) -> None:
        """Raise `BridgeError` unless messages can be sent."""
        self.need_settings()
        if self.options.mode == "off":
            raise BridgeError(self.why_no_target())

    def why_no_target(self) -> str:
        """Why a message of the bound session has no target, in words."""
        if self.problems:
            return editor.SETTINGS_UNUSABLE(problems="; ".join(self.problems))
        if self.options.mode == "off":
            if not self.options.enabled:
                return say.NOT_SET_UP(missing=self.options.missing()[0])
            return say.NOT_SET_UP_EITHER(path=self.options.path)
        return say.NOBODY_YET()

    @property
    def shown(self) -> str:
        """The account's name in notices."""
        if self._name == DEFAULT_ACCOUNT:
            return editor.BAR_DINGTALK()
        return editor.BAR_DINGTALK_ACCOUNT(name=self._name)

    def labelled(self, text: str) -> str:
        """`text` with the account's name in front; unchanged for the default account."""
        if self._name == DEFAULT_ACCOUNT:
            return text
        return f"{self._name}:\n{text}" if "\n" in text else f"{self._name}: {text}"
