"""The error boundary of one editor: shows its errors to its user and isolates the other editors."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dingbridge.core.catalogue import service as say
from dingbridge.core.errors import BridgeError, reference, told
from dingbridge.protocol import updates
from dingbridge.service.editors.restored_bindings import EarlierState
from dingbridge.service.editors.screen import Screen
from dingbridge.service.files import file_errors

log = logging.getLogger(__name__)


class ErrorBoundary:
    """Runs calls for an editor and shows their errors. Service loop only."""

    def __init__(self, editor: Screen) -> None:
        self._editor = editor

    def run(self, call: Callable[[], None]) -> None:
        """Run a call. Never raises."""
        try:
            call()
        except BridgeError as error:
            self._show(error)
        except Exception as error:  # a defect: the user gets one line, the log the trace
            name = reference(error)
            log.exception("unexpected error %s", name)
            words = say.UNEXPECTED(error=type(error).__name__, reference=name)
            self._editor.show(updates.ShowNotice(words, "error"))

    def file_trouble(self, error: Exception) -> None:
        """Show that a file cannot be read or written."""
        if isinstance(error, BridgeError):
            self._show(error)
            return
        words = file_errors.cannot_use(error)
        log.error("%s", words)
        self._editor.show(updates.ShowNotice(words, "error"))

    def show_found(self, found: EarlierState) -> None:
        """Show problems with the files read when the editor attached."""
        if found.trouble is not None:
            self.file_trouble(found.trouble)
        if found.damaged is not None:
            self._editor.show(updates.ShowNotice(*told(found.damaged)))
        for sentence in found.mended:
            log.warning("%s", sentence)
            self._editor.show(updates.ShowNotice(sentence, "warn"))

    def _show(self, error: BridgeError) -> None:
        log.info("refused: %s", error)
        self._editor.show(updates.ShowNotice(*told(error)))
