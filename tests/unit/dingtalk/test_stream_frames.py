"""Stream frames and their acks."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.core.dingtalk.stream_frames import (
    ROBOT_TOPIC,
    DisconnectFrame,
    Idle,
    Ping,
    RobotMessage,
    UnknownFrame,
    ack_ok,
    ack_unknown,
    decode,
)
from dingbridge.core.errors import BadFrame


def frame(kind: str, topic: str, data: object = "{}", **headers: object) -> str:
    return json.dumps(
        {
            "specVersion": "1.0",
            "type": kind,
            "headers": {
                "topic": topic,
                "messageId": "m1",
                "contentType": "application/json",
                "time": "1690362102194",
                **headers,
            },
            "data": data,
        }
    )


def test_a_ping_is_answered_with_the_very_same_data() -> None:
    data = '{ "opaque" : "0c8e-\\u00e9" }'
    ping = decode(frame("SYSTEM", "ping", data))
    assert ping == Ping("m1", data)
    assert isinstance(ping, Ping)
    assert json.loads(ack_ok(ping)) == {
        "code": 200,
        "headers": {"contentType": "application/json", "messageId": "m1"},
        "message": "OK",
        "data": data,
    }


def test_a_robot_message_is_handed_on_as_it_came_and_acked_without_content() -> None:
    data = '{"msgId":"msg1","text":{"content":"你好"}}'
    message = decode(frame("CALLBACK", ROBOT_TOPIC, data))
    assert message == RobotMessage("m1", data)
    assert isinstance(message, RobotMessage)
    assert json.loads(ack_ok(message)) == {
        "code": 200,
        "headers": {"contentType": "application/json", "messageId": "m1"},
        "message": "OK",
        "data": '{"response":null}',
    }


@pytest.mark.parametrize(
    ("kind", "topic"),
    [("EVENT", "*"), ("CALLBACK", "/v1.0/other"), ("SYSTEM", "news"), ("EVENT", ROBOT_TOPIC)],
)
def test_a_frame_nobody_asked_for_is_acked_as_not_found(kind: str, topic: str) -> None:
    unknown = decode(frame(kind, topic))
    assert unknown == UnknownFrame(kind, topic, "m1")
    assert isinstance(unknown, UnknownFrame)
    ack = json.loads(ack_unknown(unknown))
    assert (ack["code"], ack["headers"]["messageId"]) == (404, "m1")


def test_a_disconnect_frame_may_lack_its_message_id() -> None:
    text = json.dumps(
        {
            "type": "SYSTEM",
            "headers": {"topic": "disconnect"},
            "data": '{"reason":"connection is expired"}',
        }
    )
    assert decode(text) == DisconnectFrame("connection is expired")


@pytest.mark.parametrize("data", ["", "half {", "[]", '{"reason":{}}', None])
def test_a_disconnect_frame_without_a_readable_reason_is_still_one(data: object) -> None:
    assert decode(frame("SYSTEM", "disconnect", data)) == DisconnectFrame("")


def test_the_reason_of_a_disconnect_cannot_forge_a_log_line() -> None:
    data = json.dumps({"reason": "gone\nERROR forged \x1b[31m ticket=s3cr3t"})
    assert decode(frame("SYSTEM", "disconnect", data)) == DisconnectFrame(
        "gone ERROR forged ticket=***"
    )


@pytest.mark.parametrize("topic", ["CONNECTED", "REGISTERED", "KEEPALIVE", "connected"])
def test_system_frames_that_ask_for_nothing_are_idle(topic: str) -> None:
    assert decode(frame("SYSTEM", topic)) == Idle(topic, "m1")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"type": "CALLBACK", "headers": {"topic": ROBOT_TOPIC}, "data": "d"}),
        json.dumps({"type": "CALLBACK", "header": {"topic": ROBOT_TOPIC}, "data": "d"}),
        json.dumps({"type": "callback", "headers": {"topic": ROBOT_TOPIC, "x": {}}, "data": "d"}),
    ],
)
def test_missing_and_unknown_headers_do_not_cost_a_robot_message(text: str) -> None:
    assert decode(text) == RobotMessage("", "d")
    assert decode(text.encode()) == RobotMessage("", "d")


def test_data_that_is_an_object_against_the_rule_is_read_as_its_text() -> None:
    text = '{"type":"CALLBACK","headers":{"topic":"%s","messageId":7},"data":{"msgId": "é"}}'
    assert decode(text % ROBOT_TOPIC) == RobotMessage("7", '{"msgId": "é"}')


def test_a_robot_message_without_data_can_still_be_acked() -> None:
    assert decode(frame("CALLBACK", ROBOT_TOPIC, None)) == RobotMessage("m1", "")


def test_one_broken_character_does_not_cost_a_robot_message() -> None:
    whole = frame("CALLBACK", ROBOT_TOPIC, "a@b")
    assert decode(whole.encode().replace(b"@", b"\xff")) == RobotMessage("m1", "a\ufffdb")
    assert decode(whole.replace("@", "\\ud83d")) == RobotMessage("m1", "a\ufffdb")
    assert decode(whole.replace("@", "\x01")) == RobotMessage("m1", "a\x01b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        '{"type":"SYSTEM","headers":{"topic":"pi',
        "[]",
        "7",
        "{}",
        '{"type":"SYSTEM"}',
        '{"headers":{"topic":"ping"}}',
        '{"type":"SYSTEM","headers":{}}',
        '{"type":"SYSTEM","headers":[]}',
        '{"type":["SYSTEM"],"headers":{"topic":"ping"}}',
        "[" * 100_000,
    ],
)
def test_what_is_no_frame_is_refused_as_one(text: str) -> None:
    with pytest.raises(BadFrame) as caught:
        decode(text)
    assert len(caught.value.message) < 200


def test_a_message_of_a_megabyte_is_read() -> None:
    message = decode(frame("CALLBACK", ROBOT_TOPIC, "字" * 1_000_000))
    assert isinstance(message, RobotMessage)
    assert len(message.data) == 1_000_000


KINDS = st.sampled_from(["SYSTEM", "CALLBACK", "EVENT", "", 1, None])
TOPICS: st.SearchStrategy[object] = st.sampled_from(
    ["ping", "disconnect", "CONNECTED", ROBOT_TOPIC, "*", 3, None, []]
)
DATA = st.none() | st.text(max_size=20) | st.integers() | st.dictionaries(st.text(), st.text())
FRAMES = st.builds(
    lambda kind, topic, id_, data, spelling: json.dumps(
        {"type": kind, spelling: {"topic": topic, "messageId": id_}, "data": data}
    ),
    KINDS,
    TOPICS,
    st.text(max_size=8) | st.integers() | st.none(),
    DATA,
    st.sampled_from(["headers", "header", "head"]),
)


@given(st.text(max_size=60) | st.binary(max_size=60) | FRAMES)
def test_whatever_comes_is_a_frame_or_refused_as_one(text: str | bytes) -> None:
    found: object
    try:
        found = decode(text)
    except BadFrame as error:
        found = error
    assert isinstance(found, (Ping, DisconnectFrame, RobotMessage, Idle, UnknownFrame, BadFrame))


@given(message_id=st.text(), data=st.text())
def test_an_ack_says_the_same_id_and_data_whatever_they_are(message_id: str, data: str) -> None:
    ack = json.loads(ack_ok(Ping(message_id, data)))
    assert (ack["headers"]["messageId"], ack["data"]) == (message_id, data)
    ack = json.loads(ack_ok(RobotMessage(message_id, data)))
    assert (ack["headers"]["messageId"], ack["data"]) == (message_id, '{"response":null}')
    ack = json.loads(ack_unknown(UnknownFrame("EVENT", "*", message_id)))
    assert (ack["headers"]["messageId"], ack["code"]) == (message_id, 404)
