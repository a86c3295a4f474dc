"""The ways to kill a part of the plugin, and what its user does next."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import StartEditor
from tests.support.editor import Editor
from tests.support.processes import frozen

Comeback = Callable[..., Editor]
"""Kills something of an editor, and gives the editor that goes on."""

_ATTACHED = "has attached"


def _nothing() -> None:
    """The default for `meanwhile`."""


class Kills:
    """`kill -9` of one process or of all at once, and what the user does next. `meanwhile` runs in
    between."""

    def __init__(self, start_editor: StartEditor) -> None:
        self._start_editor = start_editor

    def host(self, editor: Editor, meanwhile: Callable[[], None] = _nothing) -> Editor:
        """The host: the service continues."""
        editor.kill_host()
        editor.until_lua("not require('dingbridge.host').is_running()")
        meanwhile()
        return editor

    def editor(self, editor: Editor, meanwhile: Callable[[], None] = _nothing) -> Editor:
        """Neovim with its host: the service continues."""
        editor.kill()
        meanwhile()
        return self._start_editor()

    def service(self, editor: Editor, meanwhile: Callable[[], None] = _nothing) -> Editor:
        """The service: the editor stays and starts the next one."""
        before = editor.log().count(_ATTACHED)
        with frozen(editor.host_pid()):
            editor.kill_service()
            meanwhile()
        editor.until(lambda: editor.log().count(_ATTACHED) > before, "the next service")
        return editor

    def all(self, editor: Editor, meanwhile: Callable[[], None] = _nothing) -> Editor:
        """All processes."""
        editor.kill_all()
        meanwhile()
        return self._start_editor()
