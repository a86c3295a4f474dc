"""What the user hears of an answer that they asked for in the editor, and may be away from."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.catalogue import turns as say
from dingbridge.core.delivery import notify_when
from dingbridge.service.runtime import Runtime


class TypedTurns:
    """The questions that were typed, until they are answered. Service loop only."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._began: dict[str, float] = {}
        self.tell: Callable[[str], None] = lambda words: None
        """Sends a notice to the user's phone, unless they are here."""

    def begin(self, request: str) -> None:
        """A typed question is being answered."""
        self._began[request] = self._runtime.now()

    def end(self, request: str, title: str) -> None:
        """A question has its answer, in the session of that title. Does nothing if it was not
        typed."""
        began = self._began.pop(request, None)
        if began is not None:
            span = notify_when.span(self._runtime.now() - began)
            self.tell(say.DONE_AFTER(title=title, span=span))
