"""A command from DingTalk that an editor carries out."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dingbridge.core.errors import BridgeError
from dingbridge.core.secrets.excerpts import Mask
from dingbridge.service.editors.account import Account
from dingbridge.service.robots.robot_news import CarryOut


class RunningCommand(Struct, frozen=True):
    """In which session and project folder it is carried out, and how it is answered.

    - `answer` sends a text to its conversation.
    - `answer_excerpt` does so with a part of a longer text: the function that it takes masks each
      text before it cuts it.
    """

    account: Account
    order: CarryOut
    cwd: str
    answer: Callable[[str], None]
    answer_excerpt: Callable[[Callable[[Mask], str]], None]

    def failed(self, error: BridgeError) -> None:
        """Answer with the reason why it cannot be done."""
        self.answer(str(error))
