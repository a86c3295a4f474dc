"""The parts of `:checkhealth dingbridge` about settings and files.

Runs no programs and shows no secrets. It is a separate process, because no host need be running:
Neovim writes the settings to its standard input and reads rows from its standard output, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dingbridge.core.catalogue import language
from dingbridge.core.doctor.computer_findings import files
from dingbridge.core.doctor.finding import HealthFinding
from dingbridge.core.doctor.settings_findings import settings
from dingbridge.edges.programs.settings_check import settings_facts
from dingbridge.edges.storage.folder_checks import files_facts


def asked() -> dict[str, Any]:
    """What the editor has written to standard input. Its language is used from now on."""
    # Bytes that are not UTF-8 are passed through.
    given: dict[str, Any] = json.loads(sys.stdin.buffer.read().decode("utf-8", "surrogateescape"))
    language.use(given["language"], os.environ)
    return given


def answer(findings: Iterable[HealthFinding]) -> None:
    """Write the rows to standard output."""
    rows = [
        {
            "rank": "info" if one.state == "unknown" else one.state,
            "text": one.sentence,
            "advice": list(one.fixes),
        }
        for one in findings
    ]
    text = json.dumps(rows, ensure_ascii=False)
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))


def settings_main() -> None:
    """Answer with the findings about settings."""
    given = asked()
    facts = settings_facts(
        given["options"], given["path"], tuple(given["problems"]), given["cwd"], os.environ
    )
    answer(settings(facts))


def files_main() -> None:
    """Answer with the findings about files."""
    given = asked()
    answer(files(files_facts(Path(given["data"]), Path(given["log"]))))
