"""A Neovim in a terminal with a conversation: fixed names and times, nothing of the machine."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import Person, SandboxGroup, Settings
from tests.screens.terminal import LIFE, Look, take, xterm
from tests.support import services
from tests.support.editor import Editor

GROUP = SandboxGroup("cidRELEASE==", "Release 2.4")
PEOPLE = (Person("张三", staff_id="zhangsan"), Person("Li Si", staff_id="lisi"))
NOW = "2026-11-30 14:06"

_CLOCK = """
local now, shown, times = ..., '', {}
local time, date = os.time, os.date
os.time = function(of) return of and time(of) or now end
os.date = function(format, at) return date(format, at or now) end
local updates = require('dingbridge.updates')
local apply = updates.apply
updates.apply = function(list)
  for _, update in ipairs(list) do
    for _, message in ipairs(update.kind == 'messages' and update.list or {}) do
      times[message.id] = times[message.id] or shown
      message.time = times[message.id]
    end
    if update.kind == 'turn' then
      update.message.time = shown
    elseif update.kind == 'approval' then
      update['until'] = now + 285
    end
  end
  return apply(list)
end
_G.message_time = function(at) shown = at end
"""
_NO_NOTICES = """
for _, window in ipairs(vim.api.nvim_list_wins()) do
  local config = vim.api.nvim_win_get_config(window)
  if config.relative ~= '' and not config.focusable then vim.api.nvim_win_close(window, true) end
end
"""
_STAND_STILL = """
vim.uv.walk(function(handle)
  if handle:get_type() == 'timer' and handle:get_repeat() > 0 then handle:stop() end
end)
"""


class Scene:
    """One Neovim in a terminal, and the DingTalk that it is bound to.

    Every message has the time that it is given, on a clock that stands still at `NOW`.
    """

    def __init__(self, editor: Editor, sandbox: Sandbox, display: str) -> None:
        self.editor = editor
        self.sandbox = sandbox
        self._display = display

    def set_up(self, **options: Any) -> None:
        """Set the plugin up for the DingTalk on loopback, with 张三 and Li Si admitted."""
        known = self.sandbox.settings()
        names = ("app_key", "app_secret", "endpoint")
        everybody = [person.staff_id for person in PEOPLE]
        self.editor.setup(
            {
                **{name: known[name] for name in names},
                "allow_from": everybody,
                "group_policy": "open",
                "reaction": False,
                "mention_asker": False,
                **options,
            }
        )

    def bind(self, **options: Any) -> None:
        """Set up, bind the session and wait until it is connected."""
        self.set_up(**options)
        self.editor.chat("bridge dingtalk")
        self.editor.until_lua("require('dingbridge').status().connected")

    def say(self, at: str, text: str, user: str, group: str | None = GROUP.title) -> None:
        """Somebody writes in the group, or 1:1 if there is none."""
        self.at(at)
        before = self._count()
        self.sandbox.client.say(text, user=user, group=group)
        self.editor.until(lambda: self._count() > before)

    def say_picture(self, at: str, data: bytes, user: str) -> None:
        """Somebody sends a picture to the group."""
        self.at(at)
        before = self._count()
        self.sandbox.client.say_picture(data, user=user, group=GROUP.title)
        self.editor.until(lambda: self._count() > before)

    def write(self, at: str, text: str, fate: str = "sent") -> None:
        """Send a draft and wait for its fate."""
        self.at(at)
        self.editor.type_draft(text)
        self.editor.nvim.command("write")
        self.editor.until(lambda: self.editor.transcript()[-1]["delivery"] == fate)

    def keys(self, text: str) -> None:
        """Press keys."""
        self.editor.nvim.input(text)

    def look_away(self) -> None:
        """Give the focus to another program, so that what arrives is unread."""
        self.editor.nvim.command("doautocmd FocusLost")

    def picture(self, file: Path) -> None:
        """Take a picture once two in a row are alike, so that all is drawn."""
        self.editor.lua(_NO_NOTICES)
        self.editor.lua(_STAND_STILL)
        self.editor.nvim.command("redraw!")
        window = str(self.editor.lua("return vim.env.WINDOWID"))
        last = b""

        def is_still() -> bool:
            nonlocal last
            before = last
            take(self._display, window, file)
            last = file.read_bytes()
            return last == before

        self.editor.until(is_still)

    def at(self, at: str) -> None:
        """Give the next messages this time."""
        self.editor.lua("message_time(...)", seconds(at if " " in at else f"{NOW[:11]}{at}"))

    def _count(self) -> int:
        return len(self.editor.transcript())


def seconds(at: str) -> float:
    return datetime.strptime(at, "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc).timestamp()


@contextmanager
def scene(
    display: str,
    columns: int,
    lines: int,
    look: Look,
    *commands: str,
    clock: Callable[[], float] = time.time,
) -> Iterator[Scene]:
    """A scene in a terminal of that size, with nothing set up. `commands` run at its start, `clock`
    is DingTalk's."""
    with (
        tempfile.TemporaryDirectory(prefix="screens") as folder,
        Sandbox(Settings(people=PEOPLE, groups=(GROUP,)), clock=clock) as sandbox,
    ):
        project = Path(folder, "project")
        project.mkdir()
        environ = {"TZ": "UTC", "LANG": "C.UTF-8", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
        editor = Editor(
            Path(folder, "home"),
            environ,
            commands=("set shortmess+=I", *commands),
            life=LIFE,
            terminal=xterm(display, columns, lines, look),
        )
        try:
            editor.execute("cd", project)
            editor.lua(_CLOCK, seconds(NOW))
            yield Scene(editor, sandbox, display)
        finally:
            editor.close()
            services.end(editor.data)
