"""Finds the messages of transcripts that contain given words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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


class Found(Struct, frozen=True):
    """Messages of a transcript that match, in order, by id. `completed` are matching texts that
    messages got later, of messages that did not match before."""

    messages: dict[str, Message]
    completed: dict[str, str]


def find(lines: Iterable[bytes], query: Query) -> Found:
    """Find the messages in the lines of a transcript; unreadable lines are skipped."""
    parts = query.parts
    messages: dict[str, Message] = {}
    completed: dict[str, str] = {}
    for line in lines:
        plain = line.lower() if query.ignores_case else line
        # Other programs may have escaped what ours writes as it is.
        if not all(part in plain for part in parts) and b"\\u" not in line:
            continue
        message, update = transcript.read_texts(line)
        if message is not None and query.matches(message.text):
            messages.setdefault(message.id, message)
        if update is not None and query.matches(update.text):
            if update.id in messages:
                messages[update.id] = structs.replace(messages[update.id], text=update.text)
            else:
                completed[update.id] = update.text
    return Found(messages, completed)


def with_texts(lines: Iterable[bytes], texts: Mapping[str, str]) -> dict[str, Message]:
    """The messages in the lines of a transcript that got these texts, by id."""
    ids = {name.encode(): name for name in texts}
    found: dict[str, Message] = {}
    for line in lines:
        if any(name in line for name in ids):
            message, _ = transcript.read_texts(line)
            if message is not None and message.id in texts:
                found.setdefault(message.id, structs.replace(message, text=texts[message.id]))
    return found
