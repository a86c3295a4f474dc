"""What the editor must be told so that it shows a transcript as it was just read from the disk."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from dingbridge.bridge import updates
from dingbridge.core.messages import Delivery, Message
from dingbridge.core.transcript import UNSETTLED

Shown = dict[str, tuple[Delivery, str]]
"""The messages that the editor shows of a session, in order: by id, what became of each and why."""


class Found(Struct, frozen=True):
    """`updates` bring the editor up to date; of the messages in `open` only the robot's owner knows
    what became of them."""

    updates: tuple[updates.Messages | updates.Fate, ...]
    open: tuple[str, ...]


def note(shown: Shown, update: updates.Messages | updates.Fate) -> None:
    """Change `shown` as the update changes the editor."""
    if isinstance(update, updates.Fate):
        if update.message in shown:
            shown[update.message] = (update.delivery, update.reason)
        return
    if update.reset:
        shown.clear()
    for message in update.list:
        shown[message.id] = (message.delivery, message.reason)


def difference(
    session: str,
    shown: Shown,
    loaded: Sequence[Message],
    since: Sequence[updates.Messages | updates.Fate],
) -> Found:
    """What leads from `shown` to the transcript as it was `loaded`, followed by what came `since`
    it was asked for: that is shown already, and the transcript may hold it or not."""
    messages = {message.id: message for message in loaded}
    fates: Shown = {}
    for update in since:
        if isinstance(update, updates.Fate):
            fates[update.message] = (update.delivery, update.reason)
            continue
        if update.reset:
            messages.clear()
        for message in update.list:
            messages.setdefault(message.id, message)
    wanted: list[Message] = []
    settled: list[updates.Fate] = []
    unknown: list[str] = []
    for name, message in messages.items():
        here = shown.get(name, fates.get(name))
        now = message.delivery, message.reason
        if here is not None and here != now:
            if message.delivery is Delivery.SENT:
                settled.append(updates.Fate(session, name, *now))
            else:
                # A failed one may be under way again, which its transcript does not tell.
                message = structs.replace(message, delivery=here[0], reason=here[1])
                if here[0] in UNSETTLED and now[0] is Delivery.FAILED:
                    unknown.append(name)
        if here is None and message.delivery in UNSETTLED:
            unknown.append(name)
        wanted.append(message)
    if not shown or list(shown) != list(messages)[: len(shown)]:
        return Found(tuple(updates.slices(session, tuple(wanted))), tuple(unknown))
    # Nothing moves on the screen for what is there already.
    new = updates.slices(session, tuple(wanted[len(shown) :])) if wanted[len(shown) :] else []
    more = [structs.replace(piece, reset=False) for piece in new]
    return Found((*settled, *more), tuple(unknown))
