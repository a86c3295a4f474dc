"""What is remembered between runs, and which files are not taken for it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.core.limits import SEEN_SECONDS
from dingbridge.core.messages import SessionWebhook, Target
from dingbridge.core.patience import REFUSAL_EVERY
from dingbridge.core.state import (
    VERSION,
    Binding,
    State,
    binding_of,
    bound,
    decode,
    encode,
    with_refused,
    with_seen,
)

NOW = 1_800_000_000.0
NAMES = st.text(max_size=10)
TIMES = st.dictionaries(NAMES, st.floats(0, 1e10), max_size=3)
STATES = st.builds(
    State,
    version=st.just(VERSION),
    bindings=st.dictionaries(NAMES, st.builds(Binding, *[NAMES] * 5), max_size=3),
    seen=TIMES,
    refused=TIMES,
)


@settings(deadline=None)
@given(STATES)
def test_what_is_written_is_read_again(state: State) -> None:
    assert decode(encode(state)) == state


@settings(deadline=None)
@given(STATES)
def test_the_file_is_json_that_a_person_can_read(state: State) -> None:
    written = encode(state)
    assert json.loads(written)["version"] == VERSION
    assert b"\n" in written


def test_fields_of_a_later_version_are_passed_over() -> None:
    assert decode(b'{"version": 1, "quota": {"used": 3}}') == State()


def test_a_file_of_another_version_is_refused_by_its_number() -> None:
    with pytest.raises(ValueError, match="version 2 is not known"):
        decode(b'{"version": 2, "bindings": {}}')


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\x00" * 100,
        b'{"version": 1',
        b'{"version": "1"}',
        b'{"seen": {"m1": "yesterday"}}',
        b'{"bindings": {"default": {}}}',
        b'{"bindings": {"default": {"session": "\xff\xfe"}}}',
        b'{"version": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_anything_else_is_not_taken_for_a_state(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(data)


@settings(deadline=None)
@given(STATES, st.data())
def test_no_torn_state_is_taken_for_a_whole_one(state: State, data: st.DataObject) -> None:
    whole = encode(state)
    torn = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(ValueError, match=r"."):
        decode(torn)


def test_a_binding_remembers_the_conversation_but_not_the_secret_way_to_it() -> None:
    webhook = SessionWebhook("https://oapi.dingtalk.com/robot/sendBySession?session=s", NOW)
    target = Target("", "zhangsan", "robot", webhook, "张三")
    binding = binding_of("s1", target)
    assert binding.target == Target("", "zhangsan", "robot", None, "张三")
    assert b"sendBySession" not in encode(bound(State(), "default", binding))


def test_a_session_that_nobody_spoke_to_has_no_target_of_its_own() -> None:
    assert binding_of("s1", None) == Binding("s1")
    assert Binding("s1").target is None


def test_an_account_has_one_binding_and_others_keep_theirs() -> None:
    state = bound(State(), "work", Binding("s1"))
    state = bound(bound(state, "home", Binding("s2")), "work", Binding("s3"))
    assert state.bindings == {"work": Binding("s3"), "home": Binding("s2")}
    assert bound(state, "work", None).bindings == {"home": Binding("s2")}
    assert bound(state, "nobody", None) == state


def test_seen_ids_are_added_and_those_older_than_a_day_go() -> None:
    state = State(seen={"old": NOW - SEEN_SECONDS, "young": NOW - 60})
    assert with_seen(state, {"new": NOW}, NOW).seen == {"young": NOW - 60, "new": NOW}


def test_who_was_refused_is_remembered_until_the_refusal_may_be_said_again() -> None:
    state = State(refused={"old": NOW - REFUSAL_EVERY, "young": NOW - 60})
    assert with_refused(state, "new", NOW).refused == {"young": NOW - 60, "new": NOW}
    assert with_refused(state, "young", NOW).refused == {"young": NOW}


def test_a_name_that_is_no_unicode_can_be_written_down() -> None:
    state = bound(State(), "work", Binding("s1", label="half \ud83d of a pair"))
    assert decode(encode(state)).bindings["work"].label == "half \ufffd of a pair"
