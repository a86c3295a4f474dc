"""Fixtures with ends of the IPC in folders of the test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ipc_ends import Ends


@pytest.fixture(params=["unix", "tcp"])
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    """Both kinds of local socket."""
    if request.param == "unix" and os.name != "posix":
        pytest.skip("no Unix sockets here")
    ends = Ends(tcp=request.param == "tcp")
    yield ends
    ends.close()


@pytest.fixture
def here() -> Iterator[Ends]:
    """The kind of local socket that is usual here."""
    ends = Ends(tcp=os.name != "posix")
    yield ends
    ends.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A private folder with a short name."""
    folder = Path(tempfile.mkdtemp(prefix="db-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def runtime(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's runtime folder."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder
