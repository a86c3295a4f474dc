"""The one declaration of the commands that people send from DingTalk, and the reading of a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from difflib import get_close_matches
from enum import Enum
from typing import Literal

from msgspec import Struct

MOST_MESSAGES = 50
"""Messages that `/history` shows at most."""

MOST_LINES = 200
"""Lines that `/file` shows at most."""

FEW_MESSAGES = 5
FEW_LINES = 40
"""What is shown when no number is given."""

_LONGEST_ARGUMENT = 1000


class Place(str, Enum):
    """Where a command is answered."""

    BRIDGE = "bridge"
    """The hub knows it."""
    SESSION = "session"
    """The editor that has the session bound, from the transcript and the responder."""
    EDITOR = "editor"
    """Neovim itself has to look."""
    PROJECT = "project"
    """The files and programs in the session's project folder."""


class Help(Struct, frozen=True, tag="help"):
    """What may I say?"""


class Status(Struct, frozen=True, tag="status"):
    """How is the bridge doing?"""


class WhoAmI(Struct, frozen=True, tag="whoami"):
    """Which id has the person who asks?"""


class WhereAmI(Struct, frozen=True, tag="whereami"):
    """Which conversation is this, and which session does it speak to?"""


class ListSessions(Struct, frozen=True, tag="list"):
    """Which sessions are bound? Only those with `text` in them; empty means all."""

    text: str = ""


class ChooseSession(Struct, frozen=True, tag="session"):
    """Speak to that session, named by number or id. Empty asks which there are."""

    wanted: str = ""


class NewSession(Struct, frozen=True, tag="new"):
    """Start a session for this conversation."""


class ClearSession(Struct, frozen=True, tag="clear"):
    """Remove all messages from the session."""


class StopAnswer(Struct, frozen=True, tag="stop"):
    """Stop the answer that is being worked on."""


class History(Struct, frozen=True, tag="history"):
    """The last `count` messages, 1 to `MOST_MESSAGES`."""

    count: int = FEW_MESSAGES


class Where(Struct, frozen=True, tag="where"):
    """Which place does the editor's user look at?"""


class Diagnostics(Struct, frozen=True, tag="diag"):
    """The diagnostics: all, errors only, or errors and warnings (`warn`)."""

    level: Literal["", "error", "warn"] = ""


class Quickfix(Struct, frozen=True, tag="qf"):
    """The quickfix list."""


class Diff(Struct, frozen=True, tag="diff"):
    """What has changed since the last commit, in one file or, if empty, below the folder."""

    path: str = ""


class FileSlice(Struct, frozen=True, tag="file"):
    """Lines `first` to `last` of a file, from 1, inclusive, `MOST_LINES` at most."""

    path: str
    first: int
    last: int


class OpenAt(Struct, frozen=True, tag="open"):
    """Show a file in the editor at a line, from 1."""

    path: str
    line: int = 1


class RunJob(Struct, frozen=True, tag="run"):
    """Run the job of that name from the settings. Empty asks which there are."""

    name: str = ""


Command = (
    Help
    | Status
    | WhoAmI
    | WhereAmI
    | ListSessions
    | ChooseSession
    | NewSession
    | ClearSession
    | StopAnswer
    | History
    | Where
    | Diagnostics
    | Quickfix
    | Diff
    | FileSlice
    | OpenAt
    | RunJob
)
"""What a person may ask for. Each kind's tag is its name; `msgspec` can encode and decode them."""


class Unknown(Struct, frozen=True):
    """A word that is no command. `nearest` is the known word closest to it, or empty."""

    word: str
    nearest: str


class Bad(Struct, frozen=True):
    """The command `name` with an argument it cannot take. `words` tell the right form."""

    name: str
    words: str


class Declaration(Struct, frozen=True):
    """One command. `arguments` is shown as it stands, `[x]` may be left out; `effect` tells that
    it changes something. `read` gives the value for an argument, or None for a bad one."""

    name: str
    chinese: str
    arguments: str
    meaning: str
    meaning_chinese: str
    place: Place
    read: Callable[[str], Command | None]
    effect: bool = False

    @property
    def form(self) -> str:
        """How it is written."""
        return f"/{self.name} {self.arguments}".strip()


def _alone(kind: Callable[[], Command]) -> Callable[[str], Command | None]:
    return lambda rest: None if rest else kind()


_NUMBER = "[0-9０-９]{1,7}"  # int() reads the digits of both widths
_COUNT = re.compile(_NUMBER)
_PLACE_IN_FILE = re.compile(rf"(.*?)(?:[:：]({_NUMBER})(?:[-－–—~～]({_NUMBER}))?)?", re.DOTALL)
_ASCII_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_LEVELS: dict[str, Literal["", "error", "warn"]] = {
    **dict.fromkeys(("",), ""),
    **dict.fromkeys(("error", "errors", "错误"), "error"),
    **dict.fromkeys(("warn", "warning", "warnings", "警告"), "warn"),
}


def _session(rest: str) -> ChooseSession | None:
    return ChooseSession(rest.translate(_ASCII_DIGITS)) if len(rest.split()) <= 1 else None


def _history(rest: str) -> History | None:
    if not rest:
        return History()
    count = int(rest) if _COUNT.fullmatch(rest) else 0
    return History(count) if 1 <= count <= MOST_MESSAGES else None


def _diagnostics(rest: str) -> Diagnostics | None:
    level = _LEVELS.get(_folded(rest))
    return None if level is None else Diagnostics(level)


