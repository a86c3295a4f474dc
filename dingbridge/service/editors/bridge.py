"""The bridge of one editor: creates and connects the objects that serve it."""

from __future__ import annotations

from dingbridge.core.options.settings import Configuration
from dingbridge.core.sessions.transcript import SessionInfo
from dingbridge.protocol import updates
from dingbridge.service.editors.access_commands import AccessCommands
from dingbridge.service.editors.accounts import Accounts
from dingbridge.service.editors.agent_backend import AgentBackend
from dingbridge.service.editors.agent_commands import AgentCommands
from dingbridge.service.editors.agent_requests import AgentRequests
from dingbridge.service.editors.away_notices import AwayNotices
from dingbridge.service.editors.chats import Chats
from dingbridge.service.editors.destination_choice import DestinationChoice
from dingbridge.service.editors.editor_approvals import EditorApprovals
from dingbridge.service.editors.editor_lookups import EditorLookups
from dingbridge.service.editors.editor_ports import EditorPorts
from dingbridge.service.editors.file_sending import FileSending
from dingbridge.service.editors.lua_backend import LuaBackend
from dingbridge.service.editors.notifications import Notifications
from dingbridge.service.editors.open_prompts import OpenPrompts
from dingbridge.service.editors.program_backend import ProgramBackend
from dingbridge.service.editors.project_requests import ProjectRequests
from dingbridge.service.editors.received_messages import ReceivedMessages
from dingbridge.service.editors.remote_requests import RemoteRequests
from dingbridge.service.editors.reports import Reports
from dingbridge.service.editors.responder_replies import ResponderReplies
from dingbridge.service.editors.responders import Backends, Responders
from dingbridge.service.editors.search_command import SearchCommand
from dingbridge.service.editors.sending import Sending
from dingbridge.service.editors.session_agents import SessionAgents
from dingbridge.service.editors.session_commands import SessionCommands
from dingbridge.service.editors.session_requests import SessionRequests
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.editors.typed_messages import TypedMessages
from dingbridge.service.sessions.store import SessionStore


class Bridge:
    """Everything that serves one editor. Service loop only; no method waits.

    Its callers are `command_dispatch` (commands), `editor_events` (events) and `news_dispatch`
    (robots).
    """

    def __init__(self, ports: EditorPorts, store: SessionStore, known: list[SessionInfo]) -> None:
        editor, runtime = ports.editor, ports.runtime
        self.editor = editor
        self.runtime = runtime
        self.sessions = EditorSessions(editor, store, known)
        self.responders = Responders(
            editor,
            Backends(
                LuaBackend(editor),
                ProgramBackend(ports.programs),
                AgentBackend(ports.agents, ports.cwd, ports.programs.environ),
            ),
            ports.agents,
        )
        self.accounts = Accounts(ports, self.sessions, self._notify_status)
        chats = Chats(self.sessions, self.accounts)
        self.sending = Sending(editor, runtime, chats, ports.environ)
        self.notifications = Notifications(editor, self.sending)
        self.away = AwayNotices(editor, runtime, self.accounts, self.sending, ports.presence)
        self.replies = ResponderReplies(runtime, chats, self.responders, self.sending, ports.later)
        self.replies.typed.tell = self.away.notify
        self.prompts = OpenPrompts(editor, self.replies.waiting, ports.agents.book)
        self.typed = TypedMessages(runtime, chats, self.sending, self.replies, self.prompts)
        self.received = ReceivedMessages(editor, chats, ports.media, self.replies, ports.later)
        self.files = FileSending(editor, runtime, chats, ports.packing)
        self.session_commands = SessionCommands(editor, ports.storage, ports.saved, runtime, chats)
        self.search = SearchCommand(editor, ports.search, self.sessions)
        self.destination_choice = DestinationChoice(editor, self.sessions, self.accounts)
        self.access = AccessCommands(self.accounts, editor)
        self.lookups = EditorLookups(editor, runtime, ports.later)
        self._project_requests = ProjectRequests(ports.project, self.lookups)
        agents = SessionAgents(ports.agents, chats, ports.cwd, ports.programs.environ)
        self.agent_commands = AgentCommands(editor, self.sessions, agents)
        about_agent = AgentRequests(agents)
        self.remote_requests = RemoteRequests(
            self.sessions,
            self.sending,
            SessionRequests(ports.storage, self.sessions, self.responders, about_agent),
            self._project_requests,
            ports.cwd,
        )
        self.approvals = EditorApprovals(editor, ports.approvals, self.sessions)
        self.reports = Reports(
            editor, self.accounts, lambda: self.last_error, self.approvals.describe_always
        )
        self.unread = store.unread
        store.unread.join(self._notify_status)
        self.sessions.unsettled = self._look_up_deliveries

    def leave(self) -> None:
        """The editor leaves. Incomplete files fail. Questions to its Lua function go to another
        editor, or their askers get an apology. Programs continue."""
        self.files.leave()
        self.replies.leave()

    @property
    def is_working(self) -> bool:
        """Whether an agent, program or job works, or a message waits for it."""
        return (
            self.responders.is_working
            or self._project_requests.is_working
            or self.received.is_taking_in
            or self.prompts.is_waiting
        )

    def gone(self) -> None:
        """The editor has left, and nothing of it is under way."""
        self.sessions.leave()
        self.away.gone()
        self.unread.leave(self._notify_status)
        self.approvals.leave()
        for account in self.accounts:
            account.member.gone()

    def end(self) -> None:
        """The service ends. Questions to programs and agents get an apology, in the session if they
        were typed. Lua answers, messages from DingTalk that were not submitted yet and incomplete
        files are left to the next service."""
        self.prompts.lose()
        self.received.end()
        self.replies.end()

    def _look_up_deliveries(self, session: str, ids: tuple[str, ...]) -> None:
        account = self.accounts.of(session) or self.accounts.default
        account.member.ask(session, ids)

    # --- settings and status --------------------------------------------------------------------

    def configure(self, configuration: Configuration, problems: tuple[str, ...]) -> None:
        """Use these settings from now on. With `problems`, they are the defaults."""
        self.accounts.configure(configuration, problems)

    @property
    def last_error(self) -> str:
        """The latest error of this editor, in words; empty after a success."""
        return self.sessions.store.trouble or self.sending.last_error

    def disk_changed(self) -> None:
        """The disk starts or stops refusing writes."""
        self.sending.show_unsaved()
        self._notify_status()

    def settled(self) -> None:
        """The bindings are known. The status comes first: the editor waits for the list."""
        self._notify_status()
        self.sessions.notify_list()
        self.approvals.start()

    def _notify_status(self) -> None:
        self.editor.show_latest(self._status)

    def _status(self) -> updates.ShowStatus:
        return self.accounts.status(self.last_error, self._unread_rows())

    def _unread_rows(self) -> tuple[updates.UnreadRow, ...]:
        counts = self.unread.counts
        return tuple(
            updates.UnreadRow(session, one.count, one.since)
            for session, one in counts.items()
            if session in self.sessions
        )
