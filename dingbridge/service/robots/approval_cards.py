"""Asks for approvals by cards with buttons, where the app may create them."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

from dingbridge.core.approvals import answer_text
from dingbridge.core.approvals.approval import ClosedApproval, Decision, OpenApproval
from dingbridge.core.catalogue import approvals as say
from dingbridge.core.dingtalk import cards, permissions
from dingbridge.core.dingtalk.cards import ButtonCard, CardButton, CardPressed
from dingbridge.core.dingtalk.robot_codes import own_code
from dingbridge.core.errors import DeliveryError
from dingbridge.core.messages import Outbound
from dingbridge.core.options.declarations import Options
from dingbridge.service.robots.robot_ports import CardCalls
from dingbridge.service.runtime import Runtime

log = logging.getLogger(__name__)

MOST = 200
"""Cards of which presses are known; each is closed within minutes."""

TRACK = "dingbridge-"
"""How the ids of our cards begin."""

_PRESSED = re.compile(r"(allow|always|reject)\d*")
_DECISIONS: dict[str, Decision] = {"allow": "allow", "always": "always", "reject": "reject"}


class _Card(Struct):
    """A card.

    - `is_there`: it was delivered, or may have been
    - `closed`: the result, once there is one
    - `answered`: who pressed what, which the platform may report again
    """

    code: str
    text: str
    is_there: bool = False
    closed: ClosedApproval | None = None
    answered: tuple[str, str] = ("", "")


class ApprovalCards:
    """The cards of one robot. Service loop only.

    asked ──delivered──▶ there ──closed──▶ ended, without buttons
      └──refused──▶ `otherwise`: a text asks instead, if the request is still open

    An app without the scope is not tried again until its settings change. `warn` shows a warning to
    the user, once.
    """

    def __init__(
        self,
        port: CardCalls,
        runtime: Runtime,
        options: Callable[[], Options],
        warn: Callable[[str], None],
    ) -> None:
        self._port = port
        self._runtime = runtime
        self._options = options
        self._warn = warn
        self._cards: OrderedDict[str, _Card] = OrderedDict()
        # The app without the scope.
        self._lacking = ""

    def ask(
        self, approval: OpenApproval, question: Outbound, otherwise: Callable[[], None]
    ) -> bool:
        """Ask by a card; `otherwise` is called if it is refused. Returns False if a text has to ask
        at once."""
        options, target = self._options(), question.target
        is_large = len(question.text.encode()) > cards.CARD_BYTES
        is_possible = options.approval_cards and self._lacking != options.app_key
        if not (is_possible and target.user_id) or is_large:
            return False
        track = f"{TRACK}{self._runtime.new_id()}"
        self._cards[track] = _Card(approval.code, question.text)
        while len(self._cards) > MOST:
            self._cards.popitem(last=False)
        card = ButtonCard(
            track=track,
            user_id=target.user_id,
            robot_code=target.robot_code or own_code(options),
            title=question.title,
            text=question.text,
            buttons=_buttons(can_always=approval.request.can_always),
        )
        self._port.create(card, lambda error: self._created(track, error, otherwise))
        return True

    def _created(
        self, track: str, error: DeliveryError | None, otherwise: Callable[[], None]
    ) -> None:
        card = self._cards.get(track)
        if card is None:
            return
        card.is_there = error is None or error.may_have_arrived
        if card.is_there and card.closed is not None:
            self._end(track, card, lambda: None)
        if error is None:
            return
        if not card.is_there:
            del self._cards[track]
        options = self._options()
        if cards.is_without_scope(error.code) and self._lacking != options.app_key:
            self._lacking = options.app_key
            self._warn(
                say.NO_CARD_SCOPE(
                    link=permissions.apply_link(options.app_key, permissions.CARDS.name)
                )
            )
        otherwise()

    def close(self, approval: ClosedApproval, otherwise: Callable[[], None]) -> bool:
        """Show the result on the card of a request; `otherwise` is called if that fails. Returns
        False if it has none."""
        for track, card in self._cards.items():
            if card.code == approval.code and card.closed is None:
                card.closed = approval
                if card.is_there:
                    self._end(track, card, otherwise)
                return True
        return False

    def _end(self, track: str, card: _Card, otherwise: Callable[[], None]) -> None:
        assert card.closed is not None  # noqa: S101 - it ends because it was closed
        text = f"{card.text}\n\n{answer_text.told(card.closed)}"
        self._port.end(track, text, lambda error: otherwise() if error is not None else None)

    def is_lost(self, pressed: CardPressed) -> bool:
        """Whether this is a button of a card of ours that is not known: of before a restart."""
        is_ours = pressed.track.startswith(TRACK) and pressed.track not in self._cards
        return is_ours and _PRESSED.fullmatch(pressed.action) is not None

    def answered(self, pressed: CardPressed) -> tuple[str, Decision] | None:
        """The code and decision of a pressed button; None for what is no answer, or the same one
        again."""
        card, action = self._cards.get(pressed.track), _PRESSED.fullmatch(pressed.action)
        if card is None or action is None:
            log.info("a press on a card that is unknown is ignored")
            return None
        answer = (pressed.user_id, action[1])
        if card.answered == answer:
            return None
        card.answered = answer
        return card.code, _DECISIONS[action[1]]


def _buttons(*, can_always: bool) -> tuple[CardButton, ...]:
    always = (CardButton("always", say.TAP_ALWAYS(), "gray"),) if can_always else ()
    return (
        CardButton("allow", say.TAP_APPROVE(), "blue"),
        *always,
        CardButton("reject", say.TAP_REJECT(), "red"),
    )