def _place_in_file(rest: str) -> tuple[str, int, int | None] | None:
    """The path, the first line (1 without one, None for no place at all) and the last line."""
    found = _PLACE_IN_FILE.fullmatch(rest)
    if found is None or not found[1].strip():
        return None
    first, last = int(found[2] or 1), int(found[3]) if found[3] else None
    if first < 1 or (last is not None and last < first):
        return None
    return found[1].strip(), first, last


def _file(rest: str) -> FileSlice | None:
    place = _place_in_file(rest)
    if place is None:
        return None
    path, first, last = place
    last = first + FEW_LINES - 1 if last is None else last
    return FileSlice(path, first, last) if last - first < MOST_LINES else None


def _open(rest: str) -> OpenAt | None:
    place = _place_in_file(rest)
    return None if place is None else OpenAt(place[0], place[1])


def _job(rest: str) -> RunJob | None:
    return RunJob(rest) if len(rest.split()) <= 1 else None


_HUB, _SESSION, _EDITOR, _PROJECT = Place

COMMANDS: tuple[Declaration, ...] = (
    Declaration("help", "帮助", "", "This list", "这份清单", _HUB, _alone(Help)),
    Declaration("status", "状态", "", "How it goes", "桥的状态", _HUB, _alone(Status)),
    Declaration("whoami", "我是谁", "", "Your id", "您的编号", _HUB, _alone(WhoAmI)),
    Declaration("whereami", "我在哪", "", "This chat's id", "本会话编号", _HUB, _alone(WhereAmI)),
    Declaration("list", "列表", "[text]", "Open sessions", "绑定的会话", _HUB, ListSessions),
    Declaration("session", "会话", "[n]", "Switch session", "切换会话", _HUB, _session, True),
    Declaration("new", "新建", "", "New session", "新建会话", _SESSION, _alone(NewSession), True),
    Declaration("clear", "清空", "", "Clear it", "清空会话", _SESSION, _alone(ClearSession), True),
    Declaration(
        "stop", "停止", "", "Stop answering", "停止回答", _SESSION, _alone(StopAnswer), True
    ),
    Declaration("history", "历史", "[n]", "Last messages", "最近的消息", _SESSION, _history),
    Declaration("where", "位置", "", "Place in Neovim", "编辑器位置", _EDITOR, _alone(Where)),
    Declaration("diag", "诊断", "[error|warn]", "Diagnostics", "诊断信息", _EDITOR, _diagnostics),
    Declaration("qf", "快速修复", "", "Quickfix list", "问题列表", _EDITOR, _alone(Quickfix)),
    Declaration("diff", "差异", "[file]", "Changes", "未提交的改动", _PROJECT, Diff),
    Declaration("file", "文件", "path:10-40", "Lines of a file", "文件内容", _PROJECT, _file),
    Declaration("open", "打开", "path:88", "Open in Neovim", "在编辑器打开", _EDITOR, _open, True),
    Declaration("run", "运行", "[name]", "Run a job", "运行任务", _PROJECT, _job, True),
)

NAMES: tuple[str, ...] = tuple(one.name for one in COMMANDS)
"""The names that settings may list."""

_BY_NAME = {one.name: one for one in COMMANDS}
_BY_WORD = {**_BY_NAME, **{one.chinese: one for one in COMMANDS}}

_FORM = re.compile(
    r"[/／](?P<word>[^\W\d_][\w-]{0,31})(?P<mark>[:：]|[。．.!！?？,，]*(?=\s|$))\s*(?P<rest>.*)",
    re.DOTALL,
)


def read(text: str) -> Command | Unknown | Bad | None:
    """The command in a message; None for a message that is meant for the session.

    A command starts with a slash and a letter, in any case and of any width. A known word is never
    passed on, whatever follows it. A path (a second slash, a dot inside the word), a regular
    expression, a comment and a text of several lines with an unknown word are for the session.
    Never raises.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    word, rest = found["word"], found["rest"].strip()
    declaration = _BY_WORD.get(_folded(word))
    if declaration is None:
        is_prose = found["mark"] or "\n" in text.strip()
        return None if is_prose else Unknown(word, _nearest(_folded(word)))
    if "\n" in rest or len(rest) > _LONGEST_ARGUMENT:
        return Bad(declaration.name, _usage(declaration))
    command = declaration.read(rest)
    return Bad(declaration.name, _usage(declaration)) if command is None else command


def declared(command: Command | Bad) -> Declaration:
    """The declaration of a command that was read."""
    if isinstance(command, Bad):
        return _BY_NAME[command.name]
    return _BY_NAME[str(type(command).__struct_config__.tag)]


def name_of(word: str) -> str | None:
    """The name of the command that `word` stands for, in either language, with or without its
    slash; None if there is no such command. For settings that list commands."""
    declaration = _BY_WORD.get(_folded(word.strip().lstrip("/／")))
    return None if declaration is None else declaration.name


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


def _nearest(word: str) -> str:
    begun = [known for known in _BY_WORD if known.startswith(word)]
    holds = [one.chinese for one in COMMANDS if one.chinese in word]
    # One Chinese character of two is much alike, half of a few letters is chance.
    least = 0.6 if word.isascii() else 0.5
    near = begun or holds or get_close_matches(word, _BY_WORD, n=1, cutoff=least)
    return near[0] if near else ""


def _usage(declaration: Declaration) -> str:
    return f"用法 Usage: `{declaration.form}`{_NOTES.get(declaration.name, '')}"


_NOTES = {
    "history": f" (1-{MOST_MESSAGES})",
    "file": f" (最多 {MOST_LINES} 行 at most {MOST_LINES} lines)",
}
