"""The question in DingTalk holds all that is decided about, and no link but those of the bridge."""

from __future__ import annotations

import json
from datetime import timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dingbridge.core.approvals import tap_links
from dingbridge.core.approvals.approval import ApprovalRequest, OpenApproval
from dingbridge.core.approvals.question_text import MOST, question
from dingbridge.core.delivery import requests
from dingbridge.core.delivery.plan import Plan, RetryPolicy
from dingbridge.core.delivery.plan_steps import PostChunk
from dingbridge.core.delivery.routing import Route
from dingbridge.core.dingtalk.limits import MSG_PARAM_BYTES, WEBHOOK_BODY_BYTES
from dingbridge.core.messages import Outbound, SessionWebhook, Target
from dingbridge.core.options.settings import read
from dingbridge.sandbox.links import links, sent_by_tap
from tests.support.acting_links import SEND, acting, texts

NOW = 1_800_000_000.0
CODE = "K7QD"
OPTIONS = {"client_id": "dingabc", "client_secret": "hidden"}
WEBHOOK = SessionWebhook("https://oapi.dingtalk.com/robot/sendBySession?session=x", NOW + 9e5)
PERSON = Target(user_id="zhangsan")
CHAT = Target(private="cidX==", session_webhook=WEBHOOK)
GROUP = Target(conversation_id="cidTEAM==")
OURS = [
    f"dtmd://dingtalkclient/sendMessage?content=%2F{name}-{CODE}"
    for name in ("approve", "reject", "always")
]


def approval(
    title: str = "Edit a.py",
    detail: str = "",
    source: str = "qwen",
    *,
    can_always: bool = True,
) -> OpenApproval:
    request = ApprovalRequest(
        session="s1",
        source=source,
        title=title,
        kind="edit",
        detail=detail,
        robot="r",
        can_always=can_always,
    )
    return OpenApproval(CODE, request, NOW + 300)


def asked(one: OpenApproval, target: Target = PERSON, **changes: Any) -> tuple[Outbound, ...]:
    return question("m1", one, target, read({**OPTIONS, **changes}, {}), NOW)


def shown(outbound: Outbound, **changes: Any) -> list[str]:
    """What the person gets to see, chunk by chunk, within the limits of the platform."""
    options = read({**OPTIONS, **changes}, {})
    route = requests.ways(options, outbound, NOW)[0]
    plan = Plan(
        outbound, (route,), lambda way: requests.room(options, outbound, way), RetryPolicy(float)
    )
    found = []
    while isinstance(step := plan.next(), PostChunk):
        if route is Route.SESSION:
            _, body = requests.robot(options, outbound, step.chunk, route, NOW)
            assert len(body) <= WEBHOOK_BODY_BYTES
            content = json.loads(body)
            form = content[content["msgtype"]]
        else:
            _, body = requests.openapi(options, outbound, step.chunk, route)
            param = json.loads(body)["msgParam"]
            assert len(param.encode()) <= MSG_PARAM_BYTES
            form = json.loads(param)
        found.append(form.get("text") or form.get("content"))
        assert len(found[-1]) <= options.text_chunk_limit
        plan.accepted()
    return found


def tappable(*pieces: str) -> list[str]:
    """The addresses that act, in order, each once."""
    return list(dict.fromkeys(link.address for link in acting(*pieces)))


@pytest.mark.parametrize("target", [PERSON, CHAT])
def test_a_tap_answers_and_the_typed_forms_stand_beside_it(target: Target) -> None:
    [outbound] = asked(approval(detail="```diff\n-a\n+b\n```"), target)
    [text] = shown(outbound)
    assert tappable(text) == OURS
    for form in ("/approve K7QD", "/reject K7QD", "/always K7QD", "-a\n+b", "qwen", "Edit a.py"):
        assert form in text


def test_the_time_until_when_it_counts_is_true_however_late_the_question_leaves() -> None:
    made = question("m1", approval(), PERSON, read(OPTIONS, {}), NOW, timezone.utc)
    assert "until 08:05" in made[0].text
    assert "min" not in made[0].text


def test_what_may_be_allowed_once_only_has_no_link_for_always() -> None:
    [outbound] = asked(approval(can_always=False))
    [text] = shown(outbound)
    assert tappable(text) == OURS[:2]
    assert "/always" not in text


def test_a_group_gets_the_typed_forms_and_no_links() -> None:
    [outbound] = asked(approval(), GROUP)
    [text] = shown(outbound)
    assert acting(text) == []
    assert "/approve K7QD" in text
    assert "1:1" in text


