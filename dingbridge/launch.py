"""Where the processes of dingbridge begin, so that nothing of the current folder is imported.

Run by its path: `-c` and `-m` would put the current folder in front of `sys.path`. Nothing is
imported before that list is clean, but `sys`, which is built in. An older Python than the one that
is needed must be able to read this file, to say so.
"""

import sys

OLDEST = (3, 10)
NEEDED = (
    *("pynvim", "requests", "websocket", "appdirs", "msgspec", "filelock", "dotenv"),
    *("markdown_it", "wcwidth"),
)
"""The modules without which the host cannot run."""


def forget_current_folder() -> None:
    """Take what stands for the current folder from `sys.path`, and from `PYTHONPATH` for the
    processes that this one starts: empty and relative entries.

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


def problem() -> str:
    """What keeps the host from running on this Python, in a few words; empty when nothing does."""
    if sys.version_info < OLDEST:
        return "Python {}.{} or newer is needed, this is {}.{}".format(
            *OLDEST, *sys.version_info[:2]
        )
    import importlib.util

    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    return "missing: " + " ".join(missing) if missing else ""


def command() -> int:
    """The shell command `dingbridge`; returns its exit code."""
    forget_current_folder()
    from dingbridge.cli import main

    return main()


def _run(part: str, *words: str) -> None:
    found = "" if part == "phone" else problem()
    if part == "check":
        version = ".".join(str(number) for number in sys.version_info[:3])
        print(version)  # noqa: T201 - this is what was asked for
    if found:
        sys.exit(found)
    if part == "host":
        import pynvim

        # It loads as a plugin whatever its arguments name: here the stub alone.
        sys.argv[:] = words
        pynvim.start_host()
    elif part == "phone":
        from dingbridge.demo.phone import main

        sys.exit(main())


if __name__ == "__main__":
    here = __file__.replace("\\", "/").rpartition("/")[0]
    sys.path[:] = [entry for entry in sys.path if entry.replace("\\", "/") != here]
    forget_current_folder()
    # The package of this file comes before one that is installed.
    sys.path.insert(0, here.rpartition("/")[0])
    _run(*sys.argv[1:])
