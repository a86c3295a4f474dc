"""Where in the editor a command was given."""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core import markdown
from dingbridge.core.destinations import Destination


class Place(Struct, frozen=True):
    """Where in the editor a command was given. `session` is that of the chat the user is in or
    was in last, after `opened` openings that the editor had carried out (a count); `lines` are
    those of the range, empty without one; `cwd` is the editor's. `begun_for` is the conversation
    that the bar of that session names, if it names one."""

    session: str = ""
    opened: int = 0
    cwd: str = ""
    file: str = ""
    filetype: str = ""
    first_line: int = 0
    last_line: int = 0
    lines: tuple[str, ...] = ()
    begun_for: Destination | None = None

    @property
    def block(self) -> str:
        """The range as a fenced block with its file name, language and line numbers."""
        if not self.lines:
            return ""
        code = "\n".join(self.lines)
        return markdown.fenced(code, self.file, self.filetype, self.first_line, self.last_line)
