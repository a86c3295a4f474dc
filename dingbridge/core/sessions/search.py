"""Finds the messages of transcripts that contain given words."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct, structs

from dingbridge.core.messages import Message
from dingbridge.core.sessions import transcript
from dingbridge.core.text import shorten

MOST = 300
"""Messages (a count) that are shown of those found, the latest ones."""

EXCERPT = 160
"""Characters of the line that is shown of a message."""

_BEFORE = 40
"""Characters before the word that are shown of a long line."""


class Query(Struct, frozen=True):
    """Words that a message has to contain, all of them. Words without a capital letter are found
    in any case."""

    words: tuple[str, ...]
    ignores_case: bool

    def matches(self, text: str) -> bool:
        """Whether the text contains all words."""
        text = self._comparable(text)
        return all(word in text for word in self.words)

    def excerpt(self, text: str) -> str:
        """The line of the text that has the first word, shortened."""
        at = max(0, self._comparable(text).find(self.words[0]))
        begin, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
        line = text[begin : end if end >= 0 else len(text)]
        if at - begin > EXCERPT - len(self.words[0]):
            line = f"…{line[at - begin - _BEFORE :]}"
        return shorten(line, EXCERPT)

    def _comparable(self, text: str) -> str:
        return text.lower() if self.ignores_case else text

    @property
    def parts(self) -> tuple[bytes, ...]:
        """What every line of a transcript with these words contains in its bytes: the words without
        letters that have a case outside ASCII."""
        plain = (word for word in self.words if word.isascii() or word.upper() == word.lower())
        return tuple(msgspec.json.encode(word)[1:-1] for word in plain)


def query(text: str) -> Query:
    """The query that a user typed.

    >>> query("release 计划").ignores_case, query("Release").ignores_case
    (True, False)
    """
    return Query(tuple(text.split()), text == text.lower())


class LatestMessages:
    """The latest `MOST` of the messages that are added, and how many these were. An id counts
    once; of messages of the same time the first ones are kept."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        # The heap has the times, the negative numbers of the additions, and the ids.
        self._heap: list[tuple[float, int, str]] = []
        self._messages: dict[str, Message] = {}

    @property
    def count(self) -> int:
        """How many different messages were added."""
        return len(self._ids)

    def __contains__(self, message: str) -> bool:
        """Whether a message with this id was added."""
        return message in self._ids

    def __iter__(self) -> Iterator[Message]:
        """The messages that are kept, the latest first."""
        return (self._messages[name] for _, _, name in sorted(self._heap, reverse=True))

    def add(self, message: Message) -> None:
        """Add a message."""
        if message.id in self._ids:
            return
        self._messages[message.id] = message
        heapq.heappush(self._heap, (message.time, -len(self._ids), message.id))
        self._ids.add(message.id)
        if len(self._heap) > MOST:
            del self._messages[heapq.heappop(self._heap)[2]]

    def complete(self, message: str, text: str) -> None:
        """A message that was added got another text."""
        if message in self._messages:
            self._messages[message] = structs.replace(self._messages[message], text=text)


def find(lines: Iterable[bytes], query: Query) -> tuple[LatestMessages, dict[str, str]]:
    """Find the messages in the lines of a transcript; unreadable lines are skipped.

    Also returns the matching texts, by id, that messages got which do not match without; see
    `add_completed`.
    """
    parts = query.parts
    latest = LatestMessages()
    completed: dict[str, str] = {}
    for line in lines:
        plain = line.lower() if query.ignores_case else line
        # Other programs may have escaped what ours writes as it is.
        if not all(part in plain for part in parts) and b"\\u" not in line:
            continue
        message, update = transcript.read_texts(line)
        if message is not None and query.matches(message.text):
            text = completed.pop(message.id, message.text)
            latest.add(structs.replace(message, text=text))
        if update is not None and query.matches(update.text):
            if update.id in latest:
                latest.complete(update.id, update.text)
            else:
                completed[update.id] = update.text
    return latest, completed


def add_completed(
    latest: LatestMessages, lines: Iterable[bytes], completed: Mapping[str, str]
) -> None:
    """Add the messages in the lines of a transcript that got one of the texts of `find`."""
    for line in lines:
        if b'"message"' in line:
            message, _ = transcript.read_texts(line)
            if message is not None and message.id in completed:
                latest.add(structs.replace(message, text=completed[message.id]))