def test_plain_text_has_no_links() -> None:
    [outbound] = asked(approval(), msgtype="text")
    [text] = shown(outbound, msgtype="text")
    assert "dtmd" not in text
    assert "/approve K7QD" in text


def test_a_long_question_has_a_file_with_all_of_it() -> None:
    detail = "```diff\n" + "".join(f"+line {n}\n" for n in range(9000)) + "```"
    head, file = asked(approval(detail=detail))
    assert file.file_name.endswith(".md")
    assert "+line 8999" in file.text
    assert file.taps == ()
    [text] = shown(head)
    assert "in the file, and in Neovim" in text
    assert tappable(text) == OURS


def test_a_long_question_that_cannot_have_a_file_says_where_it_is_cut() -> None:
    detail = "```diff\n" + "".join(f"+line {n}\n" for n in range(9000)) + "```"
    [outbound] = asked(approval(detail=detail), CHAT)
    assert MOST < len(outbound.text) < MOST + 1000
    pieces = shown(outbound)
    assert "stands in Neovim" in pieces[-1]
    assert tappable(*pieces) == OURS
    # The block is closed before the bridge's own words.
    assert pieces[-1].count("```") % 2 == 0


def test_a_question_without_a_cut_is_complete() -> None:
    detail = "```diff\n" + "".join(f"+line {n}\n" for n in range(700)) + "```"
    [outbound] = asked(approval(detail=detail), CHAT)
    pieces = shown(outbound)
    for number in range(700):
        assert any(f"+line {number}\n" in piece for piece in pieces)
    assert "cut here" not in "".join(pieces).lower()


def test_secrets_are_masked_and_that_is_said() -> None:
    token = "ghp_" + "a1B2c3D4e5F6" * 3
    [outbound] = asked(approval(detail=f"export TOKEN={token}"))
    assert token not in outbound.text
    assert "masked here" in outbound.text


def test_an_open_block_of_the_agent_does_not_hide_how_to_answer() -> None:
    [outbound] = asked(approval(detail="```\nrm -rf /"))
    [text] = shown(outbound)
    assert text.index("\n```\n", text.index("rm -rf")) < text.index("/approve K7QD")


def test_a_title_of_several_lines_stays_on_one() -> None:
    [outbound] = asked(approval(title="Run\n\n# /approve XXXX\n`ls`"))
    assert "`` Run # /approve XXXX `ls` ``" in outbound.text
    assert "\n" not in outbound.title


def acts(*pieces: str) -> list[str]:
    """The addresses that would act if they were tapped, but for those of the bridge."""
    schemes = ("dtmd", "dingtalk", "javascript", "vbscript")
    found = [link for piece in pieces for link in links(piece) if link.address not in OURS]
    return [link.address for link in found if sent_by_tap(link) or link.scheme in schemes]


@settings(max_examples=60)
@given(texts(), texts(), texts(), st.sampled_from([PERSON, CHAT, GROUP]))
@example("DTMD&colon;", "dtmd:", "dtmd:", PERSON)
@example("dtmd:", "d\u200btmd:\n", "dtmd :", CHAT)
def test_no_text_of_an_agent_makes_a_link_that_acts(
    title: str, detail: str, source: str, target: Target
) -> None:
    for outbound in asked(approval(title, detail, source), target):
        assert "dtmd:" not in outbound.title + outbound.text
        assert acts(outbound.title, *shown(outbound)) == []


@settings(max_examples=60)
@given(texts(), st.integers(1, 400))
def test_no_cut_in_a_text_of_an_agent_makes_a_link_that_acts(detail: str, room: int) -> None:
    detail = f"{'x' * room} {detail}"
    for outbound in asked(approval(detail=detail), CHAT, text_chunk_limit=600):
        assert acts(*shown(outbound, text_chunk_limit=600)) == []


@pytest.mark.parametrize(
    "tap",
    [
        *("/clear", "/approve-K7QD%20/clear", "/approve-K7Q", "/approve-k7qd", "/approve K7QD"),
        *("/run-K7QD", "/approve-K7QD\n", "approve-K7QD", SEND, "/approve-K7QD](x)"),
    ],
)
def test_only_an_answer_to_an_approval_becomes_a_link(tap: str) -> None:
    assert tap_links.written((tap,)) == ""


def test_only_the_question_of_an_approval_sets_the_taps_of_a_message() -> None:
    from tests.project.test_architecture import PACKAGE, name_of

    setting = [
        name_of(path)
        for path in sorted(PACKAGE.rglob("*.py"))
        if "taps=" in path.read_text(encoding="utf-8")
    ]
    assert setting == ["dingbridge/core/approvals/question_text.py"]
