"""Interactive and AI cards: created, delivered, changed and streamed (doc/dingtalk.md §8)."""

from __future__ import annotations

import uuid
from typing import Any

from aiohttp import web
from msgspec import structs

from dingbridge.sandbox import card_bodies
from dingbridge.sandbox.access import caller
from dingbridge.sandbox.answers import new_style
from dingbridge.sandbox.openapi_bodies import body_of
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.records import Card
from dingbridge.sandbox.rules import cards as rules
from dingbridge.sandbox.settings import App

WRITE_SCOPE = "Card.Instance.Write"
STREAM_SCOPE = "Card.Streaming.Write"
PATH = "/v1.0/card/instances"


class Cards:
    """Answers the calls for cards."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here."""
        return [
            web.post(PATH, new_style(self._create)),
            web.put(PATH, new_style(self._update)),
            web.post(f"{PATH}/deliver", new_style(self._deliver)),
            web.post(f"{PATH}/createAndDeliver", new_style(self._create_and_deliver)),
            web.put("/v1.0/card/streaming", new_style(self._stream)),
        ]

    async def _create(self, request: web.Request) -> dict[str, Any]:
        app = caller(self._world, request, WRITE_SCOPE)
        card = self._created(app, await body_of(request))
        self._keep(card)
        return {"success": True, "result": card.out_track_id}

    async def _deliver(self, request: web.Request) -> dict[str, Any]:
        app = caller(self._world, request, WRITE_SCOPE)
        body = await body_of(request)
        return {"success": True, "result": self._delivered(self._known(app, body), app, body)}

    async def _create_and_deliver(self, request: web.Request) -> dict[str, Any]:
        app = caller(self._world, request, WRITE_SCOPE)
        body = await body_of(request)
        card_bodies.space(body, self._world.settings)
        card = self._created(app, body)
        self._keep(card)
        results = self._delivered(card, app, body)
        result = {"outTrackId": card.out_track_id, "deliverResults": results}
        return {"success": True, "result": result}

    async def _update(self, request: web.Request) -> dict[str, Any]:
        app = caller(self._world, request, WRITE_SCOPE)
        body = await body_of(request)
        card = self._known(app, body)
        options = body.get("cardUpdateOptions")
        by_key = isinstance(options, dict) and options.get("updateCardDataByKey") is True
        given = card_bodies.params(body)
        data = {**card.data, **given} if by_key else given
        self._keep(structs.replace(card, data=data, state=card_bodies.state(given, card.state)))
        return {"success": True, "result": True}

    async def _stream(self, request: web.Request) -> dict[str, Any]:
        app = caller(self._world, request, STREAM_SCOPE)
        body = await body_of(request)
        card = self._known(app, body)
        update = card_bodies.streamed(body, card.template, self._world.settings.card_bytes)
        if update.guid not in card.guids:
            self._keep(
                structs.replace(
                    card,
                    data={**card.data, update.key: update.content},
                    state=update.state,
                    guids=(*card.guids, update.guid),
                )
            )
        return {"success": True, "result": True}

    def _created(self, app: App, body: dict[str, Any]) -> Card:
        track = card_bodies.out_track_id(body)
        if track in self._world.cards:
            raise rules.TRACK_TAKEN.refusal()
        data = card_bodies.params(body)
        return Card(
            out_track_id=track,
            template=card_bodies.template(body),
            client_id=app.client_id,
            callback=str(body.get("callbackType", "")),
            data=data,
            state=card_bodies.state(data, "processing"),
        )

    def _known(self, app: App, body: dict[str, Any]) -> Card:
        card = self._world.cards.get(card_bodies.out_track_id(body))
        if card is None or card.client_id != app.client_id:
            raise rules.UNKNOWN.refusal()
        return card

    def _delivered(self, card: Card, app: App, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Delivers a card to its space; one entry that says what came of it."""
        space = card_bodies.space(body, self._world.settings)
        problem = card_bodies.undelivered(space, body, app, self._world.settings)
        if not problem:
            self._keep(structs.replace(card, places=(*card.places, space.id)))
        return [
            {
                "spaceType": space.kind,
                "spaceId": space.name,
                "success": not problem,
                "carrierId": "" if problem else f"pqk{uuid.uuid4().hex}",
                "errorMsg": problem,
            }
        ]

    def _keep(self, card: Card) -> None:
        self._world.keep_card(card)
        self._platform.changes.note()
