"""Media: uploads, and the files of messages in two steps (protocol section 6)."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from aiohttp import BodyPartReader, hdrs, web
from aiohttp.multipart import MultipartReader
from msgspec import Struct

from dingbridge.sandbox.openapi import answering, authorised
from dingbridge.sandbox.platform import COMMANDS, Platform, json_response
from dingbridge.sandbox.records import Uploaded
from dingbridge.sandbox.robots import refused
from dingbridge.sandbox.shapes import ApiRefusal, RobotRefusal, api_body
from dingbridge.sandbox.shelf import Kept, Writer

UPLOAD_PATH = "/media/upload"
FORMATS = {
    "image": ("jpg", "jpeg", "gif", "png", "bmp"),
    "voice": ("amr", "mp3", "wav"),
    "video": ("mp4",),
    "file": ("doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "pdf", "rar"),
}
"""Endings by type (protocol section 6)."""
PIECE = 256 * 1024
"""Bytes that are read or written at a time."""


class Offer(Struct, frozen=True):
    """What a download code, or a temporary address, leads to until `expires` (Unix seconds)."""

    kept: Kept
    expires: float


class Media:
    """Answers uploads and downloads, and gives tests what arrived byte for byte."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here."""
        return [
            web.post(UPLOAD_PATH, self.upload),
            web.post("/v1.0/robot/messageFiles/download", answering(self._locate)),
            web.get("/files/{name}", self.fetch),
            web.post(f"{COMMANDS}/offer", self.offer),
            web.get(f"{COMMANDS}/media/{{media_id}}", self.give),
        ]

    async def upload(self, request: web.Request) -> web.Response:
        """An upload, old style: HTTP 200 whatever comes of it."""
        try:
            return json_response(await self._upload(request))
        except RobotRefusal as refusal:
            return refused(refusal)

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """The bytes behind a temporary address; without any token, as the real one."""
        offer = self._world.addresses.get(request.match_info["name"])
        if offer is None or self._world.now() >= offer.expires:
            # The words of the object storage behind the real addresses.
            text = "<Error><Code>AccessDenied</Code><Message>Request has expired.</Message></Error>"
            return web.Response(status=403, text=text, content_type="application/xml")
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
        raw = await request.read()
        authorised(self._world, request)
        body = api_body(raw)
        if body.get("robotCode") != self._world.settings.client_id:
            raise ApiRefusal(400, "invalidParameter.robotCode.auth", "robotCode 无权限")
        code = body.get("downloadCode")
        offer = self._world.download_codes.get(code) if isinstance(code, str) else None
        now = self._world.now()
        if offer is None or now >= offer.expires:
            raise ApiRefusal(400, "invalidParameter.robotCode.downloadCode", "downloadCode 无效")
        name = f"{uuid.uuid4().hex}.file"
        expires = now + self._world.settings.file_address_lifetime
        self._world.addresses[name] = Offer(offer.kept, expires)
        # The query is there because that of the real ones is the secret part.
        signature = secrets.token_urlsafe(16)
        url = f"{self._world.address}/files/{name}?Expires={int(expires)}&Signature={signature}"
        return {"downloadUrl": url}

    async def _upload(self, request: web.Request) -> dict[str, Any]:
        token = request.query.get("access_token", "")
        form = await self._read_form(request)
        if not token:
            raise RobotRefusal(41001, "缺少access_token参数")
        if not self._world.tokens.valid(token, self._world.now()):
            raise RobotRefusal(40014, "不合法的access_token")
        kind = request.query.get("type") or form.kind
        if kind not in FORMATS:
            raise RobotRefusal(40004, "不合法的媒体文件类型")
        if form.writer is None:
            raise RobotRefusal(40035, "缺少参数 media")
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
            "errcode": 0,
            "errmsg": "ok",
            "type": kind,
            "media_id": uploaded.media_id,
            "created_at": int(uploaded.time * 1000),
        }

    def _check(self, kind: str, file_name: str, size: int) -> None:
        if file_name.rpartition(".")[2].lower() not in FORMATS[kind]:
            raise RobotRefusal(40005, "不合法的文件类型")
        if not 0 < size <= self._world.settings.upload_limit(kind):
            raise RobotRefusal(40006, "不合法的文件大小")

    async def _read_form(self, request: web.Request) -> _Form:
        """The form's parts in whatever order; raises RobotRefusal when there is no form.

        The server reads what is left of it, so that a client hears of a refusal too.
        """
        form = _Form()
        if not request.content_type.startswith("multipart/"):
            raise RobotRefusal(43004, "无效的HTTP HEADER Content-Type")
        try:
            await self._read_parts(await request.multipart(), form)
        except ValueError:
            raise RobotRefusal(40035, "缺少参数 media") from None
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
