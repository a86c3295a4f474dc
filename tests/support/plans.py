"""Delivery plans, run against scripted replies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat

from hypothesis import strategies as st
from msgspec import Struct

from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.plan import Plan, RetryPolicy, SentSoFar
from dingbridge.core.delivery.plan_steps import Chunk, Finished, PostChunk, Wait
from dingbridge.core.delivery.routing import Route
from dingbridge.core.errors import DeliveryError
from dingbridge.core.markdown.chunking import LARGEST_CODE_POINT
from dingbridge.core.messages import Outbound, Target

ACCEPTED = None
Reply = DeliveryError | None
PARTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            *(
                " ",
                "\n",
                "\n\n",
                " " * 300,
                "\n" * 300,
                "\n```python\n",
                "\n```\n",
                "👩\u200d👩\u200d👧",
            ),
            *("x" * 700, "长" * 500, "word " * 200, "one line\n" * 100, "\x01" * 200, "\ud83d"),
        ]
    ),
)
TEXTS = st.lists(PARTS, max_size=12).map("".join)
ROOMS = st.fixed_dictionaries(
    {
        route: st.tuples(st.integers(20, 3000), st.integers(10 * LARGEST_CODE_POINT, 4000))
        for route in Route
    }
)
ENDLESS = 20_000
"""More steps than any of these messages needs."""


class Way(Struct):
    """What happened to one message."""

    posts: list[PostChunk]
    replies: list[Reply]
    waits: list[Wait]
    accepted: list[Chunk]
    end: Finished

    @property
    def keys(self) -> list[str]:
        return [post.chunk.key for post in self.posts]


def outbound(text: str) -> Outbound:
    return Outbound("m1", Target(user_id="zhangsan"), text)


def roomy(_: Route) -> tuple[int, int]:
    return 20_000, 14_000


def a_plan(
    text: str = "hello",
    routes: tuple[Route, ...] = (Route.SINGLE,),
    room: Callable[[Route], tuple[int, int]] = roomy,
    chance: float = 0.0,
    *,
    patient: bool = True,
    repeat: bool = True,
    start: int = 0,
    tried: tuple[Attempted, ...] = (),
) -> Plan:
    return Plan(
        outbound(text),
        routes,
        room,
        RetryPolicy(lambda: chance, patient=patient, repeat=repeat),
        SentSoFar(start, tried),
    )


def travel(plan: Plan, replies: Iterable[Reply]) -> Way:
    """Run the plan against a platform that gives these replies, in order."""
    way = Way([], [], [], [], Finished())
    reply: Iterator[Reply] = iter(replies)
    for _ in range(ENDLESS):
        step = plan.next()
        assert plan.next() == step, "asking twice is harmless"
        match step:
            case Finished():
                way.end = step
                return way
            case Wait():
                way.waits.append(step)
                plan.waited()
            case PostChunk():
                answer = next(reply)
                way.posts.append(step)
                way.replies.append(answer)
                if answer is None:
                    way.accepted.append(step.chunk)
                    plan.accepted()
                else:
                    plan.failed(answer)
    raise AssertionError(f"no end after {ENDLESS} steps")


def answered(*replies: Reply) -> Iterator[Reply]:
    """These replies; everything after them is accepted."""
    return chain(replies, repeat(ACCEPTED))
