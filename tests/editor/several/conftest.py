"""Fixtures with several Neovims."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartEditor
from tests.support.several_editors import NAMES, Team


@pytest.fixture
def team(start_editor: StartEditor, api_options: dict[str, Any], tmp_path: Path) -> Team:
    """Nobody yet, in API mode."""
    return Team(start_editor, {**api_options, "allow_from": ["*"], "commands": ["*"]}, tmp_path)


@pytest.fixture
def three(team: Team) -> Team:
    """Three editors, which are connected."""
    for name in NAMES:
        team.start(name)
        team.until_connected()
    return team
