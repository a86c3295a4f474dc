"""What a page shows beside messages: who is there, what is connected, which trouble waits."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.settings import Person


class ShownPerson(Struct, frozen=True):
    """Somebody to speak as. `place` is their 1:1 chat with the robot."""

    key: str
    nick: str
    kind: Literal["staff", "external", "admin"]
    place: str


class ShownGroup(Struct, frozen=True):
    """A group."""

    place: str
    title: str


class ShownFault(Struct, frozen=True):
    """A fault that waits for its calls; `times` is None for all of them."""

    path: str
    what: str
    times: int | None


class SandboxStatus(Struct, frozen=True):
    """The sandbox as it is.

    `open` are the connections that are not closed, with their states. `ahead` is in seconds.
    `calls` and `pushes` are those of this month, of which there are `calls_most` and `pushes_most`.
    """

    robot: str
    people: tuple[ShownPerson, ...]
    groups: tuple[ShownGroup, ...]
    open: dict[str, str]
    faults: tuple[ShownFault, ...]
    hanging: int
    ahead: float
    calls: int
    calls_most: int | None
    pushes: int
    pushes_most: int | None
    missing_scopes: tuple[str, ...]


def status(platform: Platform) -> SandboxStatus:
    """The sandbox as it is now."""
    world, settings = platform.world, platform.world.settings
    connections = world.connections.values()
    return SandboxStatus(
        robot=settings.robot_name,
        people=tuple(
            ShownPerson(one.key, one.nick, kind_of(one), one.single_conversation)
            for one in settings.people
        ),
        groups=tuple(ShownGroup(each.conversation_id, each.title) for each in settings.groups),
        open={each.id: each.state for each in connections if each.state != "closed"},
        faults=tuple(
            ShownFault(each.path, f"{each.name} {each.status}", each.times)
            if each.action == "answer"
            else ShownFault(each.path, each.name, each.times)
            for each in world.faults.waiting
        ),
        hanging=platform.hanging,
        ahead=world.ahead,
        calls=world.calls_quota.used,
        calls_most=settings.calls_per_month,
        pushes=world.push_quota.used,
        pushes_most=settings.pushes_per_month,
        missing_scopes=settings.missing_scopes,
    )


def kind_of(person: Person) -> Literal["staff", "external", "admin"]:
    """What somebody is to the organisation."""
    if not person.staff_id:
        return "external"
    return "admin" if person.admin else "staff"
