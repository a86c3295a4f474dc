"""A project's branch and changes are shown, and a hostile repository makes nothing run."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from dingbridge.core.errors import BridgeError
from dingbridge.edges.programs import git
from tests.support import processes

pytestmark = [
    pytest.mark.environment,
    pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here"),
]
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="made of what Windows lacks")


def run(folder: Path, *words: str) -> str:
    """git as a user would run it, without any settings of this machine."""
    environ = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "t",
        "GIT_AUTHOR_EMAIL": "t@example.org",
        "GIT_COMMITTER_NAME": "t",
        "GIT_COMMITTER_EMAIL": "t@example.org",
    }
    done = processes.run(["git", *words], cwd=folder, env=environ, text=True)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, one staged change and one that is not."""
    folder = tmp_path / "repository"
    (folder / "src").mkdir(parents=True)
    run(folder, "init", "--quiet", "--initial-branch=feature/一")
    for name in ("one.txt", "src/two.txt", "src/three.txt", ".env", "src/private.KEY"):
        (folder / name).write_text("before\n", "utf-8")
    run(folder, "add", "--all")
    run(folder, "commit", "--quiet", "-m", "first")
    for name in ("one.txt", "src/two.txt", ".env", "src/private.KEY"):
        (folder / name).write_text("after, longer\n", "utf-8")
    run(folder, "add", "src/two.txt")
    return folder


# --- branch ---------------------------------------------------------------------------------------


def test_the_branch_is_known_in_the_repository_and_below_it(repository: Path) -> None:
    assert git.branch(str(repository)) == "feature/一"
    assert git.branch(str(repository / "src")) == "feature/一"
    assert git.repository(str(repository / "src")) == repository.resolve()


def test_a_commit_that_is_checked_out_is_named_by_its_beginning(repository: Path) -> None:
    run(repository, "checkout", "--quiet", "--detach")
    assert git.branch(str(repository)) == run(repository, "rev-parse", "HEAD")[:8]


def test_the_branch_of_a_worktree_is_its_own(repository: Path, tmp_path: Path) -> None:
    run(repository, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "tree"))
    assert git.branch(str(tmp_path / "tree")) == "other"


@pytest.mark.parametrize(
    "head", [b"", b"root:x:0:0", b"ref: /etc/passwd", b"ref: refs/heads/.invalid\n", b"\0" * 9999]
)
def test_a_head_that_names_no_branch_gives_none(tmp_path: Path, head: bytes) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_bytes(head)
    assert git.branch(str(tmp_path)) == ""


@on_posix
def test_what_git_folders_may_hide_is_not_shown_and_holds_nobody_up(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "HEAD").write_text("password", "utf-8")
    project = tmp_path / "project"
    project.mkdir()
    (project / ".git").write_text(f"gitdir: {secret}\n", "utf-8")
    assert git.branch(str(project)) == ""
    (secret / "HEAD").unlink()
    os.mkfifo(secret / "HEAD")
    assert git.branch(str(project)) == ""
    (project / ".git").write_text("gitdir: a\0b", "utf-8")
    assert git.branch(str(project)) == ""


def test_without_a_repository_there_is_no_branch_and_no_diff(tmp_path: Path) -> None:
    for cwd in (str(tmp_path), "", "no such folder", "a\0b"):
        if git.repository(cwd) is None:
            assert git.branch(cwd) == ""
            with pytest.raises(BridgeError, match="no git repository"):
                git.diff(cwd)


# --- diff -----------------------------------------------------------------------------------------


def changed(diff: str) -> set[str]:
    """The files in a diff."""
    return {line.split(" b/")[1] for line in diff.splitlines() if line.startswith("diff --git")}


def test_a_diff_shows_all_changes_since_the_last_commit_but_no_secrets(repository: Path) -> None:
    diff = git.diff(str(repository))
    assert changed(diff) == {"one.txt", "src/two.txt"}
    assert "+after, longer" in diff
    assert "-before" in diff


