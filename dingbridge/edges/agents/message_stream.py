"""The messages of an agent's standard input and output: one JSON object a line.

It replaces the reader of the library, because that gives each notification to a task
of its own, copies every message for those who watch, logs a trace for each line that is no JSON,
and answers a permission request that it cannot read without telling anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from dingbridge.core import json_wire
from dingbridge.edges.agents.split_characters import SplitCharacters

RawMessage = dict[str, Any]

LINE_BYTES = 64 * 1024 * 1024
"""Longest line that is read; a longer one is passed over."""

_PIECE = 256 * 1024


class MessageStream:
    """A transport of the library (`send`, `receive`, `close`).

    `take` sees each incoming message first, in order and on the loop; what it returns true for is
    done, and the library gets the others. `asked` sees what the library sends.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        take: Callable[[RawMessage], bool],
        asked: Callable[[RawMessage], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._take = take
        self._asked = asked
        self._split_characters = SplitCharacters()
        self._buffer = bytearray()
        self._lines: list[bytes] = []
        # Before Python 3.11 only one task may wait for this.
        self._draining = asyncio.Lock()
        self.passed_over = 0
        """How many lines were no message."""

    async def send(self, message: RawMessage) -> None:
        """Write a message. Raises `ConnectionError` when the agent has gone."""
        self._asked(message)
        self.write(message)
        async with self._draining:
            await self._writer.drain()

    def write(self, message: RawMessage) -> None:
        """Write a message without waiting until the agent reads it."""
        if self._writer.is_closing():
            raise ConnectionResetError
        self._writer.write(json_wire.encode(message) + b"\n")

    async def receive(self) -> RawMessage | None:
        """The next message for the library; None at the end."""
        while True:
            while self._lines:
                message = self._message(self._lines.pop())
                if message is not None and not self._take(message):
                    return message
            read = await self._reader.read(_PIECE)
            if not read:
                return None
            self._split(read)

    async def close(self) -> None:
        """Nothing: the process owns its pipes."""

    def _split(self, read: bytes) -> None:
        *whole, rest = read.split(b"\n")
        if whole:
            self._lines = [bytes(self._buffer) + whole[0], *whole[1:]][::-1]
            self._buffer.clear()
        self._buffer += rest
        if len(self._buffer) > LINE_BYTES:
            # The rest of the line will be no message either.
            self._buffer.clear()

    def _message(self, line: bytes) -> RawMessage | None:
        if not line.strip():
            return None
        try:
            message = json_wire.decode(line, RawMessage)
            return self._split_characters.join(line, message)
        except json_wire.NotReadable:
            self.passed_over += 1
            return None
