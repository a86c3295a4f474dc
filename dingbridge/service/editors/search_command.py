"""The command that searches all sessions."""

from __future__ import annotations

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.sessions import search
from dingbridge.protocol import updates
from dingbridge.service.editors.screen import Screen
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.sessions.session_ports import Hit, Search


class SearchCommand:
    """Searches for one editor. Service loop only."""

    def __init__(self, editor: Screen, port: Search, sessions: EditorSessions) -> None:
        self._editor = editor
        self._search = port
        self._sessions = sessions

    def run(self, words: str) -> None:
        """Search for the messages with all words, and show them."""
        query = search.query(words)

        def found(count: int, hits: tuple[Hit, ...]) -> None:
            if not hits:
                self._editor.show(updates.ShowNotice(say.NOTHING_FOUND(words=words.strip())))
                return
            if count > len(hits):
                more = say.MORE_FOUND(count=count, shown=len(hits))
                self._editor.show(updates.ShowNotice(more))
            rows = tuple(self._row(hit, query) for hit in hits)
            shown = updates.ShowFound(words.strip(), query.words, query.ignores_case, rows)
            self._editor.show(shown)

        self._search.start(query, found)

    def _row(self, hit: Hit, query: search.Query) -> updates.FoundMessage:
        info, message = self._sessions.info(hit.session), hit.message
        return updates.FoundMessage(
            hit.session,
            info.title if info is not None else hit.session,
            message.id,
            message.author,
            message.time,
            query.excerpt(message.text),
        )
