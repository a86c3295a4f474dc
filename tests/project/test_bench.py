"""The bench measures what it says, so that its table can be believed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bench.figures import OURS, Figure, percentile, table
from tests.bench.processes import Server, bridge, start


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.mark.parametrize("tls", [False, True], ids=["", "over TLS"])
@pytest.mark.parametrize("name", ["null", "sdk"])
def test_a_partner_acks_every_frame_of_a_flood(name: str, tls: bool) -> None:
    with (
        Server(tls=tls) as server,
        start("tests.bench.partners", name, server.url, environ=server.environ),
    ):
        server.wait_for(name)
        told = server.flood(name, 20)
    assert (told["missing"], len(told["waits"])) == (0, 20)
    assert all(0 < wait <= told["seconds"] for wait in told["waits"])


def test_the_bridge_is_counted_while_it_shows_and_sends(server: Server) -> None:
    with bridge(server.url) as one:
        before = one.counted()
        assert server.flood(OURS, 3)["missing"] == 0
        one.until_shown(3)
        server.reset()
        one.editor.lua("for _ = 1, 40 do require('dingbridge').send('words') end")
        calls = server.calls(40)
        counts = {name: value - before[name] for name, value in one.counted().items()}
    assert {path for _, path, _ in calls} == {"/robot/sendBySession"}
    assert min(counts[name] for name in ("posts", "notifications", "fsyncs")) > 0


def test_the_bridge_acks_every_frame_of_a_flood_over_tls() -> None:
    with Server(tls=True) as server, bridge(server.url, environ=server.environ) as one:
        assert server.url.startswith("https:")
        assert server.flood(OURS, 300)["missing"] == 0
        one.until_shown(300)


def test_a_ratio_is_the_median_of_the_rounds_and_stands_at_the_partner() -> None:
    figures = [
        *(Figure("rate", OURS, "/s", value) for value in (1.0, 8.0, 6.0)),
        *(Figure("rate", "SDK", "/s", value) for value in (2.0, 4.0, 4.0)),
    ]
    *_, ours, theirs = table(figures)
    assert ours == "| rate | dingbridge | /s | 6 | 1 | 8 |  |"
    assert theirs == "| rate | SDK | /s | 4 | 2 | 4 | 1.5 |"


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 0.99)] == [1, 3, 4]
