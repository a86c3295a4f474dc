"""Agents that are gone at the end of a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.agents import Agents


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[Agents]:
    """A thread of agents that work in `tmp_path`."""
    made = Agents(str(tmp_path))
    yield made
    made.thread.stop()
