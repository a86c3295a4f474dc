"""A project's git repository: its branch, read from files, and its changes, from `git diff`.

The repository may come from a stranger, and its configuration can name programs that `git diff`
would run. Options of the command line, which take precedence, disable all of them:

- `core.fsmonitor` (a program that reports changed files): disabled
- `diff.external`, and `diff.<driver>.command` by .gitattributes: `--no-ext-diff`
- `diff.<driver>.textconv`: `--no-textconv`
- `filter.<name>.clean` and `.process`, which git runs on changed files: their names are listed
  first (which runs nothing), then each is set to nothing; if a name cannot be passed safely as an
  argument, there is no diff
- hooks (`core.hooksPath`, `post-index-change`): no hooks, and no lock, so the index is not written
- fetching missing objects of a partial clone (`core.sshCommand`, `remote.*.uploadpack`, `ext::`):
  no protocol is allowed
- configuration of submodules: submodules are ignored
- `core.pager`, `pager.diff`: no pager
- `diff.srcPrefix` and similar, which would rename a secret file: `a/` and `b/`
- `core.worktree`, which would show another folder: `--work-tree`

`git` itself is taken from an absolute folder on the PATH, never from the project.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from dingbridge.core.catalogue import remote as say
from dingbridge.core.commands import paths
from dingbridge.core.errors import BridgeError
from dingbridge.core.text import clean, shorten
from dingbridge.edges.programs.process import Bounds, ProcessNotStarted, ProcessTimedOut, Runner
from dingbridge.executables import find_program

DIFF_BYTES = 256 * 1024
"""Most bytes of a diff that are read."""

DIFF_WITHIN = 10.0
"""Timeout of git, in seconds."""

_SMALL_FILE = 4096
_BRANCH_CHARACTERS = 100
_REF = re.compile(rb"ref: refs/heads/([^\x00-\x20\x7f]+)\s*")
_HASH = re.compile(rb"([0-9a-f]{40,64})\s*")
_FILTER_KEY = re.compile(rb"filter\.([A-Za-z0-9_.-]{1,100})\.[a-z]+")
_MOST_FILTERS = 50
_ENVIRON = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
_PROTOCOLS = ("file", "git", "ssh", "http", "https", "ftp", "ftps", "ext")


def repository(cwd: str) -> Path | None:
    """The nearest folder, from `cwd` upwards, that contains `.git`; None without one."""
    try:
        start = Path(os.path.realpath(cwd, strict=True))
        return next((each for each in (start, *start.parents) if (each / ".git").exists()), None)
    except (OSError, ValueError):
        return None


def branch(cwd: str) -> str:
    """The branch checked out in `cwd`, or the abbreviated commit; empty without a repository.

    Read from `.git/HEAD`, also of a worktree or submodule; no program is run.
    """
    top = repository(cwd)
    if top is None:
        return ""
    folder = top / ".git"
    pointer = _small(folder)
    if pointer.startswith(b"gitdir:"):
        folder = top / os.fsdecode(pointer.removeprefix(b"gitdir:").strip())
    head = _small(folder / "HEAD")
    if (found := _REF.fullmatch(head)) and found[1] != b".invalid":
        return shorten(clean(found[1].decode("utf-8", "replace")), _BRANCH_CHARACTERS)
    if found := _HASH.fullmatch(head):
        return found[1][:8].decode()
    return ""


def _small(path: Path) -> bytes:
    """The content of a small regular file; empty for anything else."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except (OSError, ValueError):
        return b""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        return os.read(descriptor, _SMALL_FILE)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def diff(cwd: str, path: str = "", seconds: float = DIFF_WITHIN) -> str:
    """The changes since the last commit below the folder `cwd`, without secret files.

    `path` limits them to one file; it is relative to the folder and must be checked. Runs git for
    up to `seconds`, so never call it on the service loop. Raises `BridgeError` with a text for the
    chat.
    """
    top = repository(cwd)
    if top is None:
        raise BridgeError(say.NO_REPOSITORY())
    git = program(os.get_exec_path(), cwd)
    if git is None:
        raise BridgeError(say.NO_GIT())
    status, listing = _run([git, *FILTERS], cwd, seconds)
    # Status 1 means that there are none.
    if status not in (0, 1):
        raise BridgeError(say.GIT_FAILED(status=status))
    status, output = _run([git, *arguments(str(top), path, filters(listing))], cwd, seconds)
    if status != 0:
        raise BridgeError(say.GIT_FAILED(status=status))
    return paths.without_secrets(output.decode("utf-8", "replace"))


FILTERS = ("config", "--name-only", "--get-regexp", r"^filter\.")
"""Arguments of git to list the settings of all filters, without running one."""


def filters(listing: bytes) -> tuple[str, ...]:
    """The names of the filters in the output of `FILTERS`.

    Raises `BridgeError` if one cannot be disabled safely: for `-c` a name ends at `=`.
    """
    names: set[str] = set()
    for line in listing.splitlines():
        key = _FILTER_KEY.fullmatch(line)
        if key is None:
            raise BridgeError(say.ODD_REPOSITORY())
        names.add(key[1].decode())
    if len(names) > _MOST_FILTERS:
        raise BridgeError(say.ODD_REPOSITORY())
    return tuple(sorted(names))


def arguments(top: str, path: str, filters: Sequence[str]) -> list[str]:
    """The arguments of `git`, to be run in the project's folder, for a diff that runs no program.

    `top` is the repository's root, `path` one file or empty, `filters` the filters to disable.
    """
    settings = [
        "core.fsmonitor=false",
        "core.pager=cat",
        "core.quotePath=false",
        f"core.hooksPath={os.devnull}",
        "protocol.allow=never",
        *(f"protocol.{each}.allow=never" for each in _PROTOCOLS),
    ]
    for name in filters:
        settings += [f"filter.{name}.{what}=" for what in ("clean", "smudge", "process")]
        settings.append(f"filter.{name}.required=false")
    shown = [f":(literal){path}"] if path else [":(literal).", *_without_secrets()]
    return [
        *("--no-pager", "--no-optional-locks", f"--work-tree={top}"),
        *(word for setting in settings for word in ("-c", setting)),
        *("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--relative"),
        *("--src-prefix=a/", "--dst-prefix=b/"),
        *("--ignore-submodules=all", "--submodule=short", "HEAD", "--", *shown),
    ]


def _without_secrets() -> list[str]:
    files = [f":(exclude,icase,glob)**/{each}" for each in paths.SECRET_FILES]
    below = [
        f":(exclude,icase,glob)**/{each}/**"
        for each in (*paths.SECRET_FOLDERS, *paths.SECRET_FILES)
    ]
    return files + below


def program(folders: Sequence[str], cwd: str) -> str | None:
    """The path of git in the first absolute one of the `folders` outside of the project `cwd`."""
    project = Path(os.path.realpath(cwd))
    foreign = [each for each in folders if not Path(os.path.realpath(each)).is_relative_to(project)]
    return find_program("git", foreign)


def _run(argv: list[str], cwd: str, seconds: float) -> tuple[int, bytes]:
    """The exit status and the beginning of the output; kills the program when that is read."""
    bounds = Bounds(seconds, DIFF_BYTES, "first and no more")
    try:
        ended = Runner().run(argv, bounds, cwd=cwd, environ=_ENVIRON)
    except ProcessNotStarted as cause:
        raise BridgeError(say.NO_GIT()) from cause
    except ProcessTimedOut as cause:
        raise BridgeError(say.GIT_TOO_SLOW()) from cause
    is_enough = len(ended.output) == DIFF_BYTES
    return (0 if is_enough else ended.status), ended.output
