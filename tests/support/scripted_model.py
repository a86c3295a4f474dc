"""A language model on loopback that says what a test wants: OpenAI's chat completions, streamed.

    with ScriptedModel(answer) as model:
        ...  # an agent with OPENAI_BASE_URL=model.url

`answer` gets the request's messages and returns a text, or a tool's name and its arguments.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Said = str | tuple[str, dict[str, Any]]
Answer = Callable[[list[dict[str, Any]]], Said]


class ScriptedModel:
    """See the module. `requests` has the bodies of all requests."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[dict[str, Any]] = []
        self._answer = answer
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> ScriptedModel:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(size))
                model.requests.append(body)
                self.send_response(200)
                streams = bool(body.get("stream"))
                kind = "text/event-stream" if streams else "application/json"
                self.send_header("Content-Type", kind)
                self.end_headers()
                said = model._answer(body.get("messages", []))
                call = f"call_{len(model.requests)}"
                if not streams:
                    self.wfile.write(json.dumps(_whole(said, call)).encode())
                    return
                for chunk in _chunks(said, call):
                    self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
                    self.wfile.flush()
                self.wfile.write(b"data: [DONE]\n\n")

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                listed = {"object": "list", "data": [{"id": "scripted", "object": "model"}]}
                self.wfile.write(json.dumps(listed).encode())

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: the base class writes to standard error."""

        return Handler


USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


def _base(kind: str) -> dict[str, Any]:
    return {"id": "scripted", "object": kind, "created": 1, "model": "scripted"}


def _call(said: tuple[str, dict[str, Any]], call: str) -> dict[str, Any]:
    name, arguments = said
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": call, "type": "function", "function": function}


def _whole(said: Said, call: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": said}
    if not isinstance(said, str):
        message = {"role": "assistant", "content": None, "tool_calls": [_call(said, call)]}
    reason = "stop" if isinstance(said, str) else "tool_calls"
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return {**_base("chat.completion"), "choices": [choice], "usage": USAGE}


def _chunks(said: Said, call: str) -> list[dict[str, Any]]:
    """A text word by word, or a call at once."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if isinstance(said, str):
        words = said.split(" ")
        deltas += [
            {"content": word if last else f"{word} "}
            for word, last in zip(words, [False] * (len(words) - 1) + [True], strict=True)
        ]
    else:
        deltas.append({"tool_calls": [{"index": 0, **_call(said, call)}]})
    reason = "stop" if isinstance(said, str) else "tool_calls"
    base = _base("chat.completion.chunk")
    made = [{**base, "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    end = {"index": 0, "delta": {}, "finish_reason": reason}
    return [*made, {**base, "choices": [end], "usage": USAGE}]
