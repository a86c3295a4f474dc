"""`dingbridge setup`."""

from __future__ import annotations

import os
import sys

from dingbridge.core.catalogue import setup as say
from dingbridge.edges.storage.data_paths import config_folder, data_folder
from dingbridge.shell.outcome import DELIVERED, INTERRUPTED, UsageError, complain
from dingbridge.shell.setup.credentials import Surroundings
from dingbridge.shell.setup.dialogue import Left
from dingbridge.shell.setup.guided_setup import lead
from dingbridge.shell.setup.terminal import Terminal


def run() -> int:
    """Run the setup. Returns the exit code. Raises `UsageError`."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(say.NEEDS_A_TERMINAL())
    dialogue = Terminal()
    dialogue.report(say.HOW_TO_LEAVE())
    try:
        lead(dialogue, Surroundings(data_folder(), config_folder(), dict(os.environ)))
    except (Left, KeyboardInterrupt):
        complain(say.LEFT())
        return INTERRUPTED
    return DELIVERED
