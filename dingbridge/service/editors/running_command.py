"""A remote command that an editor carries out."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dingbridge.core.errors import BridgeError
from dingbridge.core.secrets.excerpts import Mask
from dingbridge.service.editors.account import Account
from dingbridge.service.robots.robot_news import CarryOut


class RunningCommand(Struct, frozen=True):
    """The command with its project folder, and how to answer it.

    - `answer` sends a text to the command's conversation.
    - `answer_excerpt` sends part of a longer text. Its argument composes the part and masks texts
      before it cuts them.
    """

    account: Account
    order: CarryOut
    cwd: str
    answer: Callable[[str], None]
    answer_excerpt: Callable[[Callable[[Mask], str]], None]

    def failed(self, error: BridgeError) -> None:
        """Answer with the error."""
        self.answer(str(error))
