"""Entry point of all dingbridge processes: makes sure that no module is imported from the current
folder.

Run it by its path, not with `-c` or `-m`, which put the current folder first on `sys.path`:

    launch.py host STUB DATA LOG [PROJECT [INTERPRETER ...]]
    launch.py check|settings|files|agents|doctor|setup STUB [PROJECT [INTERPRETER ...]]
    launch.py service DATA LOG
    launch.py install PROJECT [--exactly] [EXTRA ...]
    launch.py phone

If this Python is unsuitable, the first suitable one takes over: of the INTERPRETERs, then of those
on the PATH; none without PROJECT (the user's folder) or with `--exactly`. Only `sys`, which is
built in, is imported before `sys.path` is clean. The file must be valid for Python versions older
than the required one, to report that.
"""

import sys

NEEDED = (
    *("pynvim", "msgpack", "requests", "urllib3", "websocket", "msgspec", "filelock", "dotenv"),
    *("markdown_it", "wcwidth", "appdirs"),
)
"""The modules that host and service need."""

_ANSWERS_WITHIN = 10
"""Seconds in which another interpreter must report whether it is suitable."""


def forget_current_folder() -> None:
    """Remove empty and relative entries from `sys.path`, and from `PYTHONPATH` for child processes.

    >>> sys.path.insert(0, "")
    >>> forget_current_folder()
    >>> "" in sys.path
    False
    """
    sys.path[:] = [entry for entry in sys.path if entry]
    import os

    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    absolute = [entry for entry in entries if os.path.isabs(entry)]
    if len(absolute) == len(entries) or entries == [""]:
        return
    # Python has made them absolute already.
    unwanted = {os.path.abspath(entry) for entry in entries if entry not in absolute}
    if not sys.flags.ignore_environment:
        sys.path[:] = [entry for entry in sys.path if entry in absolute or entry not in unwanted]
    os.environ["PYTHONPATH"] = os.pathsep.join(absolute)


def problem(part: str) -> str:
    """Why this Python cannot run a part, in a few words; empty if it can."""
    from dingbridge.executables import OLDEST

    if sys.version_info < OLDEST:
        needed, found = (".".join(map(str, each[:2])) for each in (OLDEST, sys.version_info))
        return "Python " + needed + " or newer is needed, this is " + found
    import importlib.util

    wanted = ("venv", "ensurepip") if part == "install" else NEEDED
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    if missing and part == "install":
        return "this Python cannot make environments; Debian has that in python3-venv"
    return "missing: " + " ".join(missing) if missing else ""


def command() -> int:
    """The shell command `dingbridge`; returns its exit code."""
    forget_current_folder()
    _speak()
    from dingbridge.cli import main

    return main()


def _hand_over(part: str, others: "list[str]") -> None:
    """Run this file with the first suitable one of the other interpreters instead."""
    import os
    import subprocess

    for other in others:
        asked = [other, __file__, "suits", part]
        try:
            answer = subprocess.run(  # noqa: S603 - this file, by an interpreter of the PATH
                asked,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_ANSWERS_WITHIN,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.returncode != 0:
            continue
        words = [other, __file__, *sys.argv[1:]]
        if os.name == "posix":
            os.execv(other, words)  # noqa: S606 - as above
        sys.exit(subprocess.call(words))  # noqa: S603 - Windows cannot replace a process


def _speak() -> None:
    """Let the sentences be in the language of the environment, until settings name another."""
    import os

    from dingbridge.core.catalogue import language

    language.use("auto", os.environ)


def _run(part: str, *words: str) -> None:
    if part == "phone":
        from dingbridge.demo.phone import main as phone

        sys.exit(phone())
    if part == "suits":
        sys.exit(problem(words[0]) or 0)
    found = problem(part) if part != "service" else ""
    place = {"install": 0, "host": 3}.get(part, 1)
    project = "".join(words[place : place + 1])
    if found and project and "--exactly" not in words:
        from dingbridge.executables import interpreters

        named = () if part == "install" else words[place + 1 :]
        _hand_over(part, [*named, *interpreters(project)])
    if part == "check":
        print(sys.executable)  # noqa: T201 - this is what was asked for
        print(".".join(map(str, sys.version_info[:3])))  # noqa: T201 - as above
    if found:
        sys.exit(found)
    _speak()
    if part == "install":
        from dingbridge.install import main as install

        sys.exit(install(words[1:]))
    if part == "settings":
        from dingbridge.editor.checkhealth import settings_main

        settings_main()
    if part == "files":
        from dingbridge.editor.checkhealth import files_main

        files_main()
    if part == "agents":
        from dingbridge.editor.agent_health import main as agent_health

        agent_health()
    if part == "setup":
        from dingbridge.shell.setup.for_editor import main as setup

        sys.exit(setup())
    if part == "doctor":
        from dingbridge.shell.doctor_command import main as doctor

        sys.exit(doctor())
    if part in ("service", "host"):
        import gc

        # What is imported now stays: nothing of it is garbage.
        gc.disable()
    if part == "service":
        from dingbridge.edges.programs.background import detach

        detach()
        _hide_tls(True)
        from dingbridge.service.main import main as service

        _hide_tls(False)
        service(words)
        _end()
    if part == "host":
        from dingbridge.editor import early_start

        early_start.begin(*words[1:3])
        _hide_tls(True)
        import pynvim

        _hide_tls(False)
        from dingbridge.editor import host as _loaded  # noqa: F401 - the stub needs it

        _keep_what_is_loaded()
        # It loads as a plugin whatever its arguments name: here the stub alone.
        sys.argv[:] = words[:1]
        pynvim.start_host()
        _end()


def _hide_tls(hide: bool) -> None:
    """Let asyncio import without `ssl`, which is slow: none of its connections need TLS.

    `hide=False` ends this, so that `ssl` can be imported afterwards.
    """
    if hide:
        sys.modules["ssl"] = None  # type: ignore[assignment]  # which is how an import is refused
    else:
        del sys.modules["ssl"]


def _keep_what_is_loaded() -> None:
    """Start the garbage collector, excluding everything that was imported so far."""
    import gc

    gc.freeze()
    gc.enable()


def _end() -> None:
    """Exit without destroying all modules, which takes a third of the time of their import.
    `atexit` handlers run."""
    import atexit
    import os

    atexit._run_exitfuncs()
    os._exit(0)


if __name__ == "__main__":
    here = __file__.replace("\\", "/").rpartition("/")[0]
    sys.path[:] = [entry for entry in sys.path if entry.replace("\\", "/") != here]
    forget_current_folder()
    # The package of this file takes precedence over an installed one.
    sys.path.insert(0, here.rpartition("/")[0])
    _run(*sys.argv[1:])
