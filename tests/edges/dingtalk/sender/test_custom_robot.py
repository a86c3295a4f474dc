"""The custom robot: signature, keyword, mentions and kinds of message."""

from __future__ import annotations

from dingbridge.core.delivery.outbox_records import Done
from dingbridge.core.messages import At, Target
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import CustomRobot
from tests.support.message_sender import TEAM, RunningSender, StartSender


def test_a_signed_robot_takes_our_signature(start_sender: StartSender, sandbox: Sandbox) -> None:
    sandbox.client.add_robot(CustomRobot("signed", secret="SECabc"))
    webhook = f"{sandbox.url}/robot/send?access_token=signed"
    sending = start_sender(webhook=webhook, secret="SECabc")
    assert isinstance(sending.send("signed", Target()), Done)


def test_a_wrong_signing_secret_is_told_with_the_setting(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    sandbox.client.add_robot(CustomRobot("signed", secret="SECabc"))
    webhook = f"{sandbox.url}/robot/send?access_token=signed"
    assert "secret" in start_sender(webhook=webhook, secret="SECother").fails("x", Target())


def test_a_clock_that_is_off_is_told(start_sender: StartSender, sandbox: Sandbox) -> None:
    sandbox.client.add_robot(CustomRobot("signed", secret="SECabc"))
    sandbox.client.advance(2 * 3600)
    webhook = f"{sandbox.url}/robot/send?access_token=signed"
    sending = start_sender(webhook=webhook, secret="SECabc")
    sending.put("late", Target())
    assert "clock" in sending.until_retrying("m1").reason.lower() + repr(sending.seen)


def test_the_keyword_is_put_in_front_when_it_is_missing(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    sandbox.client.add_robot(CustomRobot("worded", keywords=("监控",)))
    webhook = f"{sandbox.url}/robot/send?access_token=worded"
    sending = start_sender(webhook=webhook, keyword="监控")
    sending.send("build is green", Target())
    sending.send("监控: build is red", Target())
    first, second = [a.text for a in sandbox.client.arrived()]
    assert first.startswith("监控")
    assert first.endswith("build is green")
    assert second == "监控: build is red"


def test_people_are_mentioned_only_when_named(sending: RunningSender, sandbox: Sandbox) -> None:
    sending.send("plain @all", Target())
    sending.send("named", Target(), at=At(user_ids=("lisi",), mobiles=("13800000000",)))
    sending.send("everybody", Target(), at=At(all=True))
    plain, named, everybody = sandbox.client.arrived()
    assert not plain.at or not plain.at.get("isAtAll")
    assert named.at["atUserIds"] == ["lisi"]
    assert named.at["atMobiles"] == ["13800000000"]
    assert "@lisi" in named.text
    assert everybody.at["isAtAll"] is True


def test_msgtype_text_sends_plain_text(start_sender: StartSender, sandbox: Sandbox) -> None:
    sending = start_sender(msgtype="text")
    sending.send("plain", Target())
    sending.send("plain too", Target(conversation_id=TEAM))
    assert [a.msgtype for a in sandbox.client.arrived()] == ["text", "sampleText"]


def test_a_wrong_robot_token_is_told(start_sender: StartSender, sandbox: Sandbox) -> None:
    webhook = f"{sandbox.url}/robot/send?access_token=unknown-token"
    assert "unknown-token" not in start_sender(webhook=webhook).fails("hi", Target())
