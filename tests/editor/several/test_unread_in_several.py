"""What is new in several Neovims: all count it, one announces it, and each may read it."""

from __future__ import annotations

from dingbridge.sandbox.server import Sandbox
from tests.support.several_editors import Team, texts


def test_what_one_editor_has_shown_is_read_in_all(three: Team, sandbox: Sandbox) -> None:
    gamma = three.editors["gamma"]
    session = three.sessions["gamma"]
    for editor in three.editors.values():
        editor.nvim.command("silent only | enew")
    sandbox.client.say("one")
    sandbox.client.say("two")
    gamma.until(lambda: texts(gamma, session) == ["one", "two"])
    for editor in three.editors.values():
        editor.until(lambda editor=editor: editor.status()["unread"] == 2)  # type: ignore[misc]  # mypy cannot infer a lambda's default
        [row] = [row for row in editor.sessions() if row["id"] == session]
        assert row["unread"] == 2
    gamma.until_said("张三")
    said = [text for editor in three.editors.values() for text in editor.said() if "张三" in text]
    assert [text for text in said if ": one" in text] == ["张三: one (+1 more)"]
    alpha = three.editors["alpha"]
    alpha.nvim.ui_attach(120, 40, rgb=True)
    alpha.chat(f"open {session}")
    for editor in three.editors.values():
        editor.until(lambda editor=editor: editor.status()["unread"] == 0)  # type: ignore[misc]  # mypy cannot infer a lambda's default
