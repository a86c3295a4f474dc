"""The sessions of the data folder: the list, and what is added to their transcripts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from msgspec import Struct, structs

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.messages import Delivery, Message
from dingbridge.core.sessions import session_title
from dingbridge.core.sessions.scopes import SessionStart
from dingbridge.core.sessions.transcript import (
    Arrival,
    DeliveryLine,
    Entry,
    SessionInfo,
    Transcript,
    TranscriptPart,
)
from dingbridge.core.text import well_formed
from dingbridge.protocol import updates
from dingbridge.protocol.command_queue import Post
from dingbridge.service.runtime import Runtime
from dingbridge.service.sessions.live_turns import LiveTurns
from dingbridge.service.sessions.session_ports import Storage
from dingbridge.service.sessions.session_view import View
from dingbridge.service.sessions.unread_counts import UnreadCounts

AT_ONCE = 32
"""Maximum number of robot messages in one write."""


class _Arriving(Struct, frozen=True):
    """A robot message. `then` gets whether it was new."""

    arrival: Arrival
    then: Callable[[bool], None]


class SessionStore:
    """Writes transcripts and notifies every view of changes. Service loop only.

    Views get the messages of a session in the order in which they are on disk.
    """

    def __init__(
        self, storage: Storage, runtime: Runtime, post: Post, unread: UnreadCounts
    ) -> None:
        self.storage = storage
        self.unread = unread
        self.live = LiveTurns()
        self._runtime = runtime
        self._post = post
        self._arriving: dict[str, list[_Arriving]] = {}
        # Updates to send per session, in the order on disk; None stands for a write under way.
        self._order: dict[str, deque[updates.ShowMessages | None]] = {}
        # Sessions with messages that are shown before earlier ones are on disk.
        self._shown_early: set[str] = set()
        self.infos: dict[str, SessionInfo] = {}
        # Ids of messages that an editor has not handed over to a robot yet.
        self.pending: set[str] = set()
        # Why the disk refuses writes, in words; empty if it does not.
        self.trouble = ""
        self._deleted: set[str] = set()
        self._views: list[View] = []

    def join(self, view: View) -> None:
        """Notify this view of changes."""
        self._views.append(view)

    def leave(self, view: View) -> None:
        """Stop notifying this view."""
        self._views.remove(view)

    def found(self, infos: Sequence[SessionInfo]) -> None:
        """Add sessions found on disk, before those that are known already."""
        known = {info.id for info in infos} & self.infos.keys()
        new = {info.id: info for info in infos if info.id not in known | self._deleted}
        if new:
            self.infos = {**new, **self.infos}
            self.notify_list()

    def refresh(self, infos: Sequence[SessionInfo]) -> None:
        """Use the list of sessions as it is on disk, in that order."""
        listed = {info.id: info for info in infos if info.id not in self._deleted}
        own = {name: info for name, info in self.infos.items() if name not in listed}
        self.infos = {**own, **listed}
        self.notify_list()

    def new(self, title: str) -> str:
        """Start a session at the top of the list and return its id. Without a title, its first
        message gives it one. The caller notifies the views."""
        now = self._runtime.now()
        made = datetime.fromtimestamp(now)
        session = f"{made:%y%m%d-%H%M}-{self._runtime.new_id()[:6]}"
        title = session_title.given(title)
        info = SessionInfo(session, title or say.TITLE(time=made), now, is_untitled=not title)
        self.storage.begin(info)
        self.infos = {session: info, **self.infos}
        return session

    def begin(self, session: str, account: str, start: SessionStart) -> None:
        """Start a session on demand, at the end of the list. The caller notifies the views."""
        title = session_title.given(start.title)
        info = SessionInfo(
            session,
            title or session,
            self._runtime.now(),
            account=account,
            instructions=well_formed(start.instructions),
            cwd=start.cwd,
            model=start.model,
            is_untitled=not title,
        )
        self.storage.begin(info)
        self.infos[session] = info

    def take_in(self, loaded: Transcript) -> None:
        """List a session that was loaded from a file."""
        self.infos = {loaded.info.id: loaded.info, **self.infos}
        self.notify_list()

    def rename(self, session: str, title: str) -> None:
        """Give a session another title, for good."""
        info = structs.replace(self.infos[session], title=title, is_untitled=False)
        self.infos[session] = info
        self.storage.rename(info)
        for view in self._views:
            view.renamed(session)
        self.notify_list()

    def _derive_title(self, session: str, first: Message) -> None:
        """Name a session that has no title by its first message."""
        info = self.infos.get(session)
        if info is not None and info.is_untitled and (title := session_title.derived(first)):
            self.rename(session, title)

    def add(self, session: str, message: Message) -> None:
        """Append a message to a transcript."""
        self.storage.append(self.infos[session], Entry(message=message))
        self._derive_title(session, message)
        update = updates.ShowMessages(session, (message,))
        order = self._order.get(session)
        if order and not self.trouble:
            # A write of earlier messages is under way.
            order.append(update)
            return
        if order:
            self._shown_early.add(session)
        self._notify(session, update)

    def arrive(
        self, session: str, message: Message, *, again: bool, then: Callable[[bool], None]
    ) -> None:
        """Append a robot message. `then` gets whether it was new, once it is durable.

        Messages of one turn of the loop share a write.
        """
        arriving = self._arriving.setdefault(session, [])
        arriving.append(_Arriving(Arrival(message, again), then))
        if len(arriving) == 1:
            self._post(lambda: self._take(session, arriving))
        elif len(arriving) == AT_ONCE:
            self._take(session, arriving)

    def complete(self, session: str, message: str, text: str, then: Callable[[], None]) -> None:
        """Replace the text of a robot message; `then` runs once that is durable."""

        def written() -> None:
            update = updates.ShowDelivery(session, message, Delivery.NONE, text=text)
            self._notify(session, update)
            then()

        self.storage.complete(session, DeliveryLine(message, Delivery.NONE, text=text), written)

    def keep_here(self, session: str, message: str) -> None:
        """A failed message that never had a destination stays in the editor."""
        self.complete(session, message, "", lambda: None)

    def _take(self, session: str, arriving: list[_Arriving]) -> None:
        """Write a batch of robot messages, unless it was written already."""
        if self._arriving.get(session) is not arriving:
            return
        del self._arriving[session]

        order = self._order.setdefault(session, deque())
        order.append(None)

        def taken(new: tuple[bool, ...]) -> None:
            order.popleft()
            each = tuple(zip(arriving, new, strict=True))
            messages = tuple(one.arrival.message for one, is_new in each if is_new)
            if messages:
                self._derive_title(session, messages[0])
                self._notify(session, updates.ShowMessages(session, messages))
            self._notify_in_turn(session, order)
            for one, is_new in each:
                # Apart, so that an error in one call does not stop the others.
                self._post(partial(one.then, is_new))

        arrivals = [one.arrival for one in arriving]
        self.storage.take(session, arrivals, self.infos.get(session), taken)

    def _notify_in_turn(self, session: str, order: deque[updates.ShowMessages | None]) -> None:
        """Send the updates up to the next write that is under way."""
        while order and (update := order[0]) is not None:
            order.popleft()
            self._notify(session, update)
        if not order:
            self._order.pop(session, None)

    def refused(self, trouble: str) -> None:
        """The disk refuses writes for the reason `trouble`, or accepts them again (empty).
        Meanwhile the user's messages are shown without waiting for the disk, and afterwards in the
        order in which they are there."""
        self.trouble = trouble
        if not trouble:
            early, self._shown_early = self._shown_early, set()
            for session in early:
                self.notify_added(session, TranscriptPart(is_anew=True))
        for session, order in self._order.items() if trouble else ():
            waiting = [update for update in order if update is not None]
            written = len(order) - len(waiting)
            order.clear()
            order.extend([None] * written)
            for update in waiting:
                self._shown_early.add(session)
                self._notify(session, update)

    def _take_all(self, session: str) -> None:
        """Write the pending robot messages before the transcript is cleared or deleted."""
        if arriving := self._arriving.get(session):
            self._take(session, arriving)

    def clear(self, session: str) -> None:
        """Remove all messages; the old transcript goes to the trash folder."""
        self._take_all(session)
        self.storage.clear(self.infos[session], self.unread.forgetting(session))
        self._notify(session, updates.ShowMessages(session, (), reset=True))

    def delete(self, session: str) -> None:
        """Remove the session; its transcript goes to the trash folder."""
        self._take_all(session)
        ids = list(self.infos)
        following = ids[(ids.index(session) + 1) % len(ids)]
        info = self.infos.pop(session)
        self._deleted.add(session)
        self.storage.delete(session, self.unread.forgetting(session))
        for view in self._views:
            view.deleted(info, following if following in self.infos else "")
        self.notify_list()

    def bring_back(self, then: Callable[[SessionInfo | None], None]) -> None:
        """Bring back what was cleared or deleted last. `then` gets the session, or None."""

        def back(info: SessionInfo | None) -> None:
            if info is not None:
                self._deleted.discard(info.id)
                self.infos = {info.id: self.infos.get(info.id, info), **self.infos}
                self.notify_added(info.id, TranscriptPart(is_anew=True))
                self.notify_list()
            then(info)

        self.storage.bring_back(back)

    def notify_list(self) -> None:
        """Notify every view of the list of sessions."""
        for view in self._views:
            view.listed()

    def notify_added(self, session: str, part: TranscriptPart) -> None:
        """Tell every view of this part; see `View.added`."""
        for view in self._views:
            view.added(session, part)

    def _notify(self, session: str, update: updates.ShowMessages | updates.ShowDelivery) -> None:
        for view in self._views:
            view.changed(session, update)
        if isinstance(update, updates.ShowMessages):
            self.unread.added(session, update.list)
