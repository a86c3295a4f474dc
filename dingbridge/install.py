"""Creates the plugin's Python environment, `.venv`, and installs extras into it, step by step.

Does nothing if it is up to date.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import subprocess
import sys
import venv
from collections.abc import Iterable, Sequence
from pathlib import Path

from dingbridge.core.catalogue import shell as say
from dingbridge.demo.neovim import NoNeovim, find_neovim
from dingbridge.executables import OLDEST

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv"
PYTHON = FOLDER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
BESIDE = PYTHON.with_name("dingbridge")
"""The shell command in the environment."""

READY = FOLDER / ".ready"
"""File that lists what is installed: a digest of the declaration, then one extra per line."""
LOG = FOLDER / "install.log"

NEED_NEOVIM = {"demo", "dev"}
"""Extras that need Neovim, which is installed from a package if the PATH has none."""

_UNREACHABLE = re.compile(
    r"NewConnectionError|NameResolutionError|Max retries exceeded|ProxyError|ConnectTimeout"
)
_COLLECTING = re.compile(r"Collecting ([A-Za-z0-9._-]+)")
_INSTALLING = re.compile(r"Installing collected packages: (.*)")


class StepFailed(Exception):
    """A step did not succeed. The text is one sentence."""


def main(words: Sequence[str]) -> int:
    """Install the extras in `words`; with `--exactly` for this Python and no other.

    Returns the exit code: 0 on success.
    """
    extras = {word for word in words if not word.startswith("--")}
    try:
        _install(extras, exactly="--exactly" in words)
    except (StepFailed, OSError) as failure:
        print(f"dingbridge: {failure}", file=sys.stderr)  # noqa: T201 - for the user
        return 1
    return 0


def how_to_install(extra: str, package: str) -> str:
    """How to install a missing package of an extra, as the end of a sentence.

    Never suggests installing into the system's Python, which distributions refuse.
    """
    if sys.prefix != sys.base_prefix or not (ROOT / "Makefile").exists():
        return say.INSTALL_PACKAGE(python=sys.executable, package=package)
    project = shlex.quote(str(ROOT))
    return say.INSTALL_ELSEWHERE(project=project, extra=extra, program=BESIDE)


def _install(extras: set[str], *, exactly: bool) -> None:
    before, is_current = _installed()
    if not _is_usable(exactly=exactly):
        _make()
    elif is_current and extras <= before:
        return
    wanted = extras | before
    READY.unlink(missing_ok=True)
    _pip(_requirement(wanted), constrained="dev" in wanted)
    if "dev" in wanted:
        _notify(say.FETCHING_EXAMPLES())
        _fetch("tests.commonmark")
        _notify(say.FETCHING_SDK())
        if without := _fetch("tests.node_sdk"):
            _notify(without)
    READY.write_text("\n".join([_declaration(), *sorted(wanted)]) + "\n", encoding="utf-8")
    _notify(say.DONE())


def _fetch(module: str) -> str:
    """Run a module of the tests that downloads files outside of package indexes; its output."""
    done = subprocess.run(  # noqa: S603 - a module of ours, by the Python just installed
        [str(PYTHON), "-m", module], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise StepFailed(say.NOT_FETCHED(reason=_reason(done.stderr.strip().splitlines())))
    return done.stdout.strip()


def _make() -> None:
    """Create the environment again, with the Python that runs this."""
    _notify(say.MAKING(folder=FOLDER, version=sys.version.split()[0]))
    # This Python may belong to an environment itself, even to the one being replaced.
    sys.executable = getattr(sys, "_base_executable", sys.executable)
    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name == "posix").create(FOLDER)
    except subprocess.CalledProcessError as failure:
        said = str(failure.output or b"", "utf-8", "replace").strip().splitlines()
        raise StepFailed(
            say.CANNOT_BE_MADE(folder=FOLDER, reason=said[-1] if said else failure)
        ) from failure


def _declaration() -> str:
    """A digest of what is installed where; if it changes, pip runs again."""
    files = [(ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256(b"\0".join([str(ROOT).encode(), *files])).hexdigest()


def _installed() -> tuple[set[str], bool]:
    """The installed extras, and whether the declaration is unchanged since."""
    try:
        declaration, *extras = READY.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return set(), False
    return set(extras), declaration == _declaration()


def _is_usable(*, exactly: bool) -> bool:
    """Whether the environment works, with a Python that is new enough, or `exactly` this one."""
    code = "import sys, pip; print(*sys.version_info[:2])"
    try:
        asked = subprocess.run(  # noqa: S603 - the interpreter of our own folder
            [PYTHON, "-I", "-c", code], capture_output=True, text=True, timeout=30, check=True
        )
        found = tuple(map(int, asked.stdout.split()))
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    return found == sys.version_info[:2] if exactly else found >= OLDEST


def _requirement(extras: Iterable[str]) -> str:
    names = set(extras)
    if names & NEED_NEOVIM:
        try:
            find_neovim()
        except NoNeovim:
            names.add("neovim")
    return f".[{','.join(sorted(names))}]" if names else "."


def _pip(requirement: str, *, constrained: bool) -> None:
    """Install with pip, and print its steps. `constrained`: the tested versions, for developers."""
    _notify(say.ASKING_INDEX())
    command = [str(PYTHON), "-I", "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["--no-input", "--progress-bar", "off", "--editable", requirement]
    if constrained:
        command += ["--constraint", "constraints.txt"]
    said: list[str] = []
    # Build scripts of packages must not see the robot's secrets.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DINGTALK_")}
    environ = {**kept, "PYTHONUTF8": "1"}
    with (
        LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(  # noqa: S603 - words of ours
            command,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as pip,
    ):
        for line in pip.stdout or ():
            log.write(line)
            said.append(line.rstrip())
            if step := _step(line):
                _notify(step)
    if pip.returncode != 0:
        raise StepFailed(say.PIP_LOG(reason=_reason(said), log=LOG))


def _step(line: str) -> str:
    """A line of pip's output as a step to print; empty for most lines."""
    if found := _COLLECTING.match(line):
        return say.COLLECTING(package=found[1])
    if found := _INSTALLING.match(line):
        return say.INSTALLING(count=len(found[1].split(",")))
    return ""


def _reason(said: Sequence[str]) -> str:
    """Why pip failed, from its output."""
    if any(_UNREACHABLE.search(line) for line in said):
        return say.INDEX_UNREACHABLE()
    errors = [line.partition("ERROR:")[2].strip() for line in said if "ERROR:" in line]
    if errors or said:
        return say.PIP_FAILED(reason=(errors or said)[-1])
    return say.PIP_FAILED_SILENTLY()


def _notify(words: str) -> None:
    print(f"dingbridge: {words}", flush=True)  # noqa: T201 - progress for the user
