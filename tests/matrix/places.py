"""Where tests run: a Debian of another release, or this machine with another CPython."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from tests.support.processes import Child, run

SCRIPTS = Path(__file__).parent

PROXIES = tuple(f"{name}_proxy" for name in ("http", "https", "no"))
CERTIFICATES = ("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS")
"""Variables that name a file of certificates."""
PASSED = (*PROXIES, *map(str.upper, PROXIES), "PIP_INDEX_URL", *CERTIFICATES)
"""Variables that a machine behind a proxy needs to reach the package index; no other is kept."""


class Place(Protocol):
    """Where the tests of one entry run."""

    name: str

    @property
    def tests(self) -> Sequence[str]:
        """The folders of tests that run there."""

    def problem(self) -> str:
        """Why nothing can run there, and what to do; empty if it can."""

    def prepare(self) -> Path:
        """Make it, unless it is there. Returns its home folder, as a path of this machine.

        Raises `NotMade`.
        """

    def command(self, script: str, arguments: Sequence[str]) -> list[str]:
        """The command that runs a shell script in the home folder, as an ordinary user of a Debian
        or as the user of this machine."""


def kept(environ: Mapping[str, str]) -> dict[str, str]:
    """What the tests see of the environment, besides `HOME` and `PATH`."""
    passed = {name: environ[name] for name in PASSED if environ.get(name)}
    return {"LANG": "C.UTF-8", "TERM": environ.get("TERM", "dumb"), **passed}


def words(environ: Mapping[str, str]) -> list[str]:
    """An `env` command with this environment and nothing else."""
    return ["env", "-i", *(f"{name}={value}" for name, value in environ.items())]


class Interpreter:
    """This machine, with the CPython of a version that its PATH has, and the Neovim that `make dev`
    chooses: of the PATH, or of the wheel."""

    tests = ("tests/unit", "tests/edges", "tests/protocol", "tests/service", "tests/editor")

    def __init__(self, version: str, folder: Path) -> None:
        self.name = version
        self._home = folder / version
        self._python = f"python{version}"

    def problem(self) -> str:
        """See `Place`."""
        # The shim of a version manager may stand for nothing.
        asked = [self._python, "-c", "import venv, ensurepip"]
        if shutil.which(self._python) is None or run(asked).returncode:
            return f"there is no {self._python} on the PATH that makes environments"
        return ""

    def prepare(self) -> Path:
        """See `Place`."""
        self._home.mkdir(parents=True, exist_ok=True)
        return self._home

    def command(self, script: str, arguments: Sequence[str]) -> list[str]:
        """See `Place`."""
        python = shutil.which(self._python) or self._python
        own = {"HOME": str(self._home), "PATH": os.environ["PATH"], "PYTHON": python}
        return [*words({**kept(os.environ), **own}), "sh", "-c", script, "sh", *arguments]


class NotMade(Exception):
    """What an entry needs could not be made. The text says why."""


class Debian:
    """A Debian of a release in a folder, made by debootstrap: its own Neovim and CPython.

    Each command runs in mount and process namespaces of its own. Their mounts are seen by nobody
    else, and vanish with the last process; all processes end with the first.
    """

    tests = ("tests/editor",)
    NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
    PACKAGES = ("neovim", "python3-venv", "git", "make", "ca-certificates", "tzdata", "procps")
    USER = "tester"
    PATH = "/usr/local/bin:/usr/bin:/bin"
    SECONDS = 1800
    """What debootstrap may take, which downloads 150 packages."""

    def __init__(self, release: str, folder: Path, mirror: str = "") -> None:
        self.name = release
        self._root = folder / release
        self._mirror = mirror

    def problem(self) -> str:
        """See `Place`."""
        if os.geteuid() != 0:
            return f"root is needed: sudo --preserve-env make matrix ONLY={self.name}"
        wanted = ["unshare", "chroot", "mount"] + ["debootstrap"] * (not self._root.exists())
        missing = [program for program in wanted if shutil.which(program) is None]
        if missing:
            return f"{' '.join(missing)} not found: apt-get install debootstrap util-linux mount"
        return str(run([*self.NAMESPACES, "true"], text=True).stderr).strip()

    def prepare(self) -> Path:
        """See `Place`."""
        if not self._root.exists():
            self._make()
        shutil.copyfile("/etc/resolv.conf", self._root / "etc/resolv.conf")
        for name, file in self._certificates().items():
            shutil.copyfile(os.environ[name], self._root / file.lstrip("/"))
        return self._root / "home" / self.USER

    def command(self, script: str, arguments: Sequence[str]) -> list[str]:
        """See `Place`."""
        own = {"HOME": f"/home/{self.USER}", "PATH": self.PATH, **self._certificates()}
        enter = ["sh", str(SCRIPTS / "enter.sh"), str(self._root), self.USER]
        inside = [*words({**kept(os.environ), **own}), "sh", "-c", script, "sh", *arguments]
        return [*self.NAMESPACES, *enter, *inside]

    def _certificates(self) -> dict[str, str]:
        """The variables that name a file of this machine, with the name of its copy in there."""
        return {name: f"/etc/{name}" for name in CERTIFICATES if os.environ.get(name)}

    def _make(self) -> None:
        """Only a root that is whole has its name."""
        part = self._root.with_name(f"{self.name}.part")
        remove(part, Path("/proc/self/mountinfo").read_text("utf-8"))
        part.mkdir(parents=True)
        including = f"--include={','.join(self.PACKAGES)}"
        command = ["debootstrap", "--variant=minbase", including, self.name, str(part)]
        with Child(
            [*self.NAMESPACES, *command, *self._mirror.split()], seconds=self.SECONDS
        ) as child:
            child.wait()
        if child.returncode != 0:
            raise NotMade(f"debootstrap failed (status {child.returncode})")
        adding = ["useradd", "--create-home", "--shell", "/bin/sh", self.USER]
        done = run(["chroot", str(part), *adding], text=True)
        if done.returncode != 0:
            raise NotMade(done.stderr.strip())
        part.rename(self._root)


def remove(folder: Path, mountinfo: str) -> None:
    """Remove a folder with all in it, if it exists; never one with something mounted in it."""
    found = mounts(folder, mountinfo)
    if found:
        raise NotMade(f"something is mounted in {folder}: umount {' '.join(map(str, found))}")
    if folder.exists():
        shutil.rmtree(folder)


def mounts(folder: Path, mountinfo: str) -> list[Path]:
    """What is mounted at a folder or below it, the last mounted first; `mountinfo` is the text of
    `/proc/self/mountinfo`."""
    here = folder.resolve()
    points = [line.split(" ")[4] for line in mountinfo.splitlines()]
    # The kernel writes a blank as \040.
    paths = [Path(each.encode().decode("unicode_escape")) for each in points]
    return [each for each in reversed(paths) if each.is_relative_to(here)]
