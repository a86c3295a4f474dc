"""Reports from the files in Neovim's folders, for `dingbridge status` and `dingbridge outbox`.

Files are only read, and no folder is created.
"""

from __future__ import annotations

import os
from pathlib import Path

from dingbridge.core.catalogue import files as files_words
from dingbridge.core.catalogue import sessions
from dingbridge.core.catalogue import status as say
from dingbridge.core.delivery import outbox as outboxes
from dingbridge.core.delivery import outbox_records, outbox_text
from dingbridge.core.delivery.outbox import Outbox
from dingbridge.core.errors import BridgeError
from dingbridge.core.sessions import state as states
from dingbridge.core.sessions.state import Binding, State
from dingbridge.core.text import clean, shorten
from dingbridge.edges.log import LOG_FILE
from dingbridge.edges.storage import own_files
from dingbridge.edges.storage.data_paths import data_folder, log_folder
from dingbridge.edges.storage.journal import Journal
from dingbridge.edges.storage.robot_files import OUTBOX_FILE, STATE_FILE

NAME = 60
"""Characters of a title or a name that are shown."""


def status() -> tuple[str, ...]:
    """Lines about bindings, waiting and failed messages. Raises `BridgeError` if a file is
    unreadable."""
    state, outbox = state_in(data_folder()), outbox_in(data_folder())
    bound = [one for one in state.bindings.values() if not one.scope]
    made = len(state.bindings) - len(bound)
    asking = sum(len(pairings.requests) for pairings in state.pairings.values())
    lines = [_binding(one) for one in sorted(bound, key=lambda one: -one.time)]
    lines = lines or [sessions.NO_SESSION_BOUND()]
    if made:
        lines.append(say.MADE(count=made))
    if asking:
        lines.append(say.ASKED(count=asking))
    lines.append(say.WAITING(waiting=outbox.queued, failed=len(outbox.dead)))
    if outbox.dead:
        latest = max(outbox.dead.values(), key=lambda letter: letter.time)
        lines.append(say.LATEST_FAILURE(reason=_shown(latest.reason)))
    return (*lines, say.DATA(folder=data_folder()), say.LOG(file=log_folder() / LOG_FILE))


def outbox() -> tuple[str, ...]:
    """Waiting and failed messages, each with its id. Raises `BridgeError` for unreadable files."""
    return tuple(clean(text) for text, _ in outbox_text.describe(outbox_in(data_folder())))


def _binding(one: Binding) -> str:
    title = _shown(one.title) or one.session
    folder = _shown(one.cwd, 200)
    if one.target is None:
        return say.BOUND(title=title, folder=folder)
    place = _shown(one.label or one.target.place)
    return say.BOUND_TO(title=title, place=place, folder=folder)


def _shown(text: str, most: int = NAME) -> str:
    return shorten(clean(text), most)


def state_in(data: Path) -> State:
    """The state in a data folder. Raises `BridgeError` if it is unreadable."""
    path = data / STATE_FILE
    try:
        with own_files.reading(path) as file:
            return states.decode(file.read())
    except FileNotFoundError:
        return State()
    except (OSError, ValueError) as cause:
        reason = cause.strerror if isinstance(cause, OSError) else cause
        raise BridgeError(files_words.UNREADABLE(path=path, reason=reason)) from cause


def outbox_in(data: Path) -> Outbox:
    """The outbox in a data folder. Raises `BridgeError` if it is unreadable."""
    path = data / OUTBOX_FILE
    if not os.path.lexists(path):
        return Outbox()  # reading a journal would create its folder and lock
    try:
        records, _ = Journal(path).read(outbox_records.decode)
    except OSError as cause:
        raise BridgeError(
            files_words.UNREADABLE(path=path, reason=cause.strerror or cause)
        ) from cause
    return outboxes.fold(records)
