"""What editors say to each other arrives as it was said, and nothing else is taken for it."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dingbridge.core import exchange
from dingbridge.core.exchange import Ask, Deliver, Hello, News, Send, Start, decode_ask, decode_news
from dingbridge.core.messages import (
    At,
    Conversation,
    ConversationKind,
    Delivery,
    DeliveryReport,
    Inbound,
    Outbound,
    Sender,
    SessionWebhook,
    Target,
)
from dingbridge.core.outbox import Kind

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
NUMBERS = st.integers(-(2**31), 2**31)
TIMES = st.floats(0, 1e10)
WEBHOOKS = st.none() | st.builds(SessionWebhook, WORDS, TIMES)
TARGETS = st.builds(Target, WORDS, WORDS, WORDS, WEBHOOKS, WORDS)
NAMES = st.lists(WORDS, max_size=3).map(tuple)
OUTBOUNDS = st.builds(
    Outbound, WORDS, TARGETS, WORDS, WORDS, st.builds(At, NAMES, NAMES, st.booleans())
)
INBOUNDS = st.builds(
    Inbound,
    WORDS,
    WORDS,
    st.builds(Conversation, WORDS, st.sampled_from(ConversationKind), WORDS),
    st.builds(Sender, WORDS, WORDS, WORDS),
    st.booleans(),
    WORDS,
    WORDS,
    TIMES,
    WEBHOOKS,
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "str": WORDS,
    "int": NUMBERS,
    "float": TIMES,
    "bool": st.booleans(),
    "tuple[str, ...]": NAMES,
    "Target | None": st.none() | TARGETS,
    "Outbound": OUTBOUNDS,
    "Inbound": INBOUNDS,
    "Start | None": st.none() | st.builds(Start, WORDS, WORDS, WORDS, WORDS),
    "tuple[tuple[str, str], ...]": st.lists(st.tuples(WORDS, WORDS), max_size=3).map(tuple),
    "Kind": st.sampled_from(Kind),
    "DeliveryReport": st.builds(
        DeliveryReport, WORDS, st.sampled_from(Delivery), WORDS, NUMBERS, NUMBERS
    ),
}


def any_of(words: object) -> st.SearchStrategy[Any]:
    """Values of every kind, with any content in every field."""
    return st.one_of(
        *(
            st.builds(kind, **{name: FIELDS[of] for name, of in kind.__annotations__.items()})
            for kind in get_args(words)
        )
    )


ASKS, NEWS = any_of(Ask), any_of(News)


@settings(max_examples=200, deadline=None)
@given(ASKS)
def test_what_an_editor_says_arrives_as_it_was_said(ask: Ask) -> None:
    assert decode_ask(exchange.encode(ask)) == ask


@settings(max_examples=200, deadline=None)
@given(NEWS)
def test_what_the_owner_says_arrives_as_it_was_said(news: News) -> None:
    assert decode_news(exchange.encode(news)) == news


@settings(max_examples=100, deadline=None)
@given(ASKS, NEWS)
def test_neither_takes_the_words_of_the_other_for_its_own(ask: Ask, news: News) -> None:
    with pytest.raises(ValueError, match="not a word of the owner"):
        decode_news(exchange.encode(ask))
    with pytest.raises(ValueError, match="not a word of an editor"):
        decode_ask(exchange.encode(news))


ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TIMES | WORDS | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)
TAGGED = st.builds(
    lambda tag, rest: {**rest, "type": tag},
    st.sampled_from(["hello", "bind", "send", "known", "deliver", "fate", "state", "words"]),
    st.dictionaries(
        st.sampled_from(["pid", "cwd", "session", "outbound", "ids", "key", "inbound", "report"]),
        ANYTHING,
    ),
)
BYTES = st.one_of(
    st.binary(max_size=200),
    ANYTHING.map(msgspec.msgpack.encode),
    TAGGED.map(msgspec.msgpack.encode),
    st.just(b"\x91" * 100_000),
    st.just(b"\x81\xa1x" * 100_000),
    st.just(b"\xc7\xff\xff" + b"\0" * 10),
    st.just(b"\xdf\xff\xff\xff\xff"),
)


@settings(max_examples=300, deadline=None)
@given(BYTES)
def test_any_bytes_are_a_word_or_refused_as_none(data: bytes) -> None:
    for decode in (decode_ask, decode_news):
        try:
            word: Ask | News = decode(data)
        except ValueError:
            # Refused. Anything else that is raised fails this test.
            continue
        assert decode(exchange.encode(word)) == word


@settings(max_examples=100, deadline=None)
@given(ASKS, st.data())
def test_a_torn_word_is_none(ask: Ask, data: st.DataObject) -> None:
    whole = exchange.encode(ask)
    with pytest.raises(ValueError, match="not a word of an editor"):
        decode_ask(whole[: data.draw(st.integers(0, len(whole) - 1))])


def test_text_that_is_no_unicode_can_be_said() -> None:
    hello = Hello(1, "/srv/caf\udce9", "s1", "half \ud83d of a pair")
    heard = decode_ask(exchange.encode(hello))
    assert heard == Hello(1, "/srv/caf\ufffd", "s1", "half \ufffd of a pair")


def test_no_secret_way_shows_when_a_word_is_logged() -> None:
    webhook = SessionWebhook("https://oapi.dingtalk.com/robot/sendBySession?session=s", 1.0)
    conversation = Conversation("cid1", ConversationKind.SINGLE)
    sender = Sender("zhangsan", "x", "张三")
    inbound = Inbound("m1", "robot", conversation, sender, True, "text", "hi", 1.0, webhook)
    send = Send(Outbound("m1", Target(session_webhook=webhook), "hi"), Kind.REPLY, "s1")
    assert "session=s" not in repr([Deliver("k", inbound, "s1"), send])
