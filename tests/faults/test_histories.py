"""A fixed choice of random histories; `make soak` runs any number of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import soak
from tests.faults.histories import history

SEEDS = range(1, 33)
"""Chosen by nobody: the first ones."""
FOUND = (910072,)
"""Histories that once failed."""


@pytest.mark.parametrize("seed", [*SEEDS, *FOUND])
def test_nothing_is_lost_and_nothing_comes_twice(seed: int, tmp_path: Path) -> None:
    outcome = soak.run(seed, tmp_path / "home")
    assert not outcome.report, outcome.report


def test_a_seed_gives_the_same_history_each_time() -> None:
    assert history(7) == history(7)
    assert history(7) != history(8)


def test_the_histories_hold_every_kind_of_trouble() -> None:
    kinds = {type(step).__name__ for seed in range(300) for step in history(seed).operations}
    assert kinds == {
        "Abort",
        "Await",
        "Bind",
        "Chat",
        "CrashLoop",
        "Disconnect",
        "ExpireSessionWebhooks",
        "Fill",
        "Freeze",
        "HalfOpen",
        "KillEditor",
        "KillHost",
        "KillService",
        "Notify",
        "Pass",
        "Quit",
        "Redeliver",
        "Refuse",
        "Release",
        "RemoveRuntimeFolder",
        "RestartService",
        "RevokeTokens",
        "Say",
        "Send",
        "SendAndExit",
        "SendFile",
        "Start",
        "Tear",
        "Trouble",
        "Unbind",
        "Upgrade",
    }