def test_a_diff_shows_no_copy_of_a_secret_however_its_name_is_written(repository: Path) -> None:
    names = ["key.pem.old", "my-secrets.yaml", "密 码 passwords.txt", ".env~", "a b.pem.bak"]
    for name in [*names, "fine notes.md"]:
        (repository / name).write_text(f"words of {name}\n", "utf-8")
    run(repository, "add", "--force", "--all")
    diff = git.diff(str(repository))
    assert "words of fine notes.md" in diff
    assert not [name for name in names if name in diff]


@pytest.mark.parametrize(
    "setting",
    ["diff.srcPrefix=x", "diff.dstPrefix=x", "diff.noprefix=true", "diff.mnemonicPrefix=true"],
)
def test_no_setting_of_a_repository_gives_a_secret_another_name(
    repository: Path, setting: str
) -> None:
    for what in ("words of before", "words of now"):
        (repository / "api_key.txt").write_text(f"{what}\n", "utf-8")
        run(repository, "add", "--force", "--all")
        if what == "words of before":
            run(repository, "commit", "--quiet", "-m", "second")
    key, value = setting.split("=")
    run(repository, "config", key, value)
    run(repository, "config", "diff.srcPrefix" if "dst" in key else "diff.dstPrefix", "x")
    assert "words of" not in git.diff(str(repository))


def test_a_diff_stays_below_the_folder_of_the_session(repository: Path) -> None:
    assert changed(git.diff(str(repository / "src"))) == {"two.txt"}


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("one.txt", {"one.txt"}),
        ("src/two.txt", {"src/two.txt"}),
        ("src/three.txt", set()),
        ("*.txt", set()),
        (":/", set()),
        (":(top)one.txt", set()),
        ("--output=x", set()),
        ("--no-index", set()),
    ],
)
def test_a_diff_of_one_file_takes_its_name_as_it_is(
    repository: Path, path: str, files: set[str]
) -> None:
    assert changed(git.diff(str(repository), path)) == files
    assert not (repository / "x").exists()


def test_a_deleted_file_has_a_diff(repository: Path) -> None:
    (repository / "one.txt").unlink()
    assert "deleted file" in git.diff(str(repository), "one.txt")


def test_without_a_commit_the_failure_is_told(tmp_path: Path) -> None:
    run(tmp_path, "init", "--quiet")
    with pytest.raises(BridgeError, match="did not succeed"):
        git.diff(str(tmp_path))


def test_a_very_long_diff_is_read_in_part(repository: Path) -> None:
    (repository / "one.txt").write_text("long line\n" * 500_000, "utf-8")
    assert len(git.diff(str(repository))) == git.DIFF_BYTES


