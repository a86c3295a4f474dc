"""An editor's view of the sessions: the current one, and what the editor was shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.messages import Delivery, Message, Role
from dingbridge.core.sessions.scopes import SessionStart
from dingbridge.core.sessions.transcript import SessionInfo, Transcript, TranscriptPart
from dingbridge.protocol import updates
from dingbridge.service.editors.transcript_diff import CatchUp, ShownTranscript
from dingbridge.service.ports import Editor
from dingbridge.service.sessions.store import SessionStore


class EditorSessions:
    """What one editor is shown of the sessions. Service loop only.

    A transcript is read when it is opened or bound; what is added to it then, by whomever, is shown
    at once. `bindings` maps each session that an attached editor has bound to its account here.
    """

    def __init__(self, editor: Editor, store: SessionStore, known: Sequence[SessionInfo]) -> None:
        self._editor = editor
        self._store = store
        self._shown: dict[str, ShownTranscript] = {}
        self._damaged: dict[str, int] = {}
        self.current = known[0].id if known else ""
        self._opened = 0
        self.bindings: dict[str, str] = {}
        self.unsettled: Callable[[str, tuple[str, ...]], None] = lambda _session, _ids: None
        # Called when the conversations of a session have changed.
        self.readdressed: Callable[[str], None] = lambda _session: None
        # Called with the latest message of each conversation that was read.
        self.read: Callable[[str, tuple[Message, ...]], None] = lambda _session, _messages: None
        store.found(known)
        store.join(self)

    def leave(self) -> None:
        """The editor is gone."""
        self._store.leave(self)

    def __contains__(self, session: str) -> bool:
        return session in self._store.infos

    @property
    def known(self) -> Set[str]:
        """The ids of all sessions."""
        return self._store.infos.keys()

    @property
    def pending(self) -> set[str]:
        """The ids of messages that an editor still has to hand over."""
        return self._store.pending

    @property
    def trouble(self) -> str:
        """Why what is new is not on the disk yet, in words; empty when it is."""
        return self._store.trouble

    def title(self, session: str) -> str:
        """The session's title."""
        return self._store.infos[session].title

    def info(self, session: str) -> SessionInfo | None:
        """What names the session, and what it began with; None when it is not known here."""
        return self._store.infos.get(session)

    def notify_list(self) -> None:
        """Give the editor the list of sessions."""
        rows = tuple(
            updates.SessionRow(info.id, info.title, info.created, info.id in self.bindings)
            for info in self._store.infos.values()
        )
        self._editor.show(updates.ShowSessions(rows, self.current))

    def new(self, title: str) -> str:
        """Start a session, first in the list, and make it the current one. Returns its id."""
        self.current = session = self._store.new(title)
        self._store.notify_list()
        return session

    def begin(self, session: str, account: str, start: SessionStart) -> None:
        """A session that is made on demand, if it is not there yet. The user's place stays."""
        if session not in self:
            self._store.begin(session, account, start)
            self.current = self.current or session
            self._store.notify_list()

    def open(self, session: str) -> None:
        """Show a session and make it the current one."""
        self._need(session)
        self.current = session
        self._opened += 1
        self._editor.show(updates.ShowSession(session))
        self.watch(session)

    def meant(self, session: str, opened: int | None) -> str:
        """The session that is meant where the editor named this one, after it had carried out
        `opened` openings (a count): one that is still on its way there is where the user will be.
        Without a count it is the named one, even if it is no more. Empty when there is none."""
        if opened is None:
            return session or self.current
        return session if session in self and opened >= self._opened else self.current

    def watch(self, session: str) -> None:
        """Have the editor hold the session's transcript as it is on the disk now, whether or not it
        is on the screen."""
        shown = self._shown.setdefault(session, ShownTranscript(session))
        # What could not be read before may be there now.
        if shown.begin is None:
            self._read_end(session, shown)
        else:
            self._store.storage.since(session, lambda part: self._read_news(session, shown, part))

    def fill(self, session: str) -> None:
        """The editor has shown what it was told of a session, and has time for what stands
        above."""
        shown = self._shown.get(session)
        if shown is None or not (place := shown.begin):
            return

        def read(part: TranscriptPart) -> None:
            # It may have been asked for twice.
            if self._is_shown(session, shown) and shown.begin == place:
                self._read_part(session, shown, part)

        self._store.storage.before(session, place, read)

    def _read_end(self, session: str, shown: ShownTranscript) -> None:
        def read(part: TranscriptPart) -> None:
            if self._is_shown(session, shown) and shown.begin is None:
                self._read_part(session, shown, part)

        self._store.storage.end(session, read)

    def watch_all(self, sessions: Sequence[str]) -> None:
        """The same for those of them that are still there; the others are closed."""
        for session in sessions:
            if session in self:
                self.watch(session)
            else:
                self._editor.show(updates.Closed(session))

    def hold(self, session: str) -> None:
        """Have the editor hold the session's transcript, unless it does: reading it takes the
        longer the more is in it."""
        if session not in self._shown:
            self.watch(session)

    def is_used(self, session: str) -> bool:
        """Whether this editor has opened the session, sent in it, or taken up its binding."""
        return session in self._shown

    def neighbour(self, session: str, step: int) -> str:
        """The session `step` places further in the list, around its end."""
        ids = list(self._store.infos)
        if not ids:
            raise BridgeError(say.NO_SESSION_YET(), fix=say.NEW_STARTS_ONE())
        at = ids.index(session) if session in self else 0
        return ids[(at + step) % len(ids)]

    def clear(self, session: str) -> None:
        """Remove all messages; the old transcript stays in the trash folder."""
        self._need(session)
        self._store.clear(session)

    def delete(self, session: str) -> None:
        """Remove the session; its transcript stays in the trash folder."""
        self._need(session)
        # Whoever deletes it is told by the command.
        self._shown.pop(session, None)
        self._store.delete(session)

    def take_in(self, loaded: Transcript) -> None:
        """A session was loaded from a file: list it and open it."""
        self._store.take_in(loaded)
        self.open(loaded.info.id)

    def add(self, session: str, message: Message) -> None:
        """Append a message to the transcript, on disk and in the editors."""
        if message.id not in self._shown.get(session, ()):
            # Else an earlier host, or an earlier Neovim, had put it there before it was ended.
            self._store.add(session, message)
        if message.role is Role.EDITOR and message.delivery in (Delivery.NONE, Delivery.FAILED):
            # Of what is to leave, the outbox says when it is on the disk.
            confirmed = updates.Confirmed(message.id)
            self._store.storage.written(session, lambda: self._editor.show(confirmed))

    def stands(self, session: str, message: str, then: Callable[[bool], None]) -> None:
        """Tell `then` whether a message is in a transcript."""
        self._store.storage.load(
            session, lambda found: then(any(one.id == message for one in found.messages))
        )

    def arrive(
        self, session: str, message: Message, *, again: bool, then: Callable[[bool], None]
    ) -> None:
        """Take a robot message into the transcript. `then` is told whether it was new there, once
        it is on the disk."""
        self._store.arrive(session, message, again=again, then=then)

    def complete(self, session: str, message: str, text: str, then: Callable[[], None]) -> None:
        """Bring the text of a robot message up to date; `then` runs once that is on the disk."""
        self._store.complete(session, message, text, then)

    def settle(self, session: str, message: str, delivery: Delivery, reason: str) -> None:
        """Show what became of a message. Its end is written down by the robot's owner."""
        self._show(session, updates.ShowDelivery(session, message, delivery, reason))

    def refresh(self, infos: Sequence[SessionInfo]) -> None:
        """Take in the sessions as the disk lists them."""
        self._store.refresh(infos)

    # --- what the store tells ---------------------------------------------------------------------

    def listed(self) -> None:
        """There are other sessions now."""
        self.notify_list()

    def changed(self, session: str, update: updates.ShowMessages | updates.ShowDelivery) -> None:
        """Something was added to a transcript or is told of a message in it, or it begins anew."""
        self._show(session, update)

    def deleted(self, info: SessionInfo, following: str) -> None:
        """A session is no more."""
        if self._shown.pop(info.id, None) is not None:
            self._editor.show(updates.ShowNotice(say.DELETED(title=info.title)))
        self._editor.show(updates.Closed(info.id))
        if self.current == info.id:
            self.current = following

    def _read_part(self, session: str, shown: ShownTranscript, part: TranscriptPart) -> None:
        if part.is_anew:
            self._shown[session] = shown = ShownTranscript(session)
        is_end, met = shown.begin is None, len(shown.conversations)
        self._found(session, shown, shown.ending(part) if is_end else shown.earlier(part))
        if is_end or len(shown.conversations) > met:
            self.read(session, tuple(shown.conversations.values()))

    def _read_news(self, session: str, shown: ShownTranscript, part: TranscriptPart) -> None:
        if not self._is_shown(session, shown):
            return
        if part.is_anew:
            self._read_part(session, shown, part)
            return
        self._found(session, shown, shown.news(part))
        self.read(session, tuple(shown.conversations.values()))
        if shown.begin:
            # What stood above may have been refused by the disk.
            self._editor.show(updates.Earlier(session, (), more=True))

    def _is_shown(self, session: str, shown: ShownTranscript) -> bool:
        """Whether it was neither deleted nor begun anew since."""
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
        unknown = tuple(message for message in found.open if message not in self._store.pending)
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

    def _need(self, session: str) -> None:
        if session not in self:
            raise BridgeError(say.NO_SESSION_OF_ID(id=session), fix=say.LIST_SHOWS_ALL())
