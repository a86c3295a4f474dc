"""The library of the protocol takes half a second to import, so nothing pays for it unasked."""

from __future__ import annotations

import sys

from tests.support.editor import ROOT
from tests.support.processes import run

LIBRARY = ("acp", "pydantic", "pydantic_core")


def loaded_by(code: str) -> set[str]:
    shown = f"import sys; {code}; print(*sys.modules)"
    words = run([sys.executable, "-c", shown], check=True, text=True, cwd=ROOT).stdout.split()
    return set(words)


def test_the_service_starts_without_the_library() -> None:
    found = loaded_by("import dingbridge.service.main, dingbridge.edges.agents.agent_thread")
    assert "dingbridge.edges.agents.agent_thread" in found
    assert found & {*LIBRARY} == set()


def test_the_host_and_the_command_start_without_anything_of_agents_that_runs() -> None:
    found = loaded_by("import dingbridge.editor.host, dingbridge.cli")
    assert found & {*LIBRARY, "dingbridge.edges.agents.agent_thread"} == set()


def test_the_first_question_loads_the_library() -> None:
    assert {*LIBRARY} <= loaded_by("import dingbridge.edges.agents.chat_sessions")
