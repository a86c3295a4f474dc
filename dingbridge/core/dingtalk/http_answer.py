"""An HTTP answer before it is parsed."""

from __future__ import annotations

from msgspec import Struct


class HttpAnswer(Struct, frozen=True):
    """Status and body as received; the body may be anything and may contain secrets."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"HttpAnswer(status={self.status}, body=<{len(self.body)} bytes>)"
