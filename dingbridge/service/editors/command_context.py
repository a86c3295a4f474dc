"""Where in the editor a command was given, and what it took along from there."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.markdown import code_blocks
from dingbridge.core.secrets.excerpts import Around
from dingbridge.core.sessions.destinations import Destination


class CommandContext(Struct, frozen=True):
    """Where in the editor a command was given. `session` is that of the chat the user is in or
    was in last, after `opened` openings that the editor had carried out (a count); without a count
    exactly this session is meant, wherever the user is now. `lines` are those of the range, empty
    without one, and `before` some that stand above them; `cwd` is the editor's. `file` is the name
    of the buffer's file as others may see it, `path` where it is. `begun_for` is the conversation
    that the bar of that session names, if it names one."""

    session: str = ""
    opened: int | None = None
    cwd: str = ""
    file: str = ""
    path: str = ""
    filetype: str = ""
    first_line: int = 0
    last_line: int = 0
    lines: tuple[str, ...] = ()
    begun_for: Destination | None = None
    before: tuple[str, ...] = ()

    def below(self, text: str) -> tuple[str, Around]:
        """`text`, and below it the range as a fenced block with its file name, language and line
        numbers; and what stood before the block's code."""
        if not self.lines:
            return text, Around()
        code = "\n".join(self.lines)
        block = code_blocks.fenced(code, self.file, self.filetype, self.first_line, self.last_line)
        whole = f"{text}\n\n{block}" if text else block
        line = whole.count("\n") - block.count("\n") + 2
        return whole, Around("\n".join(self.before), line)
