"""Plays a conversation without a terminal, and finds out whether all of it arrived."""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from dingbridge.core.text import shorten
from dingbridge.demo.conversation import (
    DeliveredPiece,
    SpokenLine,
    differences,
    plain,
    put_together,
)
from dingbridge.demo.editor import HeadlessNeovim
from dingbridge.demo.service import ended_at_last
from dingbridge.demo.words import CODE, WAYS, place_of, width
from dingbridge.sandbox.records import ArrivedMessage
from dingbridge.sandbox.server import Sandbox

PATIENCE = 30.0
"""Seconds that anything may take to arrive."""
LONG = 21_000
"""Characters of the long message: more than the 20,000 that any one message may have."""
SHOWN = 40
"""Characters of a message that the list of all messages shows."""
RULE = 70
"""Columns of the line above such a list."""
YOU = "You"
FRIEND, FRIEND_ID = "张三", "zhangsan"
STRANGER, STRANGER_ID = "李四", "lisi"
GROUP = "产品讨论群"


class Play:
    """The conversation: what was done so far, and what both sides have to show for it."""

    def __init__(
        self, sandbox: Sandbox, editor: HeadlessNeovim, out: TextIO, patience: float
    ) -> None:
        self._sandbox = sandbox
        self._phone = sandbox.client
        self._editor = editor
        self._out = out
        self._patience = patience
        self._steps = 0
        self.in_editor: list[SpokenLine] = []
        self.in_dingtalk: list[SpokenLine] = []

    def perform(self) -> None:
        """All steps. Raises `TimeoutError` or `ValueError` at the first that does not work out."""
        self._bind()
        self._step("A message comes in, 1:1")
        self._hear("你好！服务器的磁盘快满了，能看一下吗？")
        self._step("The draft answers it")
        self._answer("Looking into it: `df -h` shows 91 % on /var.", "session", FRIEND)
        self._step("A message comes in from a group, with a mention")
        self._hear("昨晚的构建通过了吗？", group=GROUP)
        self._step("The draft answers into the group")
        self._answer("通过了 ✅ build 1024 is green.", "session", GROUP, f"\n\n@{FRIEND_ID}")
        self._step(f"A message of {LONG:,} characters goes out in pieces")
        self._hear("把完整的日志发给我。")
        self._answer(long_text(), "session", FRIEND)
        self._let_in()
        self._reconnect()
        self._fall_back()

    def arrived(self) -> list[SpokenLine]:
        """What DingTalk got, pieces put together."""
        pieces = [DeliveredPiece(_way(each), plain(each.text)) for each in self._phone.arrived()]
        return put_together(pieces, self.in_dingtalk)

    # --- steps ------------------------------------------------------------------------------------

    def _bind(self) -> None:
        self._step("A session is bound to DingTalk")
        options = self._sandbox.settings()
        options.pop("webhook", None)
        access = {"allow_from": [FRIEND_ID], "group_policy": "open"}
        self._editor.setup({**options, **access, "python": sys.executable})
        self._editor.command("Chat new demo")
        self._editor.command("Chat bridge dingtalk")
        self._until(self._has_link_or_trouble, "the connection")
        if not self._editor.status()["connected"]:
            raise ValueError(f"the connection: {self._editor.status()['last_error']}")
        self._phone.wait_connections(1, total=1, timeout=self._patience)
        for words in self._editor.said():
            self._tell(f"{words}")
        self._done("connected")

    def _hear(
        self, text: str, *, group: str | None = None, who: tuple[str, str] = (FRIEND, FRIEND_ID)
    ) -> None:
        """Somebody (by default 张三) says something, and the editor shows it."""
        name, user = who
        self._phone.say(text, user=user, group=group, mention=group is not None)
        self.in_editor.append(SpokenLine(f"{name} · {group}" if group else name, text))
        self._tell(f"{self.in_editor[-1].who}: {text}")
        self._shown()
        self._done("shown in the session")

    def _answer(self, text: str, route: str, to: str, mention: str = "") -> None:
        """The user sends the draft, and it reaches `to` by this route, with the `mention` of who
        asked."""
        before = len(self._phone.arrived())
        self._editor.send_draft(text)
        self.in_editor.append(SpokenLine(YOU, text, "sent"))
        self.in_dingtalk.append(SpokenLine(f"{WAYS[route]} → {to}", text + mention))
        self._tell(f"{YOU}: {shorten(text, SHOWN)}")
        self._shown()
        pieces = self._phone.arrived()[before:]
        count = f" in {len(pieces)} pieces" if len(pieces) > 1 else ""
        self._done(f"arrived{count} by {', '.join(sorted({_way(each) for each in pieces}))}")

    def _let_in(self) -> None:
        self._step("A stranger asks with a code, and has access by it")
        asking = "让我也进来吧。"
        self._phone.say(asking, user=STRANGER_ID)
        self._tell(f"{STRANGER}: {asking}")
        [told] = self._phone.wait_arrived(
            lambda each: place_of(each) == STRANGER, timeout=self._patience
        )
        self._tell(f"dingbridge: {shorten(told.text.splitlines()[0], SHOWN)}")
        self.in_dingtalk.append(SpokenLine(f"{WAYS['session']} → {STRANGER}", plain(told.text)))
        found = CODE.search(told.text)
        if found is None:
            raise ValueError(f"no code in {told.text!r}")
        self._editor.command(f"Chat pair {found[1]}")
        welcome = self._phone.wait_arrived(
            lambda each: place_of(each) == STRANGER and each != told, timeout=self._patience
        )[0]
        self._tell(f"dingbridge: {welcome.text}")
        self.in_dingtalk.append(SpokenLine(_way(welcome), plain(welcome.text)))
        self.in_editor.append(SpokenLine(STRANGER, asking))
        self._shown()
        self._done("what they wrote is shown now")
        self._hear("谢谢！现在听得到我吗？", who=(STRANGER, STRANGER_ID))

    def _reconnect(self) -> None:
        self._step("The connection breaks and comes back")
        self._phone.abort()
        self._phone.wait_connections(1, total=2, timeout=self._patience)
        self._until(lambda: self._editor.status()["connected"], "the connection again")
        self._done("connected again")
        self._hear("断线之后还在吗？")

    def _fall_back(self) -> None:
        self._step("The reply address has expired, so the answer takes another way")
        self._phone.expire_session_webhooks()
        self._answer("还在，一条都没丢。", "single", FRIEND)

    # --- looking and telling ----------------------------------------------------------------------

    def _shown(self) -> None:
        """Wait until the session's last message is the wanted one."""
        wanted = self.in_editor[-1]
        self._until(
            lambda: wanted in self._editor.transcript(),
            f"{wanted.who}: {shorten(wanted.text, SHOWN)}",
        )

    def _has_link_or_trouble(self) -> bool:
        status = self._editor.status()
        return bool(status["connected"] or status["last_error"])

    def _until(self, look: Callable[[], bool], wanted: str) -> None:
        self._editor.until(look, wanted, self._patience)

    def _step(self, title: str) -> None:
        self._steps += 1
        self._write(f"\n{self._steps}. {title}")

    def _tell(self, words: str) -> None:
        self._write("   │ " + words.replace("\n", "\n   │ "))

    def _done(self, words: str) -> None:
        self._write(f"   ✓ {words}")

    def _write(self, words: str) -> None:
        self._out.write(words + "\n")
        self._out.flush()


