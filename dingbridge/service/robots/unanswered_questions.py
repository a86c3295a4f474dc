"""Passes a question on when an editor's responder does not answer it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from dingbridge.core.catalogue import remote as say
from dingbridge.core.messages import Target
from dingbridge.service.robots import robot_news
from dingbridge.service.robots.editor_choice import EditorChoice
from dingbridge.service.robots.robot_news import News


class UnansweredQuestions:
    """Finds another responder. Service loop only.

    - `notify` sends news to one member, `answer` a text to a conversation.
    """

    def __init__(
        self,
        editors: EditorChoice,
        notify: Callable[[int, News], None],
        answer: Callable[[Target, str], None],
    ) -> None:
        self._editors = editors
        self._notify = notify
        self._answer = answer

    def pass_on(self, member: int, turn: robot_news.Turn, *, left: bool) -> None:
        """Pass a question on to another editor's responder. If there is none, a slow editor may
        still answer; for one that has left, the asker gets a reply."""
        tried = (*turn.tried, member)
        found = self._editors.next(turn.question.session, tried, answers=True)
        if found is not None:
            if not left:
                self._notify(member, robot_news.AnswerWithdrawn(turn.question.message.id))
            self._notify(found, robot_news.AnswerInstead(structs.replace(turn, tried=tried)))
        elif left:
            self._answer(turn.target, say.CLOSED())
