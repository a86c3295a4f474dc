"""A service that cannot start is reported once in each editor, with the reason."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from dingbridge.sandbox import Sandbox
from tests.conftest import StartEditor
from tests.faults import installed
from tests.support.processes import until

posix = pytest.mark.skipif(os.name != "posix", reason="programs and pipes of POSIX")
BROKEN = """
import os, sys

def main(words):
    with open({starts!r}, "a") as file:
        file.write(".\\n")
    {way}
"""
RAISES = "raise RuntimeError(f'process {os.getpid()}\\nthis is the cause')"
SILENT = "sys.exit(1)"
SERVES = """
    from dingbridge.service.editors import editors
    from dingbridge.service import main_as_it_was
    del editors.Editors
    main_as_it_was.main(words)
"""


@posix
@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("way", "words"),
    [
        (RAISES, "this is the cause"),
        (SILENT, "it ends at once and says nothing"),
        (SERVES, "cannot import name 'Editors'"),
    ],
    ids=["fails", "says nothing", "fails once it serves"],
)
def test_each_editor_is_told_once_why_the_service_cannot_start(
    start_editor: StartEditor,
    sandbox: Sandbox,
    webhook_options: dict[str, Any],
    tmp_path: Path,
    way: str,
    words: str,
) -> None:
    plugin = installed.copy(tmp_path / "plugin")
    main, starts = plugin / "dingbridge" / "service" / "main.py", tmp_path / "starts"
    as_it_was = main.read_text()
    main.with_name("main_as_it_was.py").write_text(as_it_was)
    main.write_text(BROKEN.format(starts=str(starts), way=way))
    editors = [start_editor(plugin=plugin) for _ in range(3)]
    for number, editor in enumerate(editors):
        editor.setup({**webhook_options, "python": sys.executable})
        editor.lua("require('dingbridge').notify(...)", f"from {number}")
    for editor in editors:
        assert words in editor.until_said("the service cannot start")
    # Later editors have tried by themselves; then all get the notice again, or none.
    until(lambda: len(starts.read_text().split()) > 4, "more starts", 30)
    for editor in editors:
        assert len([text for text in editor.said() if "cannot start" in text]) == 1
    main.write_text(as_it_was)
    editors[0].chat("service restart")
    arrived = sandbox.client.wait_arrived(3, timeout=60)
    assert sorted(each.text for each in arrived) == ["from 0", "from 1", "from 2"]