def play(
    sandbox: Sandbox | None = None, out: TextIO | None = None, patience: float = PATIENCE
) -> int:
    """Play the conversation; returns 0 when every message arrived exactly once and in order.

    It is played with a `sandbox` of its own unless one is given, which is stopped at the end.
    `patience` is in seconds. Raises `NoNeovim` when there is none to play with.
    """
    if out is None:
        out = sys.stdout
        if isinstance(out, io.TextIOWrapper):
            # A pipe may have an encoding that knows neither Chinese nor check marks.
            out.reconfigure(errors="replace")
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="dingbridge-", ignore_cleanup_errors=True) as home,
        sandbox or Sandbox() as dingtalk,
        ended_at_last(Path(home)),
        HeadlessNeovim(Path(home)) as editor,
    ):
        out.write(f"Neovim {editor.version} talks with a DingTalk on this machine\n")
        conversation = Play(dingtalk, editor, out, patience)
        problems: list[str] = []
        try:
            conversation.perform()
        except (TimeoutError, ValueError) as stopped:
            problems = [str(stopped), *(f"the editor said: {words}" for words in editor.said())]
        transcript, arrived = editor.transcript(), conversation.arrived()
    problems += differences("in the editor", conversation.in_editor, transcript)
    problems += differences("in DingTalk", conversation.in_dingtalk, arrived)
    out.write(_both_sides(transcript, arrived))
    for problem in problems:
        out.write(f"✗ {problem}\n")
    if problems:
        return 1
    out.write(
        f"✓ {len(transcript)} messages in the editor and {len(arrived)} in DingTalk: each exactly "
        f"once and in order ({time.monotonic() - began:.1f} s)\n"
    )
    return 0


def long_text() -> str:
    """Numbered lines of Chinese, `LONG` characters in all."""
    text = ""
    for number in range(1, LONG):
        text += f"第{number}行：磁盘检查完成，一切正常，没有发现需要处理的问题。\n"
        if len(text) >= LONG:
            break
    return text[: LONG - 1] + "完"


def _both_sides(transcript: Sequence[SpokenLine], arrived: Sequence[SpokenLine]) -> str:
    """The whole conversation, as each side shows it at the end."""
    lines = []
    for title, side in (("In the editor", transcript), ("In DingTalk", arrived)):
        lines.append(f"\n── {title} " + "─" * (RULE - len(title)))
        column = max((width(line.who) for line in side), default=0)
        for line in side:
            who = line.who + " " * (column - width(line.who))
            fate = f"{'✓ ' if line.fate == 'sent' else ''}{line.fate}"
            lines.append(f"{who}  {shorten(line.text, SHOWN)}  {fate}".rstrip())
    return "\n".join(lines) + "\n\n"


def _way(arrived: ArrivedMessage) -> str:
    return f"{WAYS[arrived.route]} → {place_of(arrived)}"
