"""A reply mentions who asked and whom it names, and never anybody by accident."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dingbridge.core.delivery.mentions import (
    SHARED,
    asker,
    members,
    readable,
    together,
    with_known,
    without_everybody,
)
from dingbridge.core.dingtalk import request_bodies
from dingbridge.core.dingtalk.limits import AT_MENTIONS
from dingbridge.core.messages import At, Conversation, ConversationKind, Inbound, Sender
from tests.support.growth import assert_in_proportion

KNOWN = {
    **{"张三": "zhangsan", "Bob": "b-1", "Bob Smith": "b_2", "李四 (后端)": "li4", "o.O": "oo"},
    **{"Sam": SHARED, "Bob Jones": SHARED, "all hands": "ah"},
}
AFTER_WORD = string.ascii_letters + string.digits + "_-/@"


def inbound(kind: ConversationKind, staff_id: str) -> Inbound:
    conversation = Conversation("cid1", kind)
    return Inbound(
        "m1", "ding1", conversation, Sender(staff_id, "$:1", "张三"), True, "text", "", 1
    )


def test_a_group_reply_mentions_who_asked() -> None:
    assert asker(inbound(ConversationKind.GROUP, "zhangsan")) == At(("zhangsan",))


@pytest.mark.parametrize(
    ("kind", "staff_id"), [(ConversationKind.SINGLE, "zhangsan"), (ConversationKind.GROUP, "")]
)
def test_nobody_is_mentioned_in_a_chat_of_two_or_without_a_staff_id(
    kind: ConversationKind, staff_id: str
) -> None:
    assert asker(inbound(kind, staff_id)) == At()


def sender(staff_id: str, nick: str) -> Sender:
    return Sender(staff_id, f"$:{staff_id}", nick)


def test_a_name_that_several_people_have_stands_for_nobody() -> None:
    seen = [sender("1", "Sam"), sender("2", "Sam"), sender("1", "Sam"), sender("3", "Bob")]
    assert members(seen) == {"Sam": SHARED, "Bob": "3"}
    assert members([*seen, sender("3", "Bob")]) == members(seen)
    assert members([sender("", "Guest"), sender("9", " "), sender("8", "Guest")]) == {"Guest": ""}


@pytest.mark.parametrize("name", ["all", "ALL", "All members", "所有人", "所有人们", "everyone"])
def test_nobody_is_called_everybody(name: str) -> None:
    known = members([sender("1", name), sender(name, "Bob")])
    assert known == {name: SHARED, "Bob": SHARED}
    assert with_known(f"@{name} and @Bob", known) == (f"@{name} and @Bob", At())


@pytest.mark.parametrize(
    ("text", "expected", "who"),
    [
        ("@张三 看一下", "@zhangsan 看一下", ("zhangsan",)),
        ("请@张三，和 @Bob.", "请@zhangsan，和 @b-1.", ("zhangsan", "b-1")),
        ("cc:@Bob's, (@Bob) **@Bob**", "cc:@b-1's, (@b-1) **@b-1**", ("b-1",)),
        ("@Bob Smith\n@Bob", "@b_2\n@b-1", ("b_2", "b-1")),
        ("@李四 (后端)\u2005ok", "@li4\u2005ok", ("li4",)),
        ("> see `x` @Bob\n\n@张三 see", "> see `x` @Bob\n\n@zhangsan see", ("zhangsan",)),
        ("> ```\n> x\n@Bob", "> ```\n> x\n@b-1", ("b-1",)),
        ("```\n> x\n```\n@Bob > @Bob", "```\n> x\n```\n@b-1 > @b-1", ("b-1",)),
        ("- item\n  - @张三\n", "- item\n  - @zhangsan\n", ("zhangsan",)),
        ("@o.O!", "@oo!", ("oo",)),
        ("a `b @Bob` @Bob ``c` @Bob`` d", "a `b @Bob` @b-1 ``c` @Bob`` d", ("b-1",)),
        ("a \\` @Bob ` b", "a \\` @b-1 ` b", ("b-1",)),
        ("a ` @Bob\n\n` b", "a ` @b-1\n\n` b", ("b-1",)),
        ("```\n@Bob\n```\n@Bob\n~~~\n@Bob", "```\n@Bob\n```\n@b-1\n~~~\n@Bob", ("b-1",)),
        (
            "text\n\n    @Bob.x()\n    @Bob\n\n@Bob",
            "text\n\n    @Bob.x()\n    @Bob\n\n@b-1",
            ("b-1",),
        ),
        ("text\n    @Bob goes on", "text\n    @b-1 goes on", ("b-1",)),
    ],
)
def test_a_known_name_becomes_a_mention(text: str, expected: str, who: tuple[str, ...]) -> None:
    assert with_known(text, KNOWN) == (expected, At(who))


@pytest.mark.parametrize(
    "text",
    [
        *("bob@Bob", "me+x@Bob.test", "mail me.@Bob", "https://medium.com/@Bob", "x=@Bob&y=@Bob"),
        *("@Bobby", "@Bob-lee", "@Bob_", "@bob", "@ Bob", "Bob", "@Bob.test", "@Bob/pkg", "@Bob@x"),
        *("@Sam", "@Sam, hi", "@张三丰", "@@Bob", "\\@Bob", "@Bob2", "@Unknown", "@", ""),
        *("`@Bob`", "```py\n@Bob\ndef x(): ...\n```", "    @Bob\n", "\t@Bob", "~~~\n@Bob"),
        *("@all hands-on", "@Bobé", "@Bob\u0301x"),
        *("> @Bob", ">@Bob", "  > @Bob", "- > @Bob", "> > @Bob", "text\n> a `b` @Bob\r\n> @Bob"),
    ],
)
def test_what_is_no_mention_stays_as_it_is(text: str) -> None:
    assert with_known(text, KNOWN) == (text, At())


def test_a_name_that_two_people_have_is_not_cut_to_the_name_of_a_third() -> None:
    assert with_known("@Bob Jones!", KNOWN) == ("@Bob Jones!", At())


def test_at_most_fifty_people_are_mentioned_and_the_others_keep_their_names() -> None:
    known = {f"N{number}": f"id{number}" for number in range(AT_MENTIONS + 5)}
    text, at = with_known(" ".join(f"@{name}" for name in known) + " @N0", known)
    assert at == At(tuple(f"id{number}" for number in range(AT_MENTIONS)))
    assert text.endswith(f"@id{AT_MENTIONS - 1} @N50 @N51 @N52 @N53 @N54 @id0")


def test_a_mention_is_one_as_the_platform_wants_it() -> None:
    text, at = with_known("hi @张三!", KNOWN)
    body = request_bodies.robot_body("markdown", "t", text, at).decode()
    assert '"text":"hi @zhangsan!"' in body
    assert '"atUserIds":["zhangsan"]' in body
    assert '"isAtAll":false' in body


PLAIN_PARTS = st.lists(
    st.sampled_from(
        [*(f"@{name}" for name in KNOWN), "@", "@all", "@所有人", "。", "\n", "> ", "，"]
    )
).map("".join)
PARTS = st.lists(
    st.one_of(
        st.sampled_from([f"@{name}" for name in KNOWN]),
        st.sampled_from(["`", "``", "```\n", "\n", "\n\n", "    ", "\t", "~~~\n", "\\", "> ", " "]),
        st.sampled_from(
            ["@", "@all", "@所有人", ".", "/", "@Bob Jo", "@zhangsan", "@b-1", "a@b.c"]
        ),
        st.text(st.characters(), max_size=4),
    )
).map("".join)


@given(PARTS)
def test_who_is_mentioned_is_known_and_stands_in_the_text(text: str) -> None:
    changed, at = with_known(text, KNOWN)
    assert {*at.user_ids} <= {*KNOWN.values()} - {SHARED}
    assert not at.all
    assert not at.mobiles
    for who in at.user_ids:
        assert f"@{who}" in changed
    if not at.user_ids:
        assert changed == text


@given(PARTS.map(lambda text: text.replace("`", "").replace("~", "")))
def test_code_stays_as_it_is(text: str) -> None:
    for code in (f"```\n{text}\n```", f"`{' '.join(text.split())}x`"):
        assert with_known(code, KNOWN) == (code, At())
        assert without_everybody(code) == code


@given(st.lists(st.tuples(st.sampled_from(["", "> ", ">", " > ", "> > "]), PARTS), min_size=1))
def test_what_a_text_quotes_mentions_nobody(lines: list[tuple[str, str]]) -> None:
    known = {**KNOWN, "Quoted": "quoted"}
    text = "\n".join(
        f"{mark}{each.replace(chr(10), ' ')}{' @Quoted' if mark else ''}" for mark, each in lines
    )
    changed, at = with_known(text, known)
    assert "quoted" not in at.user_ids
    for (mark, _), before, after in zip(lines, text.split("\n"), changed.split("\n"), strict=True):
        if mark:
            assert after == before


@given(PARTS)
def test_a_text_for_a_route_without_mentions_reads_as_it_was_written(text: str) -> None:
    assume(not any(f"@{staff_id}" in text for staff_id in KNOWN.values() if staff_id))
    changed, at = with_known(text, KNOWN)
    assert readable(changed, at, KNOWN) == text


# --- everybody ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@all please", "@\u200ball please"),
        ("@ALL, @Everyone!", "@\u200bALL, @\u200bEveryone!"),
        ("请@所有人看", "请@\u200b所有人看"),
        ("x@所有人 ＠所有人", "x@\u200b所有人 ＠所有人"),
        ("@所有人请看 @all请看", "@\u200b所有人请看 @\u200ball请看"),
    ],
)
def test_everybody_is_never_mentioned(text: str, expected: str) -> None:
    assert without_everybody(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "@alley @allow @all-hands @all_x",
            "list@all.test and @all.test",
            "`@all`",
            "all",
            "@ all",
        ),
        *("```\n@all\n```", "https://x.test/@all", "@\u200ball"),
    ],
)
def test_what_does_not_mean_everybody_stays(text: str) -> None:
    assert without_everybody(text) == text


@given(PARTS)
def test_breaking_up_everybody_twice_is_once_and_adds_nothing_else(text: str) -> None:
    once = without_everybody(text)
    assert without_everybody(once) == once
    assert once.replace("@\u200b", "@") == text.replace("@\u200b", "@")


@given(PLAIN_PARTS)
def test_outside_of_code_nothing_means_everybody(text: str) -> None:
    assert "@所有人" not in without_everybody(text)


@given(st.lists(st.builds(At, st.tuples(st.text(max_size=2)), st.tuples(st.text(max_size=2)))))
def test_mentions_together_are_each_one_once_and_never_everybody(ats: list[At]) -> None:
    whole = together(*ats, At(all=True))
    assert not whole.all
    assert len({*whole.user_ids}) == len(whole.user_ids)
    assert len({*whole.mobiles}) == len(whole.mobiles)
    assert {*whole.user_ids} <= {who for at in ats for who in at.user_ids}
    assert len(whole.user_ids) + len(whole.mobiles) <= AT_MENTIONS


def test_the_asker_comes_first_when_fifty_are_too_few() -> None:
    many = At(tuple(f"id{number}" for number in range(60)), ("1",))
    assert together(At(("me",)), many) == At(("me", *many.user_ids[: AT_MENTIONS - 1]))


@pytest.mark.parametrize("piece", ["`", "\\", "``a`", "@Bob", "@", "\n", " \n", "    a\n", "@all "])
def test_a_long_text_takes_its_time_once(piece: str) -> None:
    named = with_known(piece * 100, KNOWN)[1]

    def work(text: str) -> None:
        assert with_known(text, KNOWN)[1] == named
        assert without_everybody(text).replace("@\u200b", "@") == text

    assert_in_proportion(work, piece, 60_000)
