"""The answers that agents work on, as an editor shows them."""

from __future__ import annotations

from typing import Any, cast

from dingbridge.core.messages import Message, Role
from dingbridge.protocol import updates
from dingbridge.service.editors.shown_turns import ShownTurns
from dingbridge.service.editors.transcript_diff import ShownTranscript
from dingbridge.service.sessions.live_turns import LiveTurns


class Screen:
    """Notes what is shown."""

    def __init__(self) -> None:
        self.shown: list[updates.Update] = []

    def show(self, *shown: updates.Update) -> None:
        self.shown.extend(shown)


def test_the_end_of_an_answer_is_shown_though_its_session_was_deleted_meanwhile() -> None:
    screen, live = Screen(), LiveTurns()
    transcript = ShownTranscript("s")
    transcript.begin = 0
    transcripts = {"s": transcript}
    ShownTurns(cast(Any, screen), live, transcripts)
    whole = updates.ShowTurn("s", Message("m", Role.RESPONDER, "Qwen", "", 1.0), 0)
    live.begin("s", lambda: whole)
    assert screen.shown == [whole]
    del transcripts["s"]
    live.grew("s", updates.TurnGrew("s", "m", "more", (), None))
    live.over("s", "m")
    assert screen.shown == [whole, updates.TurnOver("s", "m")]
