"""Host and service as the bench starts them: they count what happens at their edges, and the
service sends without a pace.

The option `python` names a script that runs this file in place of Python; the words behind it are
those that the editor gives to Python (`launch.py host …`). The host starts its service by this file
as well. The counts are whole numbers of eight
bytes in the file `DINGBRIDGE_BENCH_COUNTS`, in the order of `COUNTED`, so that they can be read at
any moment without asking the host, which would disturb what is measured.
"""

from __future__ import annotations

import mmap
import os
import runpy
import struct
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

COUNTS = "DINGBRIDGE_BENCH_COUNTS"
COUNTED = ("posts", "notifications", "fsyncs")
SIZE = struct.calcsize("<q")
UNLIMITED = 10**9


def read(path: Path) -> dict[str, int]:
    """The counts as they stand now."""
    return dict(zip(COUNTED, struct.unpack(f"<{len(COUNTED)}q", path.read_bytes()), strict=True))


def counting(path: str) -> Callable[[str], None]:
    """A function that adds one to the count of a name."""
    with open(path, "r+b") as file:
        counts = mmap.mmap(file.fileno(), SIZE * len(COUNTED))
    lock = threading.Lock()

    def count(name: str) -> None:
        place = COUNTED.index(name) * SIZE
        with lock:
            [before] = struct.unpack_from("<q", counts, place)
            struct.pack_into("<q", counts, place, before + 1)

    return count


def counted(owner: Any, attribute: str, name: str, count: Callable[[str], None]) -> None:
    """Count each call of `owner.attribute`, which must be there."""
    call = getattr(owner, attribute)

    def counting_call(*arguments: Any, **options: Any) -> Any:
        count(name)
        return call(*arguments, **options)

    setattr(owner, attribute, counting_call)


def prepare_host(count: Callable[[str], None]) -> None:
    """Count what reaches the editor, and start the service by this file."""
    from dingbridge.edges.neovim import Neovim
    from dingbridge.edges.programs import background

    counted(Neovim, "post", "posts", count)
    counted(Neovim, "apply", "notifications", count)
    start, allowed = background.start, background.allowed

    def start_counting(argv: Sequence[str], *more: Any) -> Any:
        return start([argv[0], __file__, *argv[1:]], *more)

    def allowed_and_counts(environ: Mapping[str, str]) -> dict[str, str]:
        return {**allowed(environ), COUNTS: environ[COUNTS]}

    setattr(background, "start", start_counting)  # noqa: B010 - its type is another
    setattr(background, "allowed", allowed_and_counts)  # noqa: B010 - as above


def prepare_service(count: Callable[[str], None]) -> None:
    """Lift the limits of the platform, and count."""
    from dingbridge.core.dingtalk import limits

    limits.ROBOT_MESSAGES = UNLIMITED
    from dingbridge.core.delivery import rate_limit
    from dingbridge.service.mailbox import Mailbox

    rate_limit.CALLS_AT_ONCE = UNLIMITED
    counted(Mailbox, "wake", "posts", count)
    counted(os, "fsync", "fsyncs", count)
    if hasattr(os, "fdatasync"):
        counted(os, "fdatasync", "fsyncs", count)


def main() -> None:
    """Prepare this process, then run the program that the editor named in it."""
    program, *words = sys.argv[1:]
    path = os.environ.get(COUNTS)
    prepare = {"host": prepare_host, "service": prepare_service}.get(words[0])
    if path is not None and prepare is not None:
        sys.path.insert(0, str(Path(program).resolve().parents[1]))
        prepare(counting(path))
    sys.argv = [program, *words]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
