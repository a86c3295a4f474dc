"""The pictures of the documents, by name, and what is on each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from dingbridge.sandbox.client import PICTURE
from dingbridge.sandbox.faults import Fault
from tests.screens.scene import Scene, scene
from tests.screens.terminal import DARK, LIGHT, Look
from tests.support.agent_sessions import agent, plan, tool
from tests.support.scripted_agent import Steps

Act = Callable[[Scene], None]

ASKED = "`resume` 还是偶尔失败，能修一下吗？"
DIFF = {
    "type": "diff",
    "path": "lua/queue.lua",
    "oldText": "function M.resume(queue)\n  queue:close()\nend\n",
    "newText": "function M.resume(queue)\n  queue:flush()\n  queue:close()\nend\n",
}
STEPS: Steps = [
    ["thought", "The queue is closed before its last entry is written."],
    plan(("Find where `resume` closes the queue", "completed"), ("Mend it", "completed")),
    tool("edit", "Edit lua/queue.lua", kind="edit", status="completed", content=[DIFF]),
    tool("run", "make test ONLY=resume", kind="execute", status="completed"),
    ["text", "`resume` closed the queue **before** its last entry was written."],
]

CODE = """## 发布检查
构建通过了，还剩一个用例不稳定：
```lua
local function resume(queue)
  queue:close()
  assert(queue:pending() == 1)
end
```"""
TABLE = """On my machine:

| 用例 | Linux | macOS | time |
|---|:-:|:-:|--:|
| 断线重连 | ✓ | ✓ | 1.2 s |
| resume | ✓ | ✗ | 30.0 s |"""
FIXED = "改好了，请再跑一遍 **resume**，日志在[这里](https://ci.example.com/812)。"


def conversation(one: Scene) -> None:
    """A conversation of two days, with an unread line and a draft."""
    one.bind()
    one.say("2026-11-29 18:20", "The notes for 2.4 are in the wiki.", "lisi")
    one.say("09:41", CODE, "zhangsan")
    one.write("09:44", TABLE)
    one.say_picture("09:47", PICTURE, "lisi")
    one.look_away()
    one.say("14:04", FIXED, "zhangsan")
    one.say("14:05", "Running it now.", "lisi")
    one.keys("iThanks! I tag it when `resume` is green.")


def guidance(one: Scene) -> None:
    """An empty session that is not bound."""
    one.set_up()
    one.editor.chat("new Release 2.4")
    one.editor.until(lambda: "Chat bridge" in "\n".join(one.editor.screen()))


def failed(one: Scene) -> None:
    """A message that failed, with the reason and what helps."""
    one.bind()
    one.say("09:41", "Is the build green?", "zhangsan")
    code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    one.sandbox.client.fault(Fault.http("*", 403, code, None))
    one.sandbox.client.expire_session_webhooks()
    one.write("09:42", "Yes, all of it.", "failed")


def keys(one: Scene) -> None:
    """The list of keys."""
    one.bind()
    one.say("09:41", "Is the build green?", "lisi")
    one.keys("g?")
    one.editor.until(lambda: "Show the keys" in "\n".join(one.editor.screen()))


def floating(one: Scene) -> None:
    """A chat in floating windows."""
    one.set_up(window={"layout": "float", "width": 0.7, "height": 0.8})
    one.editor.chat("bridge dingtalk")
    one.editor.until_lua("require('dingbridge').status().connected")
    one.say("09:41", CODE, "zhangsan")
    one.write("09:44", "I look at it.")


def turn(one: Scene) -> None:
    """A turn of an agent: its plan, what it did, with one step open, and the answer."""
    one.bind(agent=agent(STEPS))
    one.say("14:04", ASKED, "zhangsan")
    one.editor.until(lambda: one.editor.transcript()[-1]["delivery"] == "sent")
    one.keys("<Tab>gg/queue.lua<CR>za<Cmd>nohlsearch<CR>G<Tab>")
    one.editor.until(lambda: "queue:flush" in "\n".join(one.editor.screen()))


def _taken(act: Act, columns: int, lines: int, look: Look, display: str, file: Path) -> None:
    with scene(display, columns, lines, look) as one:
        act(one)
        one.picture(file)


Taking = Callable[[str, Path], None]
"""Takes a picture on the display with that name, into that file."""


def _all() -> dict[str, Taking]:
    found: dict[str, Taking] = {}
    for look in (DARK, LIGHT):
        for columns, lines in ((120, 36), (80, 24), (40, 24)):
            name = f"chat-{look.name}-{columns}"
            found[name] = partial(_taken, conversation, columns, lines, look)
    for name, act, columns, lines in (
        ("failed", failed, 80, 17),
        ("guidance", guidance, 80, 18),
        ("keys", keys, 80, 30),
        ("turn", turn, 100, 30),
        ("float", floating, 100, 30),
    ):
        found[name] = partial(_taken, act, columns, lines, DARK)
    return found


PICTURES = _all()
