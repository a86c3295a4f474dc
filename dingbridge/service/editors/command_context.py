"""Where in the editor a command was given, and the text that it took from there."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.markdown import code_blocks
from dingbridge.core.secrets.excerpts import Around
from dingbridge.core.sessions.destinations import Destination


class CommandContext(Struct, frozen=True):
    """Where in the editor a command was given.

    - `session` is the chat that the user is in or was in last.
    - `opened` counts the openings that the editor had carried out. A session opened after that is
      meant instead of `session`. None: exactly `session` is meant.
    - `cwd` is the editor's folder.
    - `file` is the buffer's file name to show to others, `path` its path.
    - `lines` are those of the range; `before` are some lines above it.
    - `begun_for` is the conversation that the session's bar shows, if any.
    """

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
        """`text` followed by the range as a fenced code block, and what stood before the block's
        code."""
        if not self.lines:
            return text, Around()
        code = "\n".join(self.lines)
        block = code_blocks.fenced(code, self.file, self.filetype, self.first_line, self.last_line)
        whole = f"{text}\n\n{block}" if text else block
        line = whole.count("\n") - block.count("\n") + 2
        return whole, Around("\n".join(self.before), line)
