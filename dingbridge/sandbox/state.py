"""The state of a sandbox. Its clock is an argument, its random numbers have a seed."""

from __future__ import annotations

import json
import random
import secrets
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from msgspec import structs

from dingbridge.sandbox.contents import Content
from dingbridge.sandbox.faults import FaultBook
from dingbridge.sandbox.inbound import Push
from dingbridge.sandbox.masking import without_secrets
from dingbridge.sandbox.quota import MonthlyCount
from dingbridge.sandbox.rate_limits import RateLimits
from dingbridge.sandbox.records import (
    Ack,
    ArrivalRoute,
    ArrivedMessage,
    Card,
    Connection,
    Pressed,
    PushedFrame,
    Reacted,
    Recalled,
    RecordedCall,
    Said,
    Uploaded,
)
from dingbridge.sandbox.sessions import SessionBook
from dingbridge.sandbox.settings import Settings
from dingbridge.sandbox.shelf import Kept, Offer, Shelf
from dingbridge.sandbox.tickets import TicketBook
from dingbridge.sandbox.tokens import TokenBook

CONTROL = "/_sandbox"
"""Where the control API is; behind it stands a token."""
PAGE = "/_page"
"""Where the page for a browser is; behind it stands another token."""
OPEN_PATH = "/v1.0/gateway/connections/open"
CONNECT_PATH = "/connect"


