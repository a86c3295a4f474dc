"""A pytest plugin: whoever waits for a child process, test or fixture, waits no longer than a test.

pytest-timeout ends a test, but not the fixtures that clean up after it: a child that never ends
would hold them, and the whole run, for ever.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Generator

import pytest

from tests.support.processes import descendants, end

GRACE = float(os.environ.get("DINGBRIDGE_TEST_GRACE", "15"))
"""Seconds that fixtures have to clean up after a test that ran into its time limit."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Ends all children of this process when the test takes longer than it and its fixtures may."""
    marker = item.get_closest_marker("timeout")
    limit = float(marker.args[0] if marker and marker.args else item.config.getini("timeout"))

    def end_children() -> None:
        for child in descendants(os.getpid()):
            end(child)

    timer = threading.Timer(limit + GRACE, end_children)
    timer.daemon = True
    timer.start()
    try:
        return (yield)
    finally:
        timer.cancel()
