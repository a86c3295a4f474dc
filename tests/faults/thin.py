"""An editor without Neovim: attaches to the service and keeps unconfirmed requests, as the Lua code
does.

It is cheap, so that many histories can run. The histories of `tests.faults.soak` show that Neovim
behaves the same.
"""

from __future__ import annotations

from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from dingbridge.core.options.lookups import LookupResults
from dingbridge.edges.ipc import Client, ClientEvent, Connected, ConnectionLost, Heard
from dingbridge.edges.storage.card import read_card
from dingbridge.editor.bound_sessions import BoundSessions
from dingbridge.protocol import frames
from dingbridge.protocol.frames import Attach, EditorEvent, Leave, RawSettings, RunCommand, Updates
from tests.faults import check

FIRST_PID = 1 << 23
"""More than Linux gives to any process."""

WRITTEN_DOWN = ("DingbridgeQueued", "DingbridgeDelivered")
ENDS = ("DingbridgeDelivered", "DingbridgeFailed")


class Thin:
    """The editor of a project folder. For one thread; `pump` handles the service's frames."""

    def __init__(
        self, number: int, name: str, data: Path, cwd: str, options: dict[str, Any]
    ) -> None:
        self.number = number
        self.name = name
        self._data = data
        self._cwd = cwd
        self._options = options
        self._client: Client | None = None
        self._events: SimpleQueue[tuple[Client, ClientEvent]] = SimpleQueue()
        self._unconfirmed: dict[str, tuple[str, dict[str, Any]]] = {}
        self._under_way: list[dict[str, str]] = []
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._was_attached = False
        self._bound = BoundSessions()
        self._opened: list[str] = []
        self.own: set[str] = set()
        self.status: dict[str, Any] = {}
        self.accepted: list[str] = []
        self.ended: list[str] = []
        self.received: list[str] = []
        self.failed: list[str] = []
        self.refused: list[str] = []
        self.said: list[str] = []
        self.is_configured = False
        self.was_ready = False
        """Whether its user has seen where messages go."""
        self.has_left = False

    # --- the service ------------------------------------------------------------------------------

    @property
    def is_attached(self) -> bool:
        """Whether a connection is open or being opened."""
        return self._client is not None

    def attach(self, service: int) -> bool:
        """Connect to the service of this process. Returns False while it does not listen."""
        card = read_card(self._data / "dingbridge", "service")
        if card.pid != service or not card.address:
            return False
        client = Client(card.address, card.secret, lambda event: self._events.put((client, event)))
        self._client = client
        self.is_configured = False
        self._bound.begin()
        client.start()
        return True

    def pump(self) -> None:
        """Handle the frames that have arrived."""
        while True:
            try:
                client, event = self._events.get_nowait()
            except Empty:
                return
            if client is not self._client:
                continue
            match event:
                case Connected():
                    self._greet()
                case Heard(data=data):
                    frame = frames.decode_from_service(data)
                    if isinstance(frame, Updates):
                        self._bound.note(frame.list)
                        for update in frame.list:
                            self._apply(update)
                case ConnectionLost():
                    self._client = None

    def _greet(self) -> None:
        self._notify(
            Attach(
                frames.VERSION, FIRST_PID + self.number, self._cwd, {}, bound=self._bound.sessions
            )
        )
        self._notify(
            RawSettings(
                self._options, (), self._cwd, 1, 1.0, frames.packed(LookupResults()), key="k"
            )
        )
        if self._was_attached:
            self._notify(EditorEvent("shown", {"sessions": list(self._rows)}))
            if self._under_way:
                self._notify(EditorEvent("under_way", {"messages": self._under_way}))
        for name, payload in self._unconfirmed.values():
            self._notify(EditorEvent(name, payload))
        self._was_attached = True

    def _notify(self, frame: frames.FromHost) -> None:
        if self._client is not None:
            self._client.send(frames.encode(frame))

    # --- the user ---------------------------------------------------------------------------------

    def command(self, line: str, session: str = "") -> None:
        """Run a command that may be lost."""
        self._notify(RunCommand(line, {"session": session, "cwd": self._cwd}, has_range=False))

    def ask(self, *messages: tuple[str, str, dict[str, Any]]) -> None:
        """Submit messages: id, `send` or `notify`, and payload."""
        for name, kind, payload in messages:
            self.own.add(name)
            self._unconfirmed[name] = (kind, {**payload, "id": name})
            self._notify(EditorEvent(kind, {**payload, "id": name}))

    def leave(self) -> None:
        """Leave; `has_left` is set when that is done."""
        self._notify(Leave())

    def close(self) -> None:
        """Disconnect at once."""
        client, self._client = self._client, None
        if client is not None:
            client.stop()
            client.join(5.0)

    # --- queries ----------------------------------------------------------------------------------

    @property
    def opened(self) -> str:
        """The session opened last."""
        return self._opened[-1] if self._opened else ""

    @property
    def session(self) -> str:
        """The bound session."""
        return str(self.status.get("session", ""))

    @property
    def dead_letters(self) -> tuple[str, ...]:
        """The failed messages in the status."""
        return tuple(self.status.get("outbox", {}).get("failed", ()))

    def rows(self, session: str) -> tuple[check.Row, ...]:
        """The rows shown of a session."""
        shown = self._rows.get(session, [])
        return tuple((one["id"], one["text"], one["delivery"]) for one in shown)

    def unconfirmed(self) -> list[str]:
        """Messages that were not confirmed yet."""
        return list(self._unconfirmed)

    def _apply(self, update: dict[str, Any]) -> None:
        match update["kind"]:
            case "configured":
                self.is_configured = True
            case "open":
                self._opened.append(update["id"])
            case "status":
                self.status = update
            case "messages":
                self._show(update["id"], update["list"], reset=update["reset"])
            case "ending":
                shown = self._rows.get(update["id"], [])
                since = set(update["since"])
                self._rows[update["id"]] = update["list"] + [
                    one for one in shown if one["id"] in since
                ]
                self._ask_for_more(update)
            case "earlier":
                self._rows[update["id"]] = update["list"] + self._rows.get(update["id"], [])
                self._ask_for_more(update)
            case "fate":
                if not update["text"]:
                    self._settle(update["id"], update["message"], update["delivery"])
            case "confirmed":
                self._unconfirmed.pop(update["id"], None)
            case "unsent":
                self._unconfirmed.pop(update["id"], None)
                self.refused.append(update["id"])
            case "event":
                self._event(update["name"], update["data"])
            case "say":
                self.said.append(update["text"])
            case "leaving":
                self.has_left = update["word"] == "done"

    def _show(self, session: str, messages: list[dict[str, Any]], *, reset: bool) -> None:
        if reset:
            self._rows[session] = []
        shown = self._rows.setdefault(session, [])
        there = {one["id"] for one in shown}
        for message in messages:
            if message["id"] in there:
                # A new service does not know what this editor shows.
                self._settle(session, message["id"], message["delivery"])
            else:
                shown.append(message)

    def _ask_for_more(self, update: dict[str, Any]) -> None:
        if update["more"]:
            self._notify(EditorEvent("earlier", {"session": update["id"]}))

    def _settle(self, session: str, message: str, delivery: str) -> None:
        for one in self._rows.get(session, ()):
            if one["id"] == message:
                one["delivery"] = delivery

    def _event(self, name: str, data: dict[str, str]) -> None:
        message = data.get("id", "")
        if name == "DingbridgeReceived":
            self.received.append(data.get("text", ""))
        if message not in self.own:
            # It has the session open, so it gets the update as well.
            return
        if name in WRITTEN_DOWN:
            self._unconfirmed.pop(message, None)
            if message not in self.accepted:
                self.accepted.append(message)
        if name in ENDS:
            self.ended.append(message)
            self._under_way = [one for one in self._under_way if one["id"] != message]
        if name == "DingbridgeFailed":
            self.failed.append(message)
        if name == "DingbridgeQueued":
            about = {key: data[key] for key in ("id", "session", "account")}
            self._under_way.append(about)
