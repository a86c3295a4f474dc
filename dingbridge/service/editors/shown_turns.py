"""The answers that agents are working on, as one editor shows them."""

from __future__ import annotations

from collections.abc import Mapping

from dingbridge.protocol import updates
from dingbridge.service.editors.screen import Screen
from dingbridge.service.editors.transcript_diff import ShownTranscript
from dingbridge.service.sessions.live_turns import LiveTurns, TurnUpdate


class ShownTurns:
    """A view of `LiveTurns`. Service loop only.

    `transcripts` are those that the editor shows: an answer stands below the end of one.
    """

    def __init__(
        self, editor: Screen, live: LiveTurns, transcripts: Mapping[str, ShownTranscript]
    ) -> None:
        self._editor = editor
        self._live = live
        self._transcripts = transcripts
        live.join(self)

    def leave(self) -> None:
        """The editor is gone."""
        self._live.leave(self)

    def turned(self, session: str, update: TurnUpdate) -> None:
        """An answer in a session began, has grown, or is over."""
        transcript = self._transcripts.get(session)
        # The whole answer is shown when the end of the transcript was read. An end is always shown:
        # a session that was deleted may be brought back.
        is_over = isinstance(update, updates.TurnOver)
        if is_over or (transcript is not None and transcript.begin is not None):
            self._editor.show(update)

    def show(self, session: str) -> None:
        """Show the answer in a session, if there is one: its transcript was shown anew."""
        turn = self._live.so_far(session)
        if turn is not None:
            self._editor.show(turn)
