"""Declares the remote commands, which people send from DingTalk; `remote_parser` parses them."""

from __future__ import annotations

from enum import Enum, auto
from typing import ClassVar, Literal, TypeVar, get_args

from msgspec import Struct

from dingbridge.core.access import pairing_codes
from dingbridge.core.approvals.approval import CODE_CHARACTERS
from dingbridge.core.commands import remote_arguments
from dingbridge.core.delivery import notify_when

MOST_MESSAGES = 50
"""Messages that `/history` shows at most."""

MOST_LINES = 200
"""Lines that `/file` shows at most."""

FEW_MESSAGES = 5
FEW_LINES = 40
"""Lines that `/file` shows without a last line."""


class Users(Enum):
    """Who may use a command without being an admin."""

    ALL = auto()
    """Everybody with access, whatever the settings say."""
    BY_DEFAULT = auto()
    """Everybody with access, unless `commands` says otherwise."""
    LISTED = auto()
    """Nobody, unless `commands` lists it."""


class RemoteDeclaration(Struct, frozen=True):
    """A command's usage and who may use it.

    - `arguments`: the usage as shown; `[x]` is optional
    - `note`: more about the arguments
    - `most_lines`: lines that it shows at most
    - `effect`: it changes something, so it is never carried out twice
    """

    name: str
    chinese: str
    meaning: str
    meaning_chinese: str
    arguments: str = ""
    note: str = ""
    most_lines: int = 0
    users: Users = Users.LISTED
    effect: bool = False

    @property
    def form(self) -> str:
        """The usage: name and arguments."""
        return f"/{self.name} {self.arguments}".strip()


_Request = TypeVar("_Request", bound="RemoteRequest")


class RemoteRequest(Struct, frozen=True):
    """Base of the commands; arguments are fields.

    The first line of a command's docstring is its description in the manual.
    """

    declaration: ClassVar[RemoteDeclaration]

    @classmethod
    def parse(cls: type[_Request], argument: str) -> _Request | None:
        """The request with this argument; None if the argument is invalid."""
        return None if argument else cls()


class Help(RemoteRequest, frozen=True):
    """The commands that you may use."""

    declaration = RemoteDeclaration("help", "帮助", "This list", "这份清单", users=Users.ALL)


class Status(RemoteRequest, frozen=True):
    """How the bridge is doing."""

    declaration = RemoteDeclaration(
        "status", "状态", "How it goes", "桥的状态", users=Users.BY_DEFAULT
    )


class WhoAmI(RemoteRequest, frozen=True):
    """Your ids, and what you may do."""

    declaration = RemoteDeclaration("whoami", "我是谁", "Your id", "您的编号", users=Users.ALL)


class WhereAmI(RemoteRequest, frozen=True):
    """The id of this conversation, and which session it speaks to."""

    declaration = RemoteDeclaration(
        "whereami", "我在哪", "This chat's id", "本会话编号", users=Users.BY_DEFAULT
    )


class Mute(RemoteRequest, frozen=True):
    """Holds back notices such as "done after 4 min" for a time, `off` ends it.

    `seconds` is None for a question, 0 for `off`. Questions for an approval come all the same.
    """

    seconds: float | None = None

    declaration = RemoteDeclaration(
        "mute", "静音", "Hold back notices", "暂停通知", "[2h|off]", effect=True
    )

    @classmethod
    def parse(cls, argument: str) -> Mute | None:
        """With a time span, `off`, or nothing."""
        if not argument:
            return cls()
        if remote_arguments.folded(argument) in ("off", "关", "关闭", "0"):
            return cls(0.0)
        seconds = notify_when.seconds_of(argument)
        return cls(seconds) if seconds is not None else None


class ListSessions(RemoteRequest, frozen=True):
    """The sessions, numbered; those with the text in them."""

    text: str = ""

    declaration = RemoteDeclaration("list", "列表", "Open sessions", "绑定的会话", "[text]")

    @classmethod
    def parse(cls, argument: str) -> ListSessions:
        """With any text."""
        return cls(argument)


class ChooseSession(RemoteRequest, frozen=True):
    """Moves this conversation to session number `n`, or to the one with that id.

    Empty asks which there are.
    """

    wanted: str = ""

    declaration = RemoteDeclaration(
        "session", "会话", "Switch session", "切换会话", "[n]", effect=True
    )

    @classmethod
    def parse(cls, argument: str) -> ChooseSession | None:
        """With one word or none."""
        return cls(remote_arguments.digits(argument)) if len(argument.split()) <= 1 else None


class NewSession(RemoteRequest, frozen=True):
    """Starts a session that replaces this one."""

    declaration = RemoteDeclaration("new", "新建", "New session", "新建会话", effect=True)


class ClearSession(RemoteRequest, frozen=True):
    """Removes all messages from the session; the old transcript is in the trash."""

    declaration = RemoteDeclaration("clear", "清空", "Clear it", "清空会话", effect=True)


class StopAnswer(RemoteRequest, frozen=True):
    """Stops the program that works on your answer; for `admins`, on anybody's."""

    declaration = RemoteDeclaration(
        *("stop", "停止", "Stop answering", "停止回答"),
        users=Users.BY_DEFAULT,
        effect=True,
    )


class ChooseAgent(RemoteRequest, frozen=True):
    """Lets another coding agent answer in this session, or none: `off`.

    Without a name, says which one answers and what it offers.
    """

    name: str = ""

    declaration = RemoteDeclaration(
        "agent", "代理", "Choose the agent", "选择代理", "[name]", effect=True
    )

    @classmethod
    def parse(cls, argument: str) -> ChooseAgent | None:
        """With one word or none."""
        return cls(argument) if len(argument.split()) <= 1 else None


class ListAgentSessions(RemoteRequest, frozen=True):
    """The agent's own sessions, numbered, the latest first."""

    declaration = RemoteDeclaration("sessions", "代理会话", "Its sessions", "代理的会话")


class ResumeAgentSession(RemoteRequest, frozen=True):
    """Lets the agent go on with session `n` of those that `/sessions` has listed."""

    number: int

    declaration = RemoteDeclaration(
        "resume", "继续", "Go on with one", "继续代理的会话", "n", effect=True
    )

    @classmethod
    def parse(cls, argument: str) -> ResumeAgentSession | None:
        """With a number."""
        number = remote_arguments.number(argument)
        return cls(number) if number is not None else None


class History(RemoteRequest, frozen=True):
    """The last 5 messages, or `n`, up to 50."""

    count: int = FEW_MESSAGES

    declaration = RemoteDeclaration(
        "history", "历史", "Last messages", "最近的消息", "[n]", f" (1-{MOST_MESSAGES})"
    )

    @classmethod
    def parse(cls, argument: str) -> History | None:
        """With a number or nothing."""
        if not argument:
            return cls()
        count = remote_arguments.number(argument)
        return cls(count) if count is not None and 1 <= count <= MOST_MESSAGES else None


class AnswerApproval(RemoteRequest, frozen=True):
    """Base of the answers to an approval. An empty `code` asks what is open."""

    code: str = ""

    @classmethod
    def parse(cls: type[_Answer], argument: str) -> _Answer | None:
        """With a code, in any form in which one types or copies it, or without."""
        code = pairing_codes.bare(argument)
        return cls(code) if len(code) <= CODE_CHARACTERS and bool(code) == bool(argument) else None


_Answer = TypeVar("_Answer", bound=AnswerApproval)


class Approve(AnswerApproval, frozen=True):
    """Allows what an agent wants to do, once; without a code, lists what waits for you.

    For the person who asked the agent, and for `admins`.
    """

    declaration = RemoteDeclaration(
        *("approve", "同意", "Allow it once", "同意一次", "[code]"), users=Users.ALL, effect=True
    )


class Reject(AnswerApproval, frozen=True):
    """Refuses it; without a code, lists what waits for you."""

    declaration = RemoteDeclaration(
        *("reject", "拒绝", "Refuse it", "拒绝", "[code]"), users=Users.ALL, effect=True
    )


class AllowAlways(AnswerApproval, frozen=True):
    """Allows it, and the same kind of tool in this session from now on; `off` takes that back.

    Without a code, lists what waits for you, and what is always allowed.
    """

    off: bool = False

    declaration = RemoteDeclaration(
        *("always", "总是", "Allow it always", "总是同意", "[code|off]"),
        users=Users.ALL,
        effect=True,
    )

    @classmethod
    def parse(cls, argument: str) -> AllowAlways | None:
        """With a code, with `off`, or without anything."""
        is_off = remote_arguments.folded(argument) in ("off", "关", "关闭", "收回")
        return cls(off=True) if is_off else super().parse(argument)


class Where(RemoteRequest, frozen=True):
    """Where the cursor is: file, line, function, branch."""

    declaration = RemoteDeclaration("where", "位置", "Place in Neovim", "编辑器位置")


