"""What is generated from the declarations is up to date, and staleness is noticed."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from dingbridge.core.commands import COMMANDS
from dingbridge.core.options import OPTIONS
from dingbridge.reference import GENERATED, declared_lua, lua_literal, main, stale, write
from tests.processes import run

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the files that hold generated parts."""
    for name in GENERATED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_files_in_the_project_are_up_to_date() -> None:
    assert stale(ROOT) == []


def test_the_check_runs_from_the_command_line() -> None:
    command = [sys.executable, "-m", "dingbridge.reference", "--check"]
    assert run(command, cwd=ROOT).returncode == 0


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("README.md", "| `msgtype` |", "| `msgtyp` |"),
        ("README.md", "| `:Chat open {id}` |", "| `:Chat open` |"),
        ("doc/dingbridge.txt", "*dingbridge-option-webhook*", "*dingbridge-option-hook*"),
        ("doc/dingbridge.txt", "*:DingTalk-stop*", ""),
        ("lua/dingbridge/declared.lua", "'DINGTALK_SECRET'", "'DINGTALK_SECRETS'"),
    ],
)
def test_an_altered_table_is_stale_until_it_is_written_again(
    project: Path, name: str, before: str, after: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project / name
    original = path.read_bytes()
    assert before.encode() in original
    path.write_bytes(original.replace(before.encode(), after.encode()))
    assert main(["--check", "--root", str(project)]) == 1
    assert f"stale: {name} " in capsys.readouterr().err
    assert main(["--root", str(project)]) == 0
    assert f"wrote {name}\n" == capsys.readouterr().out
    assert path.read_bytes() == original
    assert main(["--check", "--root", str(project)]) == 0


def test_text_around_the_tables_is_left_alone(project: Path) -> None:
    readme, manual = project / "README.md", project / "doc/dingbridge.txt"
    readme.write_text("# Mine\n\n" + readme.read_text("utf-8") + "\nThe end 完\n", "utf-8")
    text = manual.read_text("utf-8")
    rule = "=" * 78
    manual.write_text(text.replace("vim:", f"{rule}\nNOTES *dingbridge-my*\n\nvim:"), "utf-8")
    held = readme.read_text("utf-8"), manual.read_text("utf-8")
    assert stale(project) == []
    assert write(project) == []
    assert (readme.read_text("utf-8"), manual.read_text("utf-8")) == held


def test_files_that_do_not_exist_are_made_and_then_stable(tmp_path: Path) -> None:
    assert stale(tmp_path) == list(GENERATED)
    assert write(tmp_path) == list(GENERATED)
    assert stale(tmp_path) == []


def test_a_readme_without_the_tables_gets_them_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Mine\n\nText.\n", "utf-8")
    (tmp_path / "doc").mkdir()
    (tmp_path / "doc/dingbridge.txt").write_text("*dingbridge.txt*\n\nvim:ft=help:\n", "utf-8")
    write(tmp_path)
    readme = (tmp_path / "README.md").read_text("utf-8")
    assert readme.startswith("# Mine\n\nText.\n\n## Options\n")
    manual = (tmp_path / "doc/dingbridge.txt").read_text("utf-8")
    assert manual.startswith("*dingbridge.txt*\n\n==")
    assert manual.endswith("\nvim:ft=help:\n")
    assert stale(tmp_path) == []


def test_a_readme_with_a_lost_end_mark_is_repaired(project: Path) -> None:
    readme = project / "README.md"
    text = readme.read_text("utf-8")
    readme.write_text(text.replace("<!-- commands: end -->", ""), "utf-8")
    assert stale(project) == ["README.md"]
    write(project)
    assert stale(project) == []


def test_every_option_and_command_is_in_readme_help_and_lua() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    manual = (ROOT / "doc/dingbridge.txt").read_text("utf-8")
    for option in OPTIONS:
        assert f"| `{option.name}` |" in readme
        assert f"*dingbridge-option-{option.name}*" in manual
        assert f"name = '{option.name}'" in declared_lua()
        assert option.env in readme
    for command in COMMANDS:
        tag = f":Chat-{command.name}" if command.name else ":Chat"
        assert f"*{tag}*" in manual
        assert f"Chat {command.name}".strip() in readme


def test_no_help_tag_is_given_twice_and_no_line_is_too_wide() -> None:
    manual = (ROOT / "doc/dingbridge.txt").read_text("utf-8")
    tags = re.findall(r"(?<!\S)\*(\S+)\*(?!\S)", manual)
    assert len(tags) == len(set(tags))
    assert max(map(len, manual.splitlines())) <= 78


def test_lua_literals_survive_quotes_backslashes_and_reserved_words() -> None:
    assert lua_literal("it's \\ a\nline") == "'it\\'s \\\\ a\\nline'"
    assert lua_literal({"end": 1, "a b": [], "ok": [True]}) == (
        "{\n  ['end'] = 1,\n  ['a b'] = {},\n  ok = {\n    true,\n  },\n}"
    )
    with pytest.raises(TypeError):
        lua_literal(object())
