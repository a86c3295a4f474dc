"""Typed messages that have no answer yet, and what is said where they will have none."""

from __future__ import annotations

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.catalogue import turns
from dingbridge.core.messages import Message
from dingbridge.core.text import shorten
from dingbridge.protocol import updates
from dingbridge.service.agents.agent_book import AgentBook
from dingbridge.service.editors.screen import Screen
from dingbridge.service.editors.waiting_words import QUOTED_CHARACTERS, WaitingWords


class OpenPrompts:
    """Service loop only.

    waiting ──start()──▶ started ──end()──▶ answered
       ├─────────────────────┴──lose()──▶ lost, which its session says
       └──withdraw()──▶ withdrawn, which its session says

    They are on the disk as well, in `book`: after a service that was killed, the first editor of
    the next one says in their sessions that they have no answer.
    """

    def __init__(self, editor: Screen, words: WaitingWords, book: AgentBook) -> None:
        self._editor = editor
        self._words = words
        self._book = book
        # The session and the text of each message that has no answer yet, by its id.
        self._open: dict[str, tuple[str, str]] = {}
        self._waiting: set[str] = set()
        for session, texts in book.take_lost().items():
            for text in texts:
                self._words.lost(session, text)

    @property
    def is_waiting(self) -> bool:
        """Whether a message waits for its turn with the responder."""
        return bool(self._waiting)

    def wait(self, session: str, message: Message) -> None:
        """A message waits for its turn."""
        text = shorten(message.text, QUOTED_CHARACTERS)
        self._open[message.id] = session, text
        self._waiting.add(message.id)
        self._book.asked(session, message.id, text)

    def queued(self, before: int) -> None:
        """So many others are before the message that waits."""
        self._editor.show(updates.ShowNotice(turns.QUEUED_HERE(count=before)))

    def start(self, message: str) -> bool:
        """A message may be asked now. Returns False if not: the service ends."""
        if message not in self._waiting:
            return False
        self._waiting.remove(message)
        return True

    def end(self, message: str) -> None:
        """A message has its answer, or that it has none was said."""
        session, _ = self._open.pop(message, ("", ""))
        if session:
            self._book.answered(session, message)

    def drop(self, message: str) -> None:
        """Nothing answers any more where a message waited."""
        session, text = self._open[message]
        self.end(message)
        if not self._words.dropped_here(session, text):
            reason = turns.DROPPED_HERE(text=text)
            self._editor.show(updates.ShowNotice(say.NO_ANSWER(reason=reason), "warn"))

    def withdraw(self, message: str) -> bool:
        """The user does not want an answer any more. Returns False if the message did not wait."""
        if message not in self._waiting:
            return False
        self._waiting.remove(message)
        session, text = self._open[message]
        self.end(message)
        self._words.withdrawn_here(session, text)
        return True

    def lose(self) -> None:
        """The service ends. Nothing that waits is started any more; what has no answer has that
        said in its session, for it is not asked again."""
        self._waiting.clear()
        for message, (session, text) in tuple(self._open.items()):
            self._words.lost(session, text)
            self.end(message)