_Level = Literal["", "error", "warn"]
_LEVELS: dict[str, _Level] = {
    **dict.fromkeys(("",), ""),
    **dict.fromkeys(("error", "errors", "错误"), "error"),
    **dict.fromkeys(("warn", "warning", "warnings", "警告"), "warn"),
}


class Diagnostics(RemoteRequest, frozen=True):
    """The diagnostics, the worst first, up to 20.

    All, errors only, or errors and warnings (`warn`).
    """

    level: _Level = ""

    declaration = RemoteDeclaration("diag", "诊断", "Diagnostics", "诊断信息", "[error|warn]")

    @classmethod
    def parse(cls, argument: str) -> Diagnostics | None:
        """With a level or nothing."""
        level = _LEVELS.get(remote_arguments.folded(argument))
        return None if level is None else cls(level)


class Quickfix(RemoteRequest, frozen=True):
    """The quickfix list, up to 20 entries, none of secret files."""

    declaration = RemoteDeclaration("qf", "快速修复", "Quickfix list", "问题列表")


class Diff(RemoteRequest, frozen=True):
    """What changed since the last commit, up to 12,000 characters.

    In one file or, with an empty `path`, below the folder.
    """

    path: str = ""

    declaration = RemoteDeclaration("diff", "差异", "Changes", "未提交的改动", "[file]")

    @classmethod
    def parse(cls, argument: str) -> Diff:
        """With any path."""
        return cls(argument)


class FileSlice(RemoteRequest, frozen=True):
    """Lines of a file, up to 200; 40 without a last line.

    Lines `first` to `last`, from 1, inclusive.
    """

    path: str
    first: int
    last: int

    declaration = RemoteDeclaration(
        *("file", "文件", "Lines of a file", "文件内容", "path:10-40"),
        most_lines=MOST_LINES,
    )

    @classmethod
    def parse(cls, argument: str) -> FileSlice | None:
        """With a path, and a line or two after it."""
        position = remote_arguments.place_in_file(argument)
        if position is None:
            return None
        path, first, last = position
        last = first + FEW_LINES - 1 if last is None else last
        return cls(path, first, last) if last - first < MOST_LINES else None


class OpenAt(RemoteRequest, frozen=True):
    """Shows a file in Neovim at that line; the cursor stays.

    `line` counts from 1.
    """

    path: str
    line: int = 1

    declaration = RemoteDeclaration(
        "open", "打开", "Open in Neovim", "在编辑器打开", "path:88", effect=True
    )

    @classmethod
    def parse(cls, argument: str) -> OpenAt | None:
        """With a path, and perhaps a line after it."""
        position = remote_arguments.place_in_file(argument)
        return None if position is None else cls(position[0], position[1])


class RunJob(RemoteRequest, frozen=True):
    """Runs a job and reports its result; without a name, lists the jobs."""

    name: str = ""

    declaration = RemoteDeclaration("run", "运行", "Run a job", "运行任务", "[name]", effect=True)

    @classmethod
    def parse(cls, argument: str) -> RunJob | None:
        """With one word or none."""
        return cls(argument) if len(argument.split()) <= 1 else None


class Btw(RemoteRequest, frozen=True):
    """A message that is answered next, before others that wait.

    It is a message to the session, not a command about it.
    """

    text: str

    declaration = RemoteDeclaration(
        *("btw", "顺便", "Answer this next", "先回答这条", "text"), users=Users.ALL
    )

    @classmethod
    def parse(cls, argument: str) -> Btw | None:
        """With a text."""
        return cls(argument) if argument else None


ForRobot = (
    Help
    | Status
    | WhoAmI
    | WhereAmI
    | Mute
    | ListSessions
    | ChooseSession
    | Approve
    | Reject
    | AllowAlways
)
"""Commands that the robot's service answers (`service/robots/robot_commands.py`)."""

ForSession = (
    NewSession
    | ClearSession
    | StopAnswer
    | ChooseAgent
    | ListAgentSessions
    | ResumeAgentSession
    | History
    | Where
    | Diagnostics
    | Quickfix
    | Diff
    | FileSlice
    | OpenAt
    | RunJob
)
"""Commands that a session's editor answers: `session_requests.py` and `project_requests.py` of
`service/editors/`."""

RemoteCommand = ForRobot | ForSession | Btw
"""All commands. Matched exhaustively where they are answered: mypy fails for a missing case."""

KINDS: tuple[type[RemoteCommand], ...] = get_args(RemoteCommand)

COMMANDS: tuple[RemoteDeclaration, ...] = tuple(kind.declaration for kind in KINDS)

NAMES: tuple[str, ...] = tuple(one.name for one in COMMANDS)
"""The names that settings may list."""