@on_posix
def test_a_git_that_takes_too_long_is_ended(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n", "utf-8")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(BridgeError, match="too long"):
        git.diff(str(repository), seconds=0.2)


# --- hostile repositories -------------------------------------------------------------------------


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a file behind when it is run."""
    program = tmp_path / "trap"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path}/sprung'\ncat\n", "utf-8")
    program.chmod(0o755)
    return program


def sprung(trap: Path) -> bool:
    """Whether the trap was run, which is forgotten then."""
    mark = trap.parent / "sprung"
    was = mark.exists()
    mark.unlink(missing_ok=True)
    return was


TRAPS = {
    "fsmonitor": (["core.fsmonitor={}"], ""),
    "external diff": (["diff.external={}"], ""),
    "diff driver": (["diff.evil.command={}"], "* diff=evil\n"),
    "text conversion": (["diff.evil.textconv={}"], "* diff=evil\n"),
    "clean filter": (["filter.evil.clean={}"], "* filter=evil\n"),
    "required filter": (
        ["filter.evil.clean={}", "filter.evil.required=true"],
        "* filter=evil\n",
    ),
    "filter process": (["filter.e-v.i_l.process={}"], "* filter=e-v.i_l\n"),
    "hook": (["core.hooksPath={}-hooks"], ""),
}


@on_posix
@pytest.mark.parametrize("kind", TRAPS)
def test_no_program_of_the_repository_is_run(repository: Path, trap: Path, kind: str) -> None:
    settings, attributes = TRAPS[kind]
    hooks = trap.with_name("trap-hooks")
    hooks.mkdir()
    shutil.copy(trap, hooks / "post-index-change")
    for setting in settings:
        run(repository, "config", *setting.format(trap).split("=", 1))
    (repository / ".git" / "info").mkdir(exist_ok=True)
    (repository / ".git" / "info" / "attributes").write_text(attributes, "utf-8")
    # A file whose time alone has changed makes git refresh its index.
    os.utime(repository / "src" / "three.txt", (1, 1))
    assert changed(git.diff(str(repository))) == {"one.txt", "src/two.txt"}
    assert not sprung(trap)
    os.utime(repository / "src" / "three.txt", (2, 2))
    processes.run(["git", "diff", "HEAD"], cwd=repository)
    assert sprung(trap), "the trap would not have caught a careless diff either"


@on_posix
def test_a_missing_object_is_not_fetched(repository: Path, trap: Path) -> None:
    # A caller of this one waits for a server's answer.
    trap.write_text(trap.read_text("utf-8").replace("cat", "exit 1"), "utf-8")
    for setting in (
        "extensions.partialClone=origin",
        "remote.origin.promisor=true",
        "remote.origin.url=ssh://localhost/x",
        "protocol.ssh.allow=always",
        f"core.sshCommand={trap}",
        "core.repositoryFormatVersion=1",
    ):
        run(repository, "config", *setting.split("=", 1))
    blob = run(repository, "rev-parse", "HEAD:one.txt").strip()
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(BridgeError, match="did not succeed"):
        git.diff(str(repository))
    assert not sprung(trap)
    processes.run(
        ["git", "diff", "HEAD"], cwd=repository, env={**os.environ, "GIT_NO_LAZY_FETCH": "0"}
    )
    assert sprung(trap), "the trap would not have caught a careless diff either"


@on_posix
@pytest.mark.parametrize("name", ["a=b", "a b", 'a"b', "a\x1b[31mb", "中"])
def test_a_filter_that_cannot_be_switched_off_is_a_reason_not_to_look(
    repository: Path, trap: Path, name: str
) -> None:
    run(repository, "config", f"filter.{name}.clean", str(trap))
    with pytest.raises(BridgeError, match="odd"):
        git.diff(str(repository))
    assert not sprung(trap)


def test_a_listing_with_too_many_filters_is_refused() -> None:
    with pytest.raises(BridgeError, match="odd"):
        git.filters(b"".join(b"filter.f%d.clean\n" % number for number in range(51)))
    assert git.filters(b"filter.lfs.clean\nfilter.lfs.required\nfilter.a.b.process\n") == (
        "a.b",
        "lfs",
    )
    assert git.filters(b"") == ()


def test_another_folder_named_as_the_worktree_is_not_shown(
    repository: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "one.txt").write_text("private\n", "utf-8")
    run(repository, "config", "core.worktree", str(other))
    assert "private" in processes.run(["git", "diff", "HEAD"], cwd=repository, text=True).stdout
    assert "private" not in git.diff(str(repository))


@on_posix
def test_git_is_never_taken_from_the_project_or_a_relative_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("project/bin", "system"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "git").write_text("", "utf-8")
        (tmp_path / name / "git").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    project = str(tmp_path / "project")
    folders = ["", ".", "system", str(tmp_path / "project" / "bin"), str(tmp_path / "none")]
    assert git.program(folders, project) is None
    system = str(tmp_path / "system")
    assert git.program([*folders, system], project) == str(tmp_path / "system" / "git")
