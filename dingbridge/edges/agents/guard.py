"""Runs an agent, and leaves nothing of it behind: `guard.py HOLD LIFE PROGRAM ARGUMENT ...`

The service starts this file with `python -I -S`, so it imports little and nothing of ours. HOLD is
the read end of a pipe whose write end the service alone has; LIFE is the write end of one by which
the service notices the guard's own end. The agent inherits standard input, output and error, and
gets a process group of its own. It is killed with everything it has started as soon as it ends
itself or HOLD closes, which `kill -9` of the service does as well.

On Linux that includes programs that have left the group (`setsid`; Node's `detached`): their
parents are gone, so they become children of this process. On other systems these survive.

The exit status is the agent's; 128 plus the signal that ended it; 127 if it could not be executed.
"""

import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable

Prctl = Callable[[int, int], object]

NOT_EXECUTED = 127
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SET_DEATH_SIGNAL, _SET_SUBREAPER = 1, 36  # prctl(2)


def main(hold: int, life: int, argv: "list[str]") -> int:
    """Run the agent to its end, or to that of `hold`. Returns the exit status."""
    os.set_inheritable(hold, False)
    os.set_inheritable(life, False)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(wake)
    asked_to_end: list[int] = []
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in _ENDING:
        signal.signal(number, lambda number, _: asked_to_end.append(number))
    prctl = _prctl()
    prctl(_SET_SUBREAPER, 1)
    agent = os.fork()
    if agent == 0:
        _become(argv, prctl)
    # The child does this as well, and either may be first: `_kill` finds the group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.setpgid(agent, agent)
    for standard in (0, 1):
        os.close(standard)  # the agent's alone: its end must be seen at the other side
    waits = select.poll()
    waits.register(hold, select.POLLIN)
    waits.register(woken, select.POLLIN)
    while not _has_ended(agent) and not asked_to_end:
        ready = {number for number, _ in waits.poll()}
        if hold in ready:
            break
        _drain(woken)
    # Not reaped yet, so its id is still its group's.
    _kill(agent)
    _, status = os.waitpid(agent, 0)
    _kill_descendants()
    if os.WIFSIGNALED(status):
        return 128 + os.WTERMSIG(status)
    return os.WEXITSTATUS(status)


def _become(argv: "list[str]", prctl: "Prctl") -> None:
    """Turn this process into the agent."""
    try:
        os.setpgid(0, 0)
        prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)  # should somebody kill the guard
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGPIPE, *_ENDING):
            signal.signal(number, signal.SIG_DFL)
        os.execv(argv[0], argv)  # noqa: S606 - the program that the user has chosen
    except OSError as cause:
        os.write(2, f"{argv[0]}: {cause.strerror}\n".encode("utf-8", "replace"))
    finally:
        os._exit(NOT_EXECUTED)


def _has_ended(agent: int) -> bool:
    """Whether the agent has ended. Reaps what it has left behind, but not itself."""
    while True:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return False
        if found.si_pid == agent:
            return True
        os.waitpid(found.si_pid, 0)


def _kill(agent: int) -> None:
    """Kill the agent's group, and the agent itself should it not be in that."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(agent, signal.SIGKILL)


def _kill_descendants() -> None:
    """Kill and reap children until there are none: those of a killed one become ours."""
    while children := _children():
        for child in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)


def _children() -> "list[int]":
    found = []
    me = str(os.getpid())
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    # The name is in brackets and may contain anything.
                    parent = file.read().rpartition(b")")[2].split()[1]
            except (OSError, IndexError):
                continue
            if parent.decode() == me:
                found.append(int(name))
    return found


def _drain(pipe: int) -> None:
    with contextlib.suppress(BlockingIOError):
        os.read(pipe, 4096)


def _prctl() -> "Prctl":
    """prctl(2); without it, a function that does nothing."""
    if sys.platform != "linux":
        return lambda *_: None
    try:
        import ctypes

        return ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return lambda *_: None


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
