"""A pytest plugin that ends child processes on which a test or its fixtures wait too long.

pytest-timeout ends a test but not its fixtures: a child that never ends would block the whole run.
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
    """End all children of this process if the test and its fixtures exceed their time."""
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
