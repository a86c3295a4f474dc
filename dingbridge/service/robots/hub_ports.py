"""The ports of a robot's hub."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dingbridge.service.approvals.approvals import Approvals
from dingbridge.service.robots.editor_choice import Attends
from dingbridge.service.robots.robot_news import News
from dingbridge.service.robots.robot_ports import (
    CardCalls,
    Link,
    Queue,
    Reactions,
    Recalls,
    Records,
)
from dingbridge.service.runtime import Later, Runtime


class HubPorts(Struct, frozen=True):
    """Files, queue, link, reactions and recalls of one robot, its members, and the approvals of the
    service.

    - `notify` sends news to one member.
    - `attends` tells what a member's editor shows; see `Attends`.
    - `later` runs a call on the loop after some seconds; with 0, at the end of the turn.
    """

    records: Records
    queue: Queue
    link: Link
    runtime: Runtime
    notify: Callable[[int, News], None]
    reactions: Reactions
    attends: Attends
    later: Later
    recalls: Recalls
    cards: CardCalls
    approvals: Approvals
