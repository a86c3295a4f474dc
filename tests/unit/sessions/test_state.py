"""What is remembered between runs, and which files are not taken for it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.core.access.pairing_state import AccessKind as PairingKind
from dingbridge.core.access.pairing_state import AccessRequest, Denied, Paired, Pairings
from dingbridge.core.delivery.quota import Quota, QuotaKind
from dingbridge.core.messages import SessionWebhook, Target
from dingbridge.core.sessions.state import (
    MADE_MOST,
    OPENINGS,
    OPENINGS_WINDOW,
    REFUSED_MOST,
    RELEASED_MOST,
    VERSION,
    Binding,
    State,
    binding_of,
    decode,
    encode,
    may_open_at,
    pairings_of,
    with_binding,
    with_conversation,
    with_made,
    with_opened,
    with_pairings,
    with_quota,
    with_refused,
    without_binding,
    without_seen,
)
from dingbridge.core.timeouts import REFUSAL_EVERY

NOW = 1_800_000_000.0
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
SECONDS = st.floats(0, 1e10)
TIMES = st.dictionaries(NAMES, SECONDS, max_size=3)
BINDINGS = st.builds(Binding, NAMES, NAMES, NAMES, NAMES, SECONDS, NAMES, NAMES, NAMES, NAMES)
KINDS = st.sampled_from(PairingKind)
PAIRINGS = st.builds(
    Pairings,
    paired=st.lists(st.builds(Paired, KINDS, NAMES, NAMES, SECONDS, SECONDS), max_size=2).map(
        tuple
    ),
    requests=st.lists(
        st.builds(
            AccessRequest,
            *(NAMES, KINDS, *[NAMES] * 4, SECONDS, SECONDS, NAMES, NAMES, NAMES),
        ),
        max_size=2,
    ).map(tuple),
    denied=st.lists(st.builds(Denied, KINDS, NAMES, SECONDS), max_size=2).map(tuple),
    wrong=st.lists(SECONDS, max_size=2).map(tuple),
    closed_until=SECONDS,
)
STATES = st.builds(
    State,
    version=st.just(VERSION),
    bindings=st.dictionaries(NAMES, BINDINGS, max_size=3),
    released=st.dictionaries(NAMES, BINDINGS, max_size=3),
    conversations=st.dictionaries(NAMES, NAMES, max_size=3),
    seen=TIMES,
    refused=TIMES,
    quotas=st.dictionaries(
        NAMES,
        st.builds(Quota, NAMES, st.integers(0), st.integers(0), st.just((QuotaKind.CALLS,))),
        max_size=2,
    ),
    opened=st.lists(SECONDS, max_size=3).map(tuple),
    pairings=st.dictionaries(NAMES, PAIRINGS, max_size=2),
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
    assert decode(b'{"version": 1, "stickers": {"used": 3}}') == State()


def test_a_file_from_before_there_were_pairings_is_read_and_nobody_is_paired() -> None:
    written = json.loads(encode(State(opened=(NOW,))))
    del written["pairings"]
    state = decode(json.dumps(written).encode())
    assert state == State(opened=(NOW,))
    assert pairings_of(state, "robot1") == Pairings()


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
        b'{"pairings": {"robot1": {"paired": [{"kind": "everybody", "id": "*"}]}}}',
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
    state = with_binding(State(), Binding("s1", "robot1", "Title", "/home/me", NOW))
    state = with_conversation(state, "cid1", "s1", target)
    binding = state.bindings["s1"]
    assert binding.target == Target("", "zhangsan", "robot", None, "张三")
    assert (binding.robot, binding.title, binding.cwd) == ("robot1", "Title", "/home/me")
    assert state.conversations == {"cid1": "s1"}
    assert b"sendBySession" not in encode(state)


def test_a_session_that_nobody_spoke_to_has_no_target_of_its_own() -> None:
    assert Binding("s1").target is None


def test_a_conversation_with_a_session_that_was_released_binds_nothing() -> None:
    state = with_conversation(State(), "cid1", "s1", Target(user_id="u"))
    assert state.bindings == {}
    assert state.conversations == {"cid1": "s1"}


def test_sessions_are_bound_side_by_side_and_released_one_by_one() -> None:
    state = with_binding(with_binding(State(), Binding("s1")), Binding("s2"))
    state = with_binding(state, Binding("s1", cwd="/new"))
    assert state.bindings == {"s1": Binding("s1", cwd="/new"), "s2": Binding("s2")}
    assert without_binding(state, "s1").bindings == {"s2": Binding("s2")}
    assert without_binding(state, "s9") == state


def test_the_conversations_of_a_released_session_go_with_it_or_to_the_one_in_its_place() -> None:
    state = State(
        bindings={"s1": Binding("s1"), "s2": Binding("s2")},
        conversations={"cid1": "s1", "cid2": "s2", "cid3": "s1"},
    )
    assert without_binding(state, "s1").conversations == {"cid2": "s2"}
    moved = without_binding(state, "s1", instead="s3")
    assert moved.conversations == {"cid1": "s3", "cid2": "s2", "cid3": "s3"}
    assert set(moved.bindings) == {"s2"}


def test_each_robot_has_its_own_count() -> None:
    quota = Quota("2026-11", 5, 3)
    state = with_quota(State(), "r1", quota)
    assert state.quotas == {"r1": quota}
    assert with_quota(state, "r2", Quota()).quotas == {"r1": quota, "r2": Quota()}


def test_the_pace_that_earlier_versions_kept_here_is_passed_over() -> None:
    old = b'{"version": 1, "paces": {"r1": {"sent": {"webhook": [1.0]}, "holds": {}}}}'
    assert decode(old) == State()


def test_each_robot_has_its_own_pairings() -> None:
    ann = Pairings((Paired(PairingKind.PERSON, "ann", "Ann", NOW),))
    state = with_pairings(State(), "r1", ann)
    assert (pairings_of(state, "r1"), pairings_of(state, "r2")) == (ann, Pairings())
    state = with_pairings(with_pairings(state, "r2", ann), "r1", Pairings())
    assert (pairings_of(state, "r1"), pairings_of(state, "r2")) == (Pairings(), ann)


# --- opening links --------------------------------------------------------------------------------


def test_six_links_may_be_opened_at_once_and_the_seventh_a_minute_after_the_first() -> None:
    state = State()
    for n in range(OPENINGS):
        assert may_open_at(state, NOW + n) == NOW + n
        state = with_opened(state, NOW + n)
    assert may_open_at(state, NOW + OPENINGS) == NOW + OPENINGS_WINDOW
    assert may_open_at(state, NOW + OPENINGS_WINDOW) == NOW + OPENINGS_WINDOW


@settings(deadline=None)
@given(st.lists(st.floats(0, 30), max_size=60))
def test_never_more_than_six_links_are_opened_within_a_minute(pauses: list[float]) -> None:
    state, now, opened = State(), NOW, []
    for pause in pauses:
        now = max(now + pause, may_open_at(state, now + pause))
        assert may_open_at(state, now) <= now
        state = with_opened(state, now)
        opened.append(now)
        assert len(state.opened) <= OPENINGS
    for first, seventh in zip(opened, opened[OPENINGS:], strict=False):
        assert seventh - first >= OPENINGS_WINDOW


def test_a_clock_that_is_set_back_keeps_no_link_closed() -> None:
    state = State(opened=(NOW + 7200,) * OPENINGS)
    assert may_open_at(state, NOW) == NOW
    assert with_opened(state, NOW).opened == (NOW,)


# --- what is forgotten in time --------------------------------------------------------------------


def test_seen_ids_that_another_file_has_go_and_those_that_came_meanwhile_stay() -> None:
    state = State(seen={"moved": NOW, "came": NOW})
    assert without_seen(state, {"moved": NOW, "other": NOW}).seen == {"came": NOW}


def test_who_was_refused_is_remembered_until_the_refusal_may_be_said_again() -> None:
    state = State(refused={"old": NOW - REFUSAL_EVERY, "young": NOW - 60})
    assert with_refused(state, "new", NOW).refused == {"young": NOW - 60, "new": NOW}
    assert with_refused(state, "young", NOW).refused == {"young": NOW}


def test_of_very_many_refusals_the_oldest_are_forgotten() -> None:
    state = State(refused={f"r{n}": NOW - n for n in range(REFUSED_MOST)})
    refused = with_refused(state, "new", NOW + 1).refused
    assert len(refused) == REFUSED_MOST
    assert set(state.refused) - set(refused) == {f"r{REFUSED_MOST - 1}"}
    assert set(with_refused(state, "r5", NOW + 1).refused) == set(state.refused)


def test_a_name_that_is_no_unicode_can_be_written_down() -> None:
    state = with_binding(State(), Binding("s1", label="half \ud83d of a pair"))
    assert decode(encode(state)).bindings["s1"].label == "half \ufffd of a pair"


def test_of_very_many_sessions_made_on_demand_the_oldest_are_forgotten_but_none_in_use() -> None:
    state = with_binding(State(), Binding("typed", time=0.0))
    state = with_binding(state, Binding("open", time=1.0, scope="robot/open"))
    for n in range(MADE_MOST + 9):
        made = Binding(f"made{n}", time=NOW + n, scope=f"robot/{n}")
        state = with_made(state, made, {"open"})
        state = with_conversation(state, f"cid{n}", made.session, Target(user_id="u"))
        # The first one of all is still spoken to; the next two conversations have moved on.
        if n in (1, 2):
            state = with_conversation(state, f"cid{n}", "made0", Target(user_id="u"))
    assert len(state.bindings) == MADE_MOST + 1
    assert {"typed", "open", f"made{MADE_MOST + 8}"} <= set(state.bindings)
    assert not {"made1", "made2", "made9"} & set(state.bindings)
    assert set(state.conversations.values()) <= set(state.bindings)


def test_what_no_conversation_speaks_to_any_more_is_forgotten_first() -> None:
    state = State()
    for n in range(MADE_MOST):
        state = with_made(state, Binding(f"made{n}", time=NOW + n, scope="robot/a"), ())
        if n != 7:
            state = with_conversation(state, f"cid{n}", f"made{n}", Target(user_id="u"))
    state = with_made(state, Binding("new", time=NOW, scope="robot/a"), ())
    assert "made7" not in state.bindings
    assert {"made0", "new"} <= set(state.bindings)
    assert len(state.bindings) == MADE_MOST


def test_a_released_session_keeps_its_conversation_for_itself_and_its_robot() -> None:
    bound = Binding("s1", "robot", "One", "/p", NOW, user_id="zhangsan", label="张三")
    state = without_binding(with_binding(State(), bound), "s1", instead="s2")
    assert state.bindings == {}
    assert binding_of(state, "robot", "s1") == bound
    assert binding_of(state, "robot", "s2").target is None
    assert binding_of(state, "other", "s1").target is None
    again = with_binding(state, bound)
    assert (again.bindings, again.released) == ({"s1": bound}, {})


def test_only_the_latest_released_sessions_are_remembered() -> None:
    state = State()
    for number in range(RELEASED_MOST + 2):
        name = f"s{number}"
        state = without_binding(with_binding(state, Binding(name, "robot")), name)
    assert len(state.released) == RELEASED_MOST
    assert next(iter(state.released)) == "s2"
    # One that is not bound is nothing new.
    assert without_binding(state, "s9").released["s9"].robot == "robot"
