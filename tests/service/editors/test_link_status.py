"""What the user reads when a robot's link comes, breaks and comes again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.protocol import updates
from dingbridge.service.editors.link_status import LinkStatus
from dingbridge.service.editors.screen import Screen


def notices(*states: LinkState) -> list[str]:
    """The notices of a link that goes through these states; each connection lives."""
    seen: list[updates.Update] = []
    end = updates.ShowNotice("the end")

    async def run() -> None:
        ended = asyncio.Event()

        def take(shown: tuple[updates.Update, ...], _done: int, _look_up: str | None) -> None:
            seen.extend(shown)
            if end in shown:
                ended.set()

        screen = Screen(take)
        later: list[Callable[[], object]] = []
        link = LinkStatus(screen, "dingtalk", lambda _seconds, act: later.append(act))
        for state in states:
            link.changed("DingTalk", state, "broken", "")
            for act in later:
                act()
            later.clear()
        screen.show(end)
        await asyncio.wait_for(ended.wait(), 30)

    asyncio.run(run())
    return [each.text for each in seen if isinstance(each, updates.ShowNotice) and each != end]


def test_a_link_that_breaks_is_connected_again() -> None:
    states = (LinkState.CONNECTED, LinkState.WAITING, LinkState.CONNECTED)
    first, _, last = notices(*states)
    assert (first, last) == ("DingTalk is connected", "DingTalk is connected again")


def test_a_link_that_could_not_be_made_at_first_is_not_connected_again() -> None:
    _, last = notices(LinkState.CONNECTING, LinkState.WAITING, LinkState.CONNECTED)
    assert last == "DingTalk is connected"
    again = notices(LinkState.WAITING, LinkState.CONNECTED, LinkState.WAITING, LinkState.CONNECTED)
    assert again[-1] == "DingTalk is connected again"
