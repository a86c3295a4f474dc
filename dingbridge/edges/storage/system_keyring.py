"""The system's keyring, by the package `keyring`, if it is installed and there is one."""

from __future__ import annotations

import sys

from dingbridge.core.catalogue import setup as say
from dingbridge.core.errors import Refused

SERVICE = "dingbridge"
"""The name under which the keyring holds all secrets of ours."""


def is_there() -> bool:
    """Whether the system has a keyring that can be used."""
    try:
        import keyring
    except ImportError:
        return False
    try:
        return float(keyring.get_keyring().priority) > 0
    except Exception:  # noqa: BLE001 - backends of others: whatever they raise, there is none
        return False


def store(name: str, secret: str) -> None:
    """Keep a secret. Raises `Refused`."""
    import keyring

    try:
        keyring.set_password(SERVICE, name, secret)
    except Exception as cause:  # noqa: BLE001 - backends of others raise what they like
        # Its words may quote what was to be stored.
        raise Refused(say.NOT_STORED(error=type(cause).__name__)) from None


def command(name: str) -> list[str]:
    """The command that prints a secret, for `{ cmd = … }`; it holds none itself."""
    return [sys.executable, "-I", "-m", "keyring", "get", SERVICE, name]
