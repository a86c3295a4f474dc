"""What messages need of the outside for their files: to fetch those that arrive, and to pack those
that leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Attachment
from dingbridge.core.options.declarations import Options
from dingbridge.core.user_file import UserFile


class Downloads(Protocol):
    """Pictures and files that came with messages, without waiting: results come on the service
    loop."""

    def fetch(
        self,
        options: Options,
        message: str,
        robot_code: str,
        attachments: tuple[Attachment, ...],
        notify: Callable[[str], None],
        then: Callable[[tuple[str | None, ...], tuple[str, ...]], None],
    ) -> None:
        """Download the attachments of a message.

        `notify` is called with the progress of slow ones; `then` with the path of each, or None,
        and a phrase with the reason.
        """
        ...


class Packed(Struct, frozen=True):
    """A file that is ready to send: the path of the copy, its name, its path for the user, and a
    note about it."""

    kept: str
    name: str
    path: str
    note: str = ""


class FilePacking(Protocol):
    """Files of the user's, made ready to leave without waiting: results come back on the service
    loop. `failed` gets the reason why there is nothing to send."""

    def pack(
        self,
        message: str,
        file: UserFile,
        then: Callable[[Packed], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Take in a file of the user's for a message, from the editor's side."""
        ...

    def draw(
        self,
        message: str,
        name: str,
        code: str,
        filetype: str,
        first_line: int,
        then: Callable[[Packed], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Draw code as a picture of that name."""
        ...
