"""The folders are those that Neovim itself uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from dingbridge.edges.storage import data_paths
from tests.support.neovim import find_neovim
from tests.support.processes import run


@pytest.mark.parametrize("name", ["nvim", "other/name", ""])
@pytest.mark.parametrize("with_folders", [True, False])
def test_the_folders_are_those_that_neovim_itself_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, with_folders: bool
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NVIM_APPNAME", name)
    for variable in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        if with_folders:
            monkeypatch.setenv(variable, str(tmp_path / variable))
        else:
            monkeypatch.delenv(variable, raising=False)
    asked = run(
        [
            *(find_neovim(), "--clean", "--headless", "-c"),
            "lua for _, name in ipairs({ 'data', 'log', 'config' }) do"
            " io.stdout:write(vim.fn.stdpath(name), '\\n') end",
            *("-c", "qa!"),
        ],
        text=True,
        check=True,
    )
    assert [
        str(data_paths.data_folder()),
        str(data_paths.log_folder()),
        str(data_paths.config_folder()),
    ] == asked.stdout.splitlines()
