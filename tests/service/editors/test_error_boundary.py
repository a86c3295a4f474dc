"""What goes wrong for one editor is shown to its user, with what finds it in the log."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest

from dingbridge.protocol import updates
from dingbridge.service.editors.error_boundary import ErrorBoundary
from dingbridge.service.editors.screen import Screen


class RecordedScreen:
    """Records the notices."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def show(self, *shown: Any) -> None:
        self.notices += [one.text for one in shown if isinstance(one, updates.ShowNotice)]


def test_the_notice_of_a_defect_names_what_finds_its_trace_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    screen = RecordedScreen()

    def broken() -> None:
        raise KeyError("nothing")

    ErrorBoundary(cast("Screen", screen)).run(broken)
    found = re.search(r"unexpected KeyError; look for ([0-9a-f]{6}) in", screen.notices[0])
    assert found is not None
    assert f"unexpected error {found[1]}" in caplog.text
