"""Fixtures for what is kept."""

from __future__ import annotations

import pytest

from tests.conftest import StartEditor
from tests.support.kills import Comeback, Kills


@pytest.fixture(params=["host", "editor", "service", "all"])
def come_back(request: pytest.FixtureRequest, start_editor: StartEditor) -> Comeback:
    """Any kill."""
    killed: Comeback = getattr(Kills(start_editor), request.param)
    return killed


@pytest.fixture(params=["service", "all"])
def start_anew(request: pytest.FixtureRequest, start_editor: StartEditor) -> Comeback:
    """A kill after which another service goes on."""
    killed: Comeback = getattr(Kills(start_editor), request.param)
    return killed
