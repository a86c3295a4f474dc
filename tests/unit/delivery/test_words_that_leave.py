"""What a text looks like when it arrives: masked, mentioning the right people, drawn as meant."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.core.delivery.compose import ComposeContext, written
from dingbridge.core.dingtalk.limits import TITLE_CHARACTERS
from dingbridge.core.messages import At, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.options.settings import read
from dingbridge.core.text import well_formed
from dingbridge.sandbox.settings import TEAM

TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3

GROUP = Target(conversation_id=TEAM)
TABLE = "| a | b |\n| :--- | :--- |\n| 1 | 2 |"


def options(**changes: Any) -> Options:
    return read({"app_key": "dingabc", "app_secret": "an-app-secret", **changes}, {})


def test_masking_can_be_switched_off_for_one_target_or_for_all() -> None:
    there = Target(user_id="zhangsan")
    for given, target, masked in (
        ({}, there, True),
        ({"mask_secrets_except": ["zhangsan"]}, there, False),
        ({"mask_secrets_except": ["zhangsan"]}, GROUP, True),
        ({"mask_secrets_except": [TEAM]}, GROUP, False),
        ({"mask_secrets": False}, there, False),
    ):
        made = written("m", f"the key {TOKEN}", target, options(**given), ComposeContext())
        assert (TOKEN not in made.outbound.text) is masked, given
        assert bool(made.masked) is masked


def test_the_title_of_a_notification_is_masked_and_no_longer_than_a_title_may_be() -> None:
    for title in (TOKEN, f"deployed with {TOKEN}", "half \ud83d of a pair", "x\n" * 50):
        made = written("m", "the body", GROUP, options(), ComposeContext(), title=title)
        assert TOKEN[:12] not in made.outbound.title
        assert 0 < len(made.outbound.title) <= TITLE_CHARACTERS
        assert made.outbound.title == well_formed(made.outbound.title)
        assert "\n" not in made.outbound.title
        assert bool(made.masked) is (TOKEN in title)
    made = written("m", f"with {TOKEN}", GROUP, options(), ComposeContext(), title=TOKEN)
    assert [found.count for found in made.masked] == [2]
    open_to = options(mask_secrets=False)
    assert (
        written("m", "x", GROUP, open_to, ComposeContext(), title="Build").outbound.title == "Build"
    )


def test_everybody_is_only_mentioned_when_the_api_is_asked_to() -> None:
    made = written("m", "@all look", GROUP, options(), ComposeContext(), at=At(all=True))
    assert made.outbound.at.all
    assert "@all" in made.outbound.text
    made = written("m", "@all look", GROUP, options(), ComposeContext())
    assert not made.outbound.at.all
    assert "@all" not in made.outbound.text


def test_a_text_of_nothing_but_mentions_keeps_room_for_itself() -> None:
    members = {"名字很长的一位同事": "zs"}
    made = written(
        "m", "@名字很长的一位同事 " * 5000, GROUP, options(), ComposeContext(members=members)
    )
    assert made.outbound.names == ()
    assert made.outbound.at.user_ids == ("zs",)


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        ("native", TABLE),
        ("auto", "```\na  b\n-  -\n1  2\n```"),
        ("code", "```\na  b\n-  -\n1  2\n```"),
    ],
)
def test_a_table_is_sent_as_the_option_says(table: str, shown: str) -> None:
    made = written("m", TABLE, GROUP, options(table=table), ComposeContext())
    assert made.outbound.text.split() == shown.split()


def test_a_table_whose_links_lead_somewhere_keeps_them_on_every_phone() -> None:
    linked = TABLE.replace("1", "[docs](https://x.test)")
    made = written("m", linked, GROUP, options(), ComposeContext())
    assert "[docs](https://x.test)" in made.outbound.text
    assert "|" not in made.outbound.text
    assert "```" not in made.outbound.text
