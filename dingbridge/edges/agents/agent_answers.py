"""An agent's answers to our requests, brought into a form that the library reads.

The library leaves a request without an end whose answer has an unusual error, and stops reading at
some others. Somebody waits for each of them.
"""

from __future__ import annotations

from typing import Any

from dingbridge.core import json_wire
from dingbridge.edges.agents.message_stream import RawMessage

_INTERNAL_ERROR = -32603
_STOP_REASONS = ("end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled")


class AgentAnswers:
    """Knows which of our requests are open."""

    def __init__(self) -> None:
        self._open: dict[int, None] = {}

    def asked(self, message: RawMessage) -> None:
        """A message leaves."""
        if "method" in message and isinstance(message.get("id"), int):
            self._open[message["id"]] = None

    def repair(self, message: RawMessage) -> bool:
        """Make a message without a method an answer to one of the open requests. Returns False if
        it is none.

        An error without an id, as JSON-RPC has it for a request that could not be read, belongs to
        the latest request.
        """
        request = self._request(message.get("id"), is_error="error" in message)
        if request is None:
            return False
        del self._open[request]
        message["id"] = request
        if "error" in message and "result" not in message:
            message["error"] = _error(message["error"])
        _know_stop_reason(message)
        return True

    def _request(self, given: object, *, is_error: bool) -> int | None:
        if given is None:
            return next(reversed(self._open), None) if is_error else None
        number = json_wire.id_of(given)
        return next((each for each in self._open if str(each) == number), None)


def _error(given: object) -> dict[str, Any]:
    """An error of JSON-RPC, whatever was given as one."""
    fields: dict[str, Any] = given if isinstance(given, dict) else {"message": given}
    code, message = fields.get("code"), json_wire.text_of(fields.get("message"))
    is_code = isinstance(code, int) and not isinstance(code, bool)
    known = {"code": code if is_code else _INTERNAL_ERROR, "message": message or "Error"}
    return {**known, "data": fields.get("data")}


def _know_stop_reason(message: RawMessage) -> None:
    """Let a turn that ended for a reason that we do not know end all the same."""
    result = message.get("result")
    if isinstance(result, dict) and result.get("stopReason", "end_turn") not in _STOP_REASONS:
        result["stopReason"] = "end_turn"
