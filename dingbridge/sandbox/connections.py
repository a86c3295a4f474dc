"""One live stream connection."""

from __future__ import annotations

import asyncio

from aiohttp import web


class StreamConnection:
    """One live stream connection."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self.socket = socket
        self.transport = transport
        self.half_open = False
        self.gone = asyncio.Event()

    async def send(self, text: str | bytes) -> bool:
        """Pushes one frame; False when nothing can get through any more."""
        if self.half_open:
            return False
        try:
            if isinstance(text, bytes):
                await self.socket.send_bytes(text)
            else:
                await self.socket.send_str(text)
        except ConnectionError:
            return False
        return True

    async def end(self) -> None:
        """Closes politely, or just ends when nothing gets through."""
        if self.half_open:
            self.abort()
        else:
            await self.socket.close()

    def abort(self) -> None:
        """Ends the connection without a close frame."""
        self.gone.set()
        self.transport.abort()
