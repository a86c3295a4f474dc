"""An editor's view of the sessions: the current one, and what it shows of the transcripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Delivery, Message, Role
from dingbridge.core.sessions.scopes import SessionStart
from dingbridge.core.sessions.transcript import SessionInfo, Transcript, TranscriptPart
from dingbridge.protocol import updates
from dingbridge.service.editors.screen import Screen
from dingbridge.service.editors.shown_turns import ShownTurns
from dingbridge.service.editors.transcript_diff import CatchUp, ShownTranscript
from dingbridge.service.sessions.store import SessionStore


class EditorSessions:
    """The sessions as one editor shows them. Service loop only.

    A transcript is read when its session is opened or bound; from then on, all additions are shown.
    `bindings` maps the sessions that any attached editor has bound to the account in this editor.
    """

    def __init__(self, editor: Screen, store: SessionStore, known: Sequence[SessionInfo]) -> None:
        self._editor = editor
        self.store = store
        self._shown: dict[str, ShownTranscript] = {}
        self._damaged: dict[str, int] = {}
        self.current = known[0].id if known else ""
        self._opened = 0
        self.bindings: dict[str, str] = {}
        self.unsettled: Callable[[str, tuple[str, ...]], None] = lambda _session, _ids: None
        # Called when the conversations of a session have changed.
        self.readdressed: Callable[[str], None] = lambda _session: None
        # Called when a session has another title.
        self.retitled: Callable[[str], None] = lambda _session: None
        # Called with the latest message of each conversation when a part of a transcript was read.
        self.read: Callable[[str, tuple[Message, ...]], None] = lambda _session, _messages: None
        store.found(known)
        store.join(self)
        self._turns = ShownTurns(editor, store.live, self._shown)

    def leave(self) -> None:
        """The editor is gone."""
        self.store.leave(self)
        self._turns.leave()

    def __contains__(self, session: str) -> bool:
        return session in self.store.infos

    @property
    def known(self) -> Set[str]:
        """The ids of all sessions."""
        return self.store.infos.keys()

    def title(self, session: str) -> str:
        """The session's title."""
        return self.store.infos[session].title

    def info(self, session: str) -> SessionInfo | None:
        """The session's title and start values; None if it is unknown."""
        return self.store.infos.get(session)

    def notify_list(self) -> None:
        """Show the list of sessions."""
        rows = tuple(
            updates.SessionRow(info.id, info.title, info.created, info.id in self.bindings)
            for info in self.store.infos.values()
        )
        self._editor.show(updates.ShowSessions(rows, self.current))

    def new(self, title: str) -> str:
        """Start a session at the top of the list and make it current. Returns its id."""
        self.current = session = self.store.new(title)
        self.store.notify_list()
        return session

    def begin(self, session: str, account: str, start: SessionStart) -> None:
        """Start a session on demand, unless it exists. The current session stays."""
        if session not in self:
            self.store.begin(session, account, start)
            self.current = self.current or session
            self.store.notify_list()

    def open(self, session: str) -> None:
        """Show a session and make it current."""
        self._need(session)
        self.current = session
        self._opened += 1
        self._editor.show(updates.ShowSession(session))
        self.watch(session)

    def meant(self, session: str, opened: int | None) -> str:
        """The session that a request means; empty without one.

        The editor named `session` after it had carried out `opened` openings (a count). If another
        opening is on its way, the user will be there: the current session is meant. Without a
        count, `session` is meant, even if it was deleted.
        """
        if opened is None:
            return session or self.current
        return session if session in self and opened >= self._opened else self.current

    def watch(self, session: str) -> None:
        """Show the session's transcript as it is on disk now, even if it is not on the screen."""
        shown = self._shown.setdefault(session, ShownTranscript(session))
        # A transcript that could not be read before is tried again.
        if shown.begin is None:
            self._read_end(session, shown)
        else:
            self.store.storage.since(session, lambda part: self._read_since(session, shown, part))

    def fill(self, session: str) -> None:
        """Read the next part above what is shown: the editor has time for it."""
        shown = self._shown.get(session)
        if shown is None or not (begin := shown.begin):
            return

        def read(part: TranscriptPart) -> None:
            # The editor may have asked twice.
            if self._is_shown(session, shown) and shown.begin == begin:
                self._read_part(session, shown, part)

        self.store.storage.before(session, begin, read)

    def _read_end(self, session: str, shown: ShownTranscript) -> None:
        def read(part: TranscriptPart) -> None:
            if self._is_shown(session, shown) and shown.begin is None:
                self._read_part(session, shown, part)

        self.store.storage.end(session, read)

    def watch_all(self, sessions: Sequence[str]) -> None:
        """Watch these sessions; close those that no longer exist."""
        for session in sessions:
            if session in self:
                self.watch(session)
            else:
                self._editor.show(updates.Closed(session))

    def hold(self, session: str) -> None:
        """Watch the session, unless it is shown: reading takes longer the more it contains."""
        if session not in self._shown:
            self.watch(session)

    def is_used(self, session: str) -> bool:
        """Whether this editor has opened the session, sent in it, or restored its binding."""
        return session in self._shown

    def neighbour(self, session: str, step: int) -> str:
        """The session `step` places down the list, which wraps around. Raises `BridgeError` without
        sessions."""
        ids = list(self.store.infos)
        if not ids:
            raise BridgeError(say.NO_SESSION_YET(), fix=say.NEW_STARTS_ONE())
        at = ids.index(session) if session in self else 0
        return ids[(at + step) % len(ids)]

    def clear(self, session: str) -> None:
        """Remove all messages; the old transcript goes to the trash folder."""
        self._need(session)
        self.store.clear(session)

    def delete(self, session: str) -> None:
        """Remove the session; its transcript goes to the trash folder."""
        self._need(session)
        # The command itself shows a notice here.
        self._shown.pop(session, None)
        self.store.delete(session)

    def take_in(self, loaded: Transcript) -> None:
        """List and open a session that was loaded from a file."""
        self.store.take_in(loaded)
        self.open(loaded.info.id)

    def add(self, session: str, message: Message) -> None:
        """Append a message to the transcript, on disk and in the editors."""
        if message.id not in self._shown.get(session, ()):
            # Otherwise an earlier host or Neovim had submitted it before it was killed.
            self.store.add(session, message)
        if message.role is Role.EDITOR and message.delivery in (Delivery.NONE, Delivery.FAILED):
            # For messages to send, the outbox confirms that they are durable.
            confirmed = updates.Confirmed(message.id)
            self.store.storage.written(session, lambda: self._editor.show(confirmed))

    def stands(self, session: str, message: str, then: Callable[[bool], None]) -> None:
        """Call `then` with whether the transcript contains a message."""
        self.store.storage.load(
            session, lambda found: then(any(one.id == message for one in found.messages))
        )

    def arrive(
        self, session: str, message: Message, *, again: bool, then: Callable[[bool], None]
    ) -> None:
        """Append a robot message. `then` gets whether it was new, once it is durable."""
        self.store.arrive(session, message, again=again, then=then)

    def complete(self, session: str, message: str, text: str, then: Callable[[], None]) -> None:
        """Replace the text of a robot message; `then` runs once that is durable."""
        self.store.complete(session, message, text, then)

    def settle(self, session: str, message: str, delivery: Delivery, reason: str) -> None:
        """Show a message's delivery. The robot writes the final one to the transcript."""
        self._show(session, updates.ShowDelivery(session, message, delivery, reason))

    # --- `View` -----------------------------------------------------------------------------------

    def listed(self) -> None:
        """The list of sessions has changed."""
        self.notify_list()

    def changed(self, session: str, update: updates.ShowMessages | updates.ShowDelivery) -> None:
        """Messages were added, a delivery changed, or the transcript was cleared."""
        self._show(session, update)

    def renamed(self, session: str) -> None:
        """A session has another title."""
        self.retitled(session)

    def deleted(self, info: SessionInfo, following: str) -> None:
        """A session was deleted."""
        if self._shown.pop(info.id, None) is not None:
            self._editor.show(updates.ShowNotice(say.DELETED(title=info.title)))
        self._editor.show(updates.Closed(info.id))
        if self.current == info.id:
            self.current = following

    def added(self, session: str, part: TranscriptPart) -> None:
        """Another process added to a transcript or replaced it."""
        shown = self._shown.get(session)
        # Before its end was read, that read will include the addition.
        if shown is None or shown.begin is None or session not in self:
            return
        if part.is_anew:
            # Later updates go below the end that is read now.
            self._shown[session] = ShownTranscript(session)
            self.watch(session)
            return
        self._found(session, shown, shown.news(part))
        if part.messages:
            self.read(session, tuple(shown.conversations.values()))

    def _read_part(self, session: str, shown: ShownTranscript, part: TranscriptPart) -> None:
        if part.is_anew:
            self.store.notify_added(session, part)
            return
        is_end, met = shown.begin is None, len(shown.conversations)
        self._found(session, shown, shown.ending(part) if is_end else shown.earlier(part))
        if is_end:
            self._turns.show(session)
        if is_end or len(shown.conversations) > met:
            self.read(session, tuple(shown.conversations.values()))

    def _read_since(self, session: str, shown: ShownTranscript, part: TranscriptPart) -> None:
        if self._is_shown(session, shown):
            # It is read once, by whichever editor looks first.
            self.store.notify_added(session, part)
        if self._is_shown(session, shown):
            self.read(session, tuple(shown.conversations.values()))
            if shown.begin:
                # The disk may have refused to read the part above.
                self._editor.show(updates.Earlier(session, (), more=True))

    def _is_shown(self, session: str, shown: ShownTranscript) -> bool:
        """Whether the session was neither deleted nor cleared meanwhile."""
        return self._shown.get(session) is shown and session in self

    def _found(self, session: str, shown: ShownTranscript, found: CatchUp) -> None:
        for update in found.updates:
            self._editor.show(update)
        if shown.begin == 0 and shown.damaged > self._damaged.get(session, 0):
            self._damaged[session] = shown.damaged
            self._editor.show(
                updates.ShowNotice(
                    say.DAMAGED_LINES(count=shown.damaged),
                    "warn",
                )
            )
        unknown = tuple(message for message in found.open if message not in self.store.pending)
        if unknown:
            self.unsettled(session, unknown)

    def _show(self, session: str, update: updates.ShowMessages | updates.ShowDelivery) -> None:
        shown = self._shown.get(session)
        if shown is None:
            return
        if isinstance(update, updates.ShowMessages) and update.reset:
            self._shown[session] = shown = ShownTranscript(session)
            shown.begin = 0
        shown.note(update)
        self._editor.show(update)
        if isinstance(update, updates.ShowMessages) and update.reset:
            self._turns.show(session)

    def _need(self, session: str) -> None:
        if session not in self:
            raise BridgeError(say.NO_SESSION_OF_ID(id=session), fix=say.LIST_SHOWS_ALL())
