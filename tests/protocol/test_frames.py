"""What hosts and the service say to each other arrives as it was said, and nothing else is taken
for it."""

from __future__ import annotations

import types
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgpack  # type: ignore[import-untyped]  # it has no types
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.core.options.lookups import LookupResults
from dingbridge.protocol import frames
from dingbridge.protocol.frames import (
    Attach,
    EditorEvent,
    FilePiece,
    FromHost,
    FromService,
    PieceTaken,
    RawSettings,
    ToShell,
    Unfit,
    Updates,
    decode_for_shell,
    decode_from_host,
    decode_from_service,
    encode,
)
from dingbridge.protocol.updates import Update

TEXTS = st.text(max_size=10) | st.text(st.characters(categories=["Cs", "L"]), max_size=5)
"""Also with lone surrogates, which is what stands for a byte that is no UTF-8."""
NUMBERS = st.integers(-(2**31), 2**53)
FLOATS = st.floats(allow_nan=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | FLOATS | TEXTS | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)
"""What Neovim and msgpack can say."""
OF_TYPES: dict[Any, st.SearchStrategy[Any]] = {
    Any: PLAIN,
    str: TEXTS,
    int: NUMBERS,
    float: FLOATS,
    bool: st.booleans(),
    bytes: st.binary(max_size=20),
    type(None): st.none(),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type, as its annotations have it."""
    if kind in OF_TYPES:
        return OF_TYPES[kind]
    origin, of = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return st.one_of(*map(values, of))
    if origin is Literal:
        return st.sampled_from(of)
    if origin is tuple and of[-1] is ...:
        return st.lists(values(of[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, of))
    if origin is dict:
        return st.dictionaries(values(of[0]), values(of[1]), max_size=3)
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    fields = get_type_hints(kind)
    return st.builds(kind, **{name: values(of) for name, of in fields.items()})


FROM_HOST, FROM_SERVICE, FOR_SHELL = values(FromHost), values(FromService), values(ToShell)
BOTH_WAYS = FilePiece | PieceTaken
"""Files travel to the service and back."""


@settings(max_examples=100)
@given(FROM_HOST)
def test_what_a_host_says_arrives_as_it_was_said(frame: FromHost) -> None:
    assert decode_from_host(encode(frame)) == frame


@settings(max_examples=100)
@given(FROM_SERVICE)
def test_what_the_service_says_arrives_as_it_was_said(frame: FromService) -> None:
    assert decode_from_service(encode(frame)) == frame


@settings(max_examples=100)
@given(FOR_SHELL)
def test_what_the_service_says_to_the_shell_arrives_as_it_was_said(frame: ToShell) -> None:
    assert decode_for_shell(encode(frame)) == frame


@settings(max_examples=100)
@given(st.lists(values(Update), max_size=2))
def test_what_an_editor_is_shown_arrives_as_it_was_said(shown: list[Update]) -> None:
    heard = decode_from_service(encode(Updates(msgspec.to_builtins(shown))))
    assert isinstance(heard, Updates)
    assert msgspec.convert(heard.list, list[Update]) == shown


@settings(max_examples=100)
@given(values(LookupResults))
def test_what_was_looked_up_arrives_as_it_was_found(found: LookupResults) -> None:
    assert frames.unpacked(frames.packed(found)) == found


@settings(max_examples=100)
@given(
    FROM_HOST.filter(lambda frame: not isinstance(frame, BOTH_WAYS)),
    FROM_SERVICE.filter(lambda frame: not isinstance(frame, BOTH_WAYS)),
)
def test_neither_takes_the_frames_of_the_other_for_its_own(
    host: FromHost, service: FromService
) -> None:
    with pytest.raises(ValueError, match="not a frame"):
        decode_from_service(encode(host))
    with pytest.raises(ValueError, match="not a frame"):
        decode_from_host(encode(service))
    with pytest.raises(ValueError, match="not a frame"):
        decode_for_shell(encode(host))


TAGGED = st.builds(
    lambda tag, rest: {**rest, "type": tag},
    st.sampled_from(
        ["attach", "settings", "command", "event", "piece", "log", "leave", "updates", "unfit"]
    )
    | st.sampled_from(["notify", "told", "not_served", "ends"]),
    st.dictionaries(
        st.sampled_from(["version", "pid", "cwd", "environ", "options", "found", "name", "list"])
        | st.sampled_from(["robot", "outbound", "seconds", "report", "late", "again"]),
        PLAIN,
    ),
)
BYTES = st.one_of(
    st.binary(max_size=200),
    st.one_of(PLAIN, TAGGED).map(lambda plain: msgpack.packb(plain, unicode_errors="replace")),
    st.just(b"\x91" * 100_000),
    st.just(b"\x81\xa1x" * 100_000),
    st.just(b"\xc7\xff\xff" + b"\0" * 10),
    st.just(b"\xdf\xff\xff\xff\xff"),
)


@settings(max_examples=100)
@given(BYTES)
def test_any_bytes_are_a_frame_or_refused_as_none(data: bytes) -> None:
    for decode in (decode_from_host, decode_from_service, decode_for_shell):
        try:
            frame: FromHost | FromService | ToShell = decode(data)
        except ValueError:
            # Refused. Anything else that is raised fails this test.
            continue
        assert decode(encode(frame)) == frame


@settings(max_examples=200)
@given(BYTES)
def test_any_bytes_are_what_was_looked_up_or_refused_as_none(data: bytes) -> None:
    try:
        found = frames.unpacked(data)
    except ValueError:
        return
    assert frames.unpacked(frames.packed(found)) == found


@settings(max_examples=100)
@given(FROM_HOST, st.data())
def test_a_torn_frame_is_none(frame: FromHost, data: st.DataObject) -> None:
    whole = encode(frame)
    with pytest.raises(ValueError, match="not a frame"):
        decode_from_host(whole[: data.draw(st.integers(0, len(whole) - 1))])


def test_text_that_is_no_unicode_can_be_said() -> None:
    said = EditorEvent("open", {"path": "/srv/caf\udce9", "title": "half \ud83d of a pair"})
    assert decode_from_host(encode(said)) == said


def test_the_version_can_be_told_whatever_else_has_changed() -> None:
    # The fields that all versions have, beside some that ours does not know.
    later = {"type": "attach", "version": 99, "pid": 1, "cwd": "/", "environ": {}, "more": [1]}
    attach = decode_from_host(msgpack.packb(later))
    assert isinstance(attach, Attach)
    assert attach.version == 99
    assert decode_from_service(encode(Unfit(99))) == Unfit(99)


def test_no_secret_shows_when_a_frame_is_logged() -> None:
    attach = Attach(1, 1, "/", {"DINGTALK_APP_SECRET": "s3cr3t"}, has_screen=False)
    found = LookupResults(variables={"DINGTALK_APP_SECRET": "s3cr3t"})
    said = RawSettings({"app_secret": "s3cr3t"}, (), "/", 1, 0.0, frames.packed(found))
    assert "s3cr3t" not in repr([attach, said, found])
