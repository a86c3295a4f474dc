"""The commands about sessions: create, show, delete, save, load, bind."""

from __future__ import annotations

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.errors import BridgeError, told
from dingbridge.core.markdown.first_words import first_words
from dingbridge.core.messages import Message
from dingbridge.core.sessions import session_title
from dingbridge.core.sessions.transcript import SessionInfo
from dingbridge.core.text import visible
from dingbridge.core.user_file import UserFile
from dingbridge.protocol import updates
from dingbridge.service.editors.chats import Chats
from dingbridge.service.editors.command_context import CommandContext
from dingbridge.service.editors.screen import Screen
from dingbridge.service.runtime import Runtime
from dingbridge.service.sessions.session_ports import Saved, Storage

FIRST_WORDS = 120
"""Characters of a message that the list of sessions shows at most."""


class SessionCommands:
    """Carries out these commands; `at` is where the user gave one. Service loop only."""

    def __init__(
        self,
        editor: Screen,
        storage: Storage,
        saved: Saved,
        runtime: Runtime,
        chats: Chats,
    ) -> None:
        self._editor = editor
        self._storage = storage
        self._saved = saved
        self._runtime = runtime
        self._sessions = chats.sessions
        self._accounts = chats.accounts

    def current_or_none(self, at: CommandContext) -> str:
        """The session that a command means; empty without one."""
        return self._sessions.meant(at.session, at.opened)

    def current(self, at: CommandContext) -> str:
        """The session that a command means. Raises `BridgeError` without one."""
        session = self.current_or_none(at)
        if not session:
            raise BridgeError(say.NO_SESSION_YET(), fix=say.CHAT_STARTS_ONE())
        if session not in self._sessions:
            raise BridgeError(say.NO_SUCH_SESSION(), fix=say.CHAT_STARTS_ONE())
        return session

    def open_current(self, at: CommandContext) -> None:
        """Show the session that is meant, or a new one."""
        self._sessions.open(self.current_or_none(at) or self._sessions.new(""))

    def open_new(self, title: str) -> None:
        """Start a session and show it."""
        self._sessions.open(self._sessions.new(title))

    def pick(self) -> None:
        """Let the user choose among all sessions."""

        def listed(infos: list[SessionInfo]) -> None:
            self._sessions.store.refresh(infos)
            self._storage.latest(read)

        def read(latest: dict[str, Message]) -> None:
            rows = (
                updates.LatestMessage(
                    name, one.author, first_words(one.text, FIRST_WORDS), one.time
                )
                for name, one in latest.items()
            )
            self._editor.show(updates.Pick(tuple(rows)))

        self._storage.list(listed)

    def step(self, at: CommandContext, step: int) -> None:
        """Show the session `step` places down the list."""
        self._sessions.open(self._sessions.neighbour(self.current_or_none(at), step))

    def rename(self, session: str, title: str) -> None:
        """Give a session another title. Raises `BridgeError` if nothing of it is visible."""
        title = session_title.given(title)
        if not visible(title):
            raise BridgeError(say.TITLE_EMPTY())
        self._sessions.store.rename(session, title)

    def clear(self, session: str) -> None:
        """Remove all messages of a session."""
        self._sessions.clear(session)
        self._show_notice(say.EMPTIED(title=self._sessions.title(session)))

    def undo(self) -> None:
        """Bring back what was cleared or deleted last, and show it."""

        def back(info: SessionInfo | None) -> None:
            if info is None:
                self._refused(BridgeError(say.NOTHING_TO_UNDO()))
            else:
                self._sessions.open(info.id)
                self._show_notice(say.BROUGHT_BACK(title=self._sessions.title(info.id)))

        self._sessions.store.bring_back(back)

    def delete(self, session: str) -> None:
        """Delete a session and release its binding."""
        self._release(session)
        title = self._sessions.title(session)
        self._sessions.delete(session)
        self._show_notice(say.DELETED(title=title))

    def save(self, file: UserFile, at: CommandContext) -> None:
        """Save the session to a file."""
        self._saved.save(self.current(at), file, self._refused)

    def load(self, file: UserFile) -> None:
        """Load a session from a file."""
        session = f"loaded-{self._runtime.new_id()[:12]}"
        self._saved.take_in(file, session, self._sessions.take_in, self._refused)

    def bind(self, name: str, at: CommandContext) -> None:
        """Bind the session to an account; without a name, to the default one."""
        account = self._accounts.named(name)
        account.settings.need_mode()
        session = self.current_or_none(at)
        if not session or not self._sessions.is_used(session):
            # The latest session on disk may be in use in another editor.
            session = self._sessions.new("")
            self._sessions.open(session)
        if self._sessions.bindings.get(session) not in (None, account.name):
            self._release(session)
        account.bind(session)

    def unbind(self, name: str) -> None:
        """Release the session bound to an account; without a name, the only bound one."""
        bound = [account for account in self._accounts if account.bound]
        if name or len(bound) != 1:
            self._accounts.named(name).unbind()
        else:
            bound[0].unbind()

    def _release(self, session: str) -> None:
        account = self._accounts.find(self._sessions.bindings.get(session, ""))
        if account is not None:
            account.unbind(session)

    def _refused(self, error: BridgeError) -> None:
        self._editor.show(updates.ShowNotice(*told(error)))

    def _show_notice(self, text: str) -> None:
        self._editor.show(updates.ShowNotice(text))