class World:
    """The state of one sandbox. Lives on one thread. Of files it knows where they are.

    `media` is by media id, `download_codes` by the code in a message, `addresses` by the name in a
    temporary address, `cards` by their `outTrackId`. `read` tells who has read a message, by its
    number. `pushes` are by the app's client id and the `msgId`. `settings` change while it runs,
    `first_settings` are those it began with.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self.settings = self.first_settings = settings
        self.address = ""
        self.token = secrets.token_urlsafe(16)
        self.page_token = secrets.token_urlsafe(16)
        self.tokens = TokenBook()
        self.tickets = TicketBook()
        self.sessions = SessionBook()
        self.faults = FaultBook()
        self.random = random.Random(settings.chance)
        self.arrived: list[ArrivedMessage] = []
        self.acks: list[Ack] = []
        self.calls: list[RecordedCall] = []
        self.frames: list[PushedFrame] = []
        self.said: list[Said] = []
        self.pushes: dict[tuple[str, str], Push] = {}
        self.connections: dict[str, Connection] = {}
        self.shelf = Shelf()
        self.uploads: list[Uploaded] = []
        self.reacted: list[Reacted] = []
        self.recalled: list[Recalled] = []
        self.read: defaultdict[int, list[str]] = defaultdict(list)
        self.cards: dict[str, Card] = {}
        self.card_versions: list[Card] = []
        self.pressed: list[Pressed] = []
        self.rate_limits = RateLimits()
        self.calls_quota = MonthlyCount()
        self.push_quota = MonthlyCount()
        self.media: dict[str, Kept] = {}
        self.download_codes: dict[str, Offer] = {}
        self.addresses: dict[str, Offer] = {}
        self._clock = clock
        self._ahead = 0.0
        self._uuids: set[tuple[str, str]] = set()

    @property
    def bridge_address(self) -> str:
        """How the addresses begin that bridges get."""
        return self.settings.bridge_address or self.address

    @property
    def control(self) -> str:
        """The URL of the control API, without a trailing slash. It permits everything."""
        return f"{self.address}{CONTROL}/{self.token}"

    @property
    def page(self) -> str:
        """The URL of the page for a browser, with a slash at its end. Who has it may speak as
        everybody."""
        return f"{self.address}{PAGE}/{self.page_token}/"

    @property
    def ahead(self) -> float:
        """Seconds by which the sandbox's clock was moved forward."""
        return self._ahead

    def now(self) -> float:
        """Unix seconds by the sandbox's own clock."""
        return self._clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Moves the sandbox's clock forward. Raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        self._ahead += seconds

    def known_uuid(self, robot: str, message_uuid: str) -> bool:
        """Whether a message of this robot with this `msgUuid` was accepted before."""
        return (robot, message_uuid) in self._uuids

    def accept(
        self,
        route: ArrivalRoute,
        content: Content,
        *,
        robot: str,
        conversation_id: str,
        body: dict[str, Any],
        size: int,
        user_ids: tuple[str, ...] = (),
        reply_to: str = "",
        process_query_key: str = "",
        uuid_scope: str = "",
    ) -> ArrivedMessage:
        """Records a message as arrived."""
        param = body.get("msgParam")
        if uuid_scope and isinstance(body.get("msgUuid"), str):
            self._uuids.add((uuid_scope, body["msgUuid"]))
        arrived = ArrivedMessage(
            number=len(self.arrived) + 1,
            time=self.now(),
            route=route,
            robot=robot,
            conversation_id=conversation_id,
            user_ids=user_ids,
            msgtype=content.msgtype,
            title=content.title,
            text=content.text,
            at=content.at,
            size=size,
            param_size=len(param.encode()) if isinstance(param, str) else 0,
            reply_to=reply_to,
            process_query_key=process_query_key,
            body=body,
            media_id=content.media_id,
        )
        self.arrived.append(arrived)
        return arrived

    def record_ack(self, connection_id: str, raw: str) -> Ack:
        """Records a frame from a client, whatever it holds."""
        fields: dict[str, Any] = {}
        try:
            decoded = json.loads(raw)
        except ValueError:
            decoded = None
        if isinstance(decoded, dict) and isinstance(decoded.get("headers"), dict):
            fields = decoded
        data = fields.get("data")
        if isinstance(data, str):
            try:
                data = json.loads(data)
            except ValueError:
                fields = {}
        code = fields.get("code")
        good = isinstance(code, int)
        ack = Ack(
            number=len(self.acks) + 1,
            time=self.now(),
            connection_id=connection_id,
            message_id=str(fields["headers"].get("messageId", "")) if good else "",
            code=code if isinstance(code, int) else 0,
            message=str(fields.get("message", "")) if good else "",
            data=data if good else None,
            raw="" if good else raw,
        )
        self.acks.append(ack)
        return ack

    def record_call(
        self,
        method: str,
        path: str,
        *,
        status: int,
        code: str,
        began: float,
        size: int,
        fault: str,
        bodies: tuple[str, str] = ("", ""),
    ) -> None:
        """Records a finished request. `bodies` are the beginnings of what was asked and answered,
        without secrets."""
        number, ended = len(self.calls) + 1, self.now()
        self.calls.append(
            RecordedCall(number, method, path, status, code, began, ended, size, fault, *bodies)
        )

    def record_frame(
        self, connection_id: str, header_id: str, kind: str, topic: str, text: str
    ) -> None:
        """Records a frame that is sent to a client."""
        number, now = len(self.frames) + 1, self.now()
        shown = without_secrets(text, self.settings.body_characters)
        self.frames.append(
            PushedFrame(number, now, connection_id, header_id, kind, topic, len(text), shown)
        )

    def keep_card(self, card: Card) -> None:
        """A card was made or has changed."""
        card = structs.replace(card, time=self.now())
        self.cards[card.out_track_id] = card
        self.card_versions.append(card)

    def reactions_on(self, message_id: str) -> list[str]:
        """The labels that a message shows now, in the order they came."""
        shown: list[str] = []
        for each in self.reacted:
            if each.message_id == message_id and each.action == "reply":
                shown.append(each.label)
            elif each.message_id == message_id:
                shown.remove(each.label)
        return shown

    def attempts(self) -> tuple[RecordedCall, ...]:
        """All calls that tried to register a stream connection."""
        return tuple(call for call in self.calls if call.path == OPEN_PATH)
