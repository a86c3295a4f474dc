"""Media: uploads, and the files of messages in two steps (doc/dingtalk.md §6)."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from aiohttp import BodyPartReader, hdrs, web
from aiohttp.multipart import MultipartReader

from dingbridge.sandbox.access import caller, within_second
from dingbridge.sandbox.answers import json_response, new_style, old_style
from dingbridge.sandbox.openapi_bodies import body_of
from dingbridge.sandbox.platform import COMMANDS, Platform
from dingbridge.sandbox.records import Uploaded
from dingbridge.sandbox.rules import media as rules
from dingbridge.sandbox.rules import tokens
from dingbridge.sandbox.rules.rule import RobotRefusal
from dingbridge.sandbox.shelf import Offer, Writer

UPLOAD_PATH = "/media/upload"
FORMATS = {
    "image": ("jpg", "jpeg", "gif", "png", "bmp"),
    "voice": ("amr", "mp3", "wav"),
    "video": ("mp4",),
    "file": ("doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "pdf", "rar"),
}
"""Endings by type (doc/dingtalk.md §6)."""
PIECE = 256 * 1024
"""Bytes that are read or written at a time."""


class MediaCalls:
    """Answers uploads and downloads, and gives tests what arrived byte for byte."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here."""
        return [
            web.post(UPLOAD_PATH, old_style(self._upload)),
            web.post("/v1.0/robot/messageFiles/download", new_style(self._locate)),
            web.get("/files/{name}", self.fetch),
            web.post(f"{COMMANDS}/offer", self.offer),
            web.get(f"{COMMANDS}/media/{{media_id}}", self.give),
        ]

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """The bytes behind a temporary address; without any token, as the real one."""
        offer = self._world.addresses.get(request.match_info["name"])
        if offer is None or self._world.now() >= offer.expires:
            return storage_refusal("AccessDenied", "Request has expired.")
        expires = request.query.get("Expires") == str(int(offer.expires))
        if not expires or request.query.get("Signature") != offer.signature:
            return storage_refusal("SignatureDoesNotMatch", "The signature does not match.")
        headers = {hdrs.CONTENT_TYPE: "application/octet-stream"}
        return web.FileResponse(offer.kept.path, chunk_size=PIECE, headers=headers)

    async def offer(self, request: web.Request) -> web.Response:
        """Keeps bytes for a message that somebody is going to say; their download code."""
        with self._world.shelf.writer() as writer:
            async for piece in request.content.iter_chunked(PIECE):
                writer.write(piece)
        code = secrets.token_urlsafe(48)
        expires = self._world.now() + self._world.settings.download_code_lifetime
        self._world.download_codes[code] = Offer(writer.kept(), expires)
        return json_response(code)

    async def give(self, request: web.Request) -> web.StreamResponse:
        """What was uploaded under a media id."""
        kept = self._world.media.get(request.match_info["media_id"])
        if kept is None:
            return json_response({"error": "there is no such media"}, 404)
        return web.FileResponse(kept.path, chunk_size=PIECE)

    async def _locate(self, request: web.Request) -> dict[str, Any]:
        app = caller(self._world, request)
        body = await body_of(request)
        if body.get("robotCode") != app.client_id:
            raise rules.CODE_FOREIGN.refusal()
        code = body.get("downloadCode")
        offer = self._world.download_codes.get(code) if isinstance(code, str) else None
        now = self._world.now()
        if offer is None or now >= offer.expires:
            raise rules.CODE_INVALID.refusal()
        name = f"{uuid.uuid4().hex}.file"
        expires = now + self._world.settings.file_address_lifetime
        # The query is there because that of the real ones is the secret part.
        signature = secrets.token_urlsafe(16)
        self._world.addresses[name] = Offer(offer.kept, expires, signature)
        query = f"Expires={int(expires)}&Signature={signature}"
        return {"downloadUrl": f"{self._world.bridge_address}/files/{name}?{query}"}

    async def _upload(self, request: web.Request) -> dict[str, Any]:
        """An upload, old style: HTTP 200 whatever comes of it."""
        token = request.query.get("access_token", "")
        form = await self._read_form(request)
        self._check_caller(request, token)
        kind = request.query.get("type") or form.kind
        if kind not in FORMATS:
            raise rules.TYPE_UNKNOWN.refusal()
        if form.writer is None:
            raise rules.FILE_MISSING.refusal()
        try:
            self._check(kind, form.file_name, form.writer.size)
        except RobotRefusal:
            form.writer.drop()
            raise
        kept = form.writer.kept()
        uploaded = Uploaded(
            number=len(self._world.uploads) + 1,
            time=self._world.now(),
            type=kind,
            media_id=f"@l{kind[:1].upper()}{secrets.token_urlsafe(20)}",
            file_name=form.file_name,
            size=kept.size,
            sha256=kept.sha256,
        )
        self._world.media[uploaded.media_id] = kept
        self._world.uploads.append(uploaded)
        self._platform.changes.note()
        return {
            "type": kind,
            "media_id": uploaded.media_id,
            "created_at": int(uploaded.time * 1000),
        }

    def _check_caller(self, request: web.Request, token: str) -> None:
        world = self._world
        if not token:
            raise rules.UPLOAD_TOKEN_MISSING.refusal()
        client_id = world.tokens.owner(token, world.now())
        if not client_id:
            raise rules.UPLOAD_TOKEN_INVALID.refusal()
        if not within_second(world, client_id, request):
            raise tokens.OLD_QPS.refusal()
        if not world.calls_quota.spend(world.now(), world.settings.calls_per_month):
            raise tokens.OLD_QUOTA.refusal()

    def _check(self, kind: str, file_name: str, size: int) -> None:
        if file_name.rpartition(".")[2].lower() not in FORMATS[kind]:
            raise rules.FORMAT.refusal()
        if not 0 < size <= self._world.settings.upload_limit(kind):
            raise rules.SIZE.refusal()

    async def _read_form(self, request: web.Request) -> _Form:
        """The form's parts in whatever order; raises RobotRefusal when there is no form.

        The server reads what is left of it, so that a client hears of a refusal too.
        """
        form = _Form()
        if not request.content_type.startswith("multipart/"):
            raise rules.FORM_MISSING.refusal()
        try:
            await self._read_parts(await request.multipart(), form)
        except ValueError:
            raise rules.FILE_MISSING.refusal() from None
        return form

    async def _read_parts(self, reader: MultipartReader, form: _Form) -> None:
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                continue
            if part.name == "type":
                form.kind = (await part.text())[:20]
            elif part.name == "media" and part.filename and form.writer is None:
                form.file_name = part.filename
                most = max(map(self._world.settings.upload_limit, FORMATS))
                with self._world.shelf.writer(most) as form.writer:
                    while piece := await part.read_chunk(PIECE):
                        form.writer.write(piece)
            else:
                await part.release()


class _Form:
    """What an upload's form holds."""

    def __init__(self) -> None:
        self.kind = ""
        self.file_name = ""
        self.writer: Writer | None = None


def storage_refusal(code: str, words: str) -> web.Response:
    """A refusal in the words of the object storage behind the real addresses."""
    text = f"<Error><Code>{code}</Code><Message>{words}</Message></Error>"
    return web.Response(status=403, text=text, content_type="application/xml")
