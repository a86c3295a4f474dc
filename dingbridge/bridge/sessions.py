"""The sessions of this editor: their order, the current one, and what the editor was shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from dingbridge.bridge import updates
from dingbridge.bridge.catching_up import Shown, difference, note
from dingbridge.bridge.ports import Chance, Editor, Storage
from dingbridge.core.catalogue import sessions as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.exchange import Start
from dingbridge.core.messages import Delivery, Message
from dingbridge.core.text import well_formed
from dingbridge.core.transcript import Entry, SessionInfo, Transcript


class Sessions:
    """Keeps transcripts on disk and the editor's copy of them in step. Host loop only.

    A transcript is read whenever it is opened or bound, as another editor may have written into it;
    what happens here is shown at once. `bindings` maps a session that is bound to the
    account it is bound to.
    """

    def __init__(
        self, editor: Editor, storage: Storage, chance: Chance, known: Sequence[SessionInfo]
    ) -> None:
        self._editor = editor
        self._storage = storage
        self._chance = chance
        self._infos = {info.id: info for info in known}
        self._shown: dict[str, Shown] = {}
        # What has come since the transcript was asked for, which it may lack.
        self._since: dict[str, list[updates.Messages | updates.Fate]] = {}
        self._damaged: dict[str, int] = {}
        self.current = known[0].id if known else ""
        self._opened = 0
        self.bindings: dict[str, str] = {}
        self.unsettled: Callable[[str, tuple[str, ...]], None] = lambda _session, _ids: None
        # The conversations of a session are others now; and what its transcript tells of them.
        self.readdressed: Callable[[str], None] = lambda _session: None
        self.read: Callable[[str, tuple[Message, ...]], None] = lambda _session, _messages: None

    def __contains__(self, session: str) -> bool:
        return session in self._infos

    def title(self, session: str) -> str:
        """The session's title."""
        return self._infos[session].title

    def info(self, session: str) -> SessionInfo | None:
        """What names the session, and what it began with; None when it is not known here."""
        return self._infos.get(session)

    def bound_to(self, account: str) -> str:
        """The session that is bound to an account; empty without one."""
        return next((one for one, name in self.bindings.items() if name == account), "")

    def tell_list(self) -> None:
        """Give the editor the list of sessions."""
        rows = tuple(
            updates.SessionRow(info.id, info.title, info.created, info.id in self.bindings)
            for info in self._infos.values()
        )
        self._editor.show(updates.Sessions(rows, self.current))

    def new(self, title: str) -> str:
        """Start a session, first in the list, and make it the current one. Returns its id."""
        now = self._chance.now()
        made = datetime.fromtimestamp(now)
        session = f"{made:%y%m%d-%H%M}-{self._chance.new_id()[:6]}"
        info = SessionInfo(session, well_formed(title) or say.TITLE(time=made), now)
        self._storage.begin(info)
        self._infos = {session: info, **self._infos}
        self.current = session
        self.tell_list()
        return session

    def begin(self, session: str, account: str, start: Start) -> None:
        """A session that is made on demand, if it is not there yet. The user's place stays."""
        if session in self._infos:
            return
        title = well_formed(start.title) or session
        info = SessionInfo(
            session,
            title,
            self._chance.now(),
            account=account,
            instructions=well_formed(start.instructions),
            cwd=start.cwd,
            model=start.model,
        )
        self._storage.begin(info)
        self._infos[session] = info
        self.current = self.current or session
        self.tell_list()

    def open(self, session: str) -> None:
        """Show a session and make it the current one."""
        self._need(session)
        self.current = session
        self._opened += 1
        self._editor.show(updates.Open(session))
        self.watch(session)

    def meant(self, session: str, opened: int) -> str:
        """The session that is meant where the editor named this one, after it had carried out
        `opened` openings (a count): one that is still on its way there is where the user will be.
        Empty when there is none."""
        return session if session in self and opened >= self._opened else self.current

    def watch(self, session: str) -> None:
        """Have the editor hold the session's transcript as it is on the disk now, whether or not it
        is on the screen."""
        self._shown.setdefault(session, {})
        since: list[updates.Messages | updates.Fate] = []
        self._since[session] = since
        self._storage.load(session, lambda transcript: self._loaded(session, transcript, since))

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
        ids = list(self._infos)
        if not ids:
            raise BridgeError(say.NO_SESSION_YET(), fix=say.NEW_STARTS_ONE())
        at = ids.index(session) if session in self._infos else 0
        return ids[(at + step) % len(ids)]

    def clear(self, session: str) -> None:
        """Remove all messages; the old transcript stays in the trash folder."""
        self._need(session)
        self._storage.clear(self._infos[session])
        self._show(session, updates.Messages(session, (), reset=True))

    def delete(self, session: str) -> None:
        """Remove the session; its transcript stays in the trash folder."""
        self._need(session)
        following = self.neighbour(session, 1)
        del self._infos[session]
        self._shown.pop(session, None)
        self._storage.delete(session)
        self._editor.show(updates.Closed(session))
        self.current = following if following in self._infos else ""
        self.tell_list()

    def take_in(self, loaded: Transcript) -> None:
        """A session was loaded from a file: list it and open it."""
        self._infos = {loaded.info.id: loaded.info, **self._infos}
        self.tell_list()
        self.open(loaded.info.id)

    def add(self, session: str, message: Message) -> None:
        """Append a message to the transcript, on disk and in the editor."""
        if message.id in self._shown.get(session, {}):
            # An earlier host, or an earlier Neovim, had put it there before it was ended.
            return
        self._storage.append(self._infos[session], Entry(message=message))
        self._show(session, updates.Messages(session, (message,)))

    def arrive(
        self, session: str, message: Message, *, again: bool, then: Callable[[bool], None]
    ) -> None:
        """Take a robot message into the transcript. `then` is told whether it was new there, once
        it is on the disk."""

        def taken(new: bool) -> None:
            if new:
                self._show(session, updates.Messages(session, (message,)))
            then(new)

        self._storage.take(session, message, self._infos.get(session), again=again, then=taken)

    def settle(self, session: str, message: str, delivery: Delivery, reason: str) -> None:
        """Show what became of a message. Its end is written down by the robot's owner."""
        self._show(session, updates.Fate(session, message, delivery, reason))

    def refresh(self, infos: Sequence[SessionInfo]) -> None:
        """Take in the sessions that other editors made or deleted."""
        listed = {info.id: info for info in infos}
        own = {name: info for name, info in self._infos.items() if name not in listed}
        self._infos = {**own, **listed} if own else listed
        self.tell_list()

    def _loaded(
        self,
        session: str,
        transcript: Transcript,
        since: list[updates.Messages | updates.Fate],
    ) -> None:
        if self._since.get(session) is not since or session not in self._infos:
            # It is being read anew, or was deleted.
            return
        del self._since[session]
        shown = self._shown[session]
        found = difference(session, shown, transcript.messages, since)
        for update in found.updates:
            note(shown, update)
            self._editor.show(update)
        if transcript.damaged > self._damaged.get(session, 0):
            self._damaged[session] = transcript.damaged
            self._editor.show(
                updates.Say(
                    say.DAMAGED_LINES(count=transcript.damaged),
                    "warn",
                )
            )
        self.read(session, transcript.messages)
        if found.open:
            self.unsettled(session, found.open)

    def _show(self, session: str, update: updates.Messages | updates.Fate) -> None:
        if session in self._since:
            self._since[session].append(update)
        if session in self._shown:
            note(self._shown[session], update)
            self._editor.show(update)

    def _need(self, session: str) -> None:
        if session not in self._infos:
            raise BridgeError(say.NO_SESSION_OF_ID(id=session), fix=say.LIST_SHOWS_ALL())
