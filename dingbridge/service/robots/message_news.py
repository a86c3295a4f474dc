"""Composes the news by which an editor gets a robot message."""

from __future__ import annotations

from collections.abc import Callable

from dingbridge.core.dingtalk import addressees
from dingbridge.core.messages import Inbound
from dingbridge.core.options.declarations import Options
from dingbridge.core.sessions import scopes
from dingbridge.core.sessions.inbox import OpenMessage
from dingbridge.service.robots import robot_news
from dingbridge.service.robots.conversations import Conversations
from dingbridge.service.robots.pending_reactions import PendingReactions

MessageForEditor = robot_news.Deliver | robot_news.CarryOut | robot_news.ProgramAnswerLost


class MessageNews:
    """Composes news. Service loop only.

    - `with_quote` completes a message with the text that it quotes.
    """

    def __init__(
        self,
        options: Callable[[], Options],
        conversations: Conversations,
        reactions: PendingReactions,
        with_quote: Callable[[Inbound], Inbound],
    ) -> None:
        self._options = options
        self._conversations = conversations
        self._reactions = reactions
        self._with_quote = with_quote

    def compose(self, key: str, entry: OpenMessage, *, again: bool) -> MessageForEditor:
        """The news for the editor that gets this message, perhaps `again`. A message for the
        session shows its reaction from now on."""
        inbound, session = entry.received.inbound, entry.session
        if entry.asked:
            return robot_news.ProgramAnswerLost(key, inbound, session)
        options = self._options()
        start = None
        if self._conversations.is_made(session):
            start = scopes.start(options, inbound)
        if addressees.is_command(inbound):
            admin = inbound.sender.identity in options.admins
            return robot_news.CarryOut(key, inbound, session, again, admin, start)
        inbound = self._with_quote(inbound)
        if not inbound.says_nothing:
            self._reactions.worked_on(inbound, session)
        instructions = scopes.instructions(options, inbound)
        return robot_news.Deliver(key, inbound, session, again, start, instructions)
