"""A message that may have arrived is reported as such until its end."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec import structs

from dingbridge.core.delivery import outbox
from dingbridge.core.delivery.attempts import Attempted
from dingbridge.core.delivery.outbox_records import Done, Failed, Merged, Purpose
from dingbridge.core.delivery.rate_limit import RateLimit
from dingbridge.core.delivery.requests import UploadedFile
from dingbridge.core.delivery.routing import Route
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.errors import Refused
from dingbridge.core.messages import Outbound, Target
from dingbridge.core.options.settings import read
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.sender import RobotSender
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.message_sender import (
    GROUP,
    ROBOT,
    SINGLE,
    TEAM,
    RunningSender,
    StartSender,
    client,
)


@pytest.mark.parametrize(
    ("target", "path", "refusal"),
    [
        (Target(user_id="zhangsan"), SINGLE, Fault.http(SINGLE, 400, "resource.unavailable")),
        (Target(conversation_id=TEAM), GROUP, Fault.http(GROUP, 400, "resource.unavailable")),
        (Target(), ROBOT, Fault.errcode(ROBOT, 430104, "improper content")),
    ],
    ids=["1:1", "group", "custom robot"],
)
def test_a_refusal_after_an_answer_that_was_lost_does_not_hide_that_it_may_have_arrived(
    sending: RunningSender, sandbox: Sandbox, target: Target, path: str, refusal: Fault
) -> None:
    sandbox.client.fault(Fault.drop(path, when="after"))
    sandbox.client.fault(refusal)
    assert "may have arrived" in sending.fails("answer", target)
    assert len(sandbox.client.arrived()) == 1
    [letter] = outbox.fold(sending.attempts.read()).dead.values()
    assert letter.waiting.may_have_arrived


def test_a_message_that_was_sent_again_without_an_answer_in_between_is_told_as_perhaps_twice(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.drop(SINGLE, when="after"))
    end = sending.send("twice", Target(user_id="zhangsan"))
    assert isinstance(end, Done)
    assert end.uncertain
    assert [a.text for a in sandbox.client.arrived()] == ["twice", "twice"]
    end = sending.send("once", Target())
    assert isinstance(end, Done)
    assert not end.uncertain


def test_what_was_refused_before_a_crash_is_not_said_to_have_arrived_perhaps(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(SINGLE, 500, "system.error"))
    first = start_sender()
    first.until_retrying(first.put("later", Target(user_id="zhangsan")))
    first.stop()
    assert not outbox.fold(first.attempts.read()).waiting["m1"].may_have_arrived


def test_what_was_under_way_when_the_editor_crashed_may_have_arrived_until_its_end(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    first = start_sender()
    first.put("once", Target(user_id="zhangsan"))
    first.until(Done)
    first.stop()
    first.attempts.journal.rewrite(lambda lines: lines[:2])
    sandbox.client.fault(Fault.http(SINGLE, 400, "resource.unavailable"))
    second = start_sender()
    assert second.take_up() == ["m1"]
    end = second.until_end("m1")
    assert isinstance(end, Failed)
    assert "may have arrived" in end.reason


def test_an_upload_that_fails_does_not_answer_for_an_attempt_before_it(
    make_sender: StartSender, sandbox: Sandbox
) -> None:
    target = Target(user_id="zhangsan")
    first = make_sender()
    first.put("once", target)
    first.attempts.record(Attempted("m1", 0, 4, Route.SINGLE))

    def cannot(*_: object) -> UploadedFile:
        raise Refused("the file is gone")

    options = {key: value for key, value in sandbox.settings().items() if value}
    sender = RobotSender(
        lambda: client(read(options, {})),
        first.told.put,
        first.attempts,
        RateLimit(lambda: 0.0),
        cannot,
    )
    [waiting] = outbox.fold(first.attempts.read()).waiting.values()
    file = structs.replace(waiting.outbound, file_name="a.txt")
    sender.put(structs.replace(waiting, outbound=file))
    sender.start()
    end = first.until_end("m1")
    sender.stop()
    assert isinstance(end, Failed)
    assert "may have arrived" in end.reason
    [letter] = outbox.fold(first.attempts.read()).dead.values()
    assert letter.waiting.may_have_arrived


def test_a_defect_after_a_lost_answer_does_not_hide_that_it_may_have_arrived(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    class Broken(Http):
        has_posted = False

        def post(
            self, url: str, body: bytes, headers: Mapping[str, str] | None = None
        ) -> HttpAnswer:
            if self.has_posted:
                raise LookupError("a defect")
            self.has_posted = True
            return super().post(url, body, headers)

    sending = start_sender()
    options = {key: value for key, value in sandbox.settings().items() if value}
    sending.sender.configure(lambda: client(read(options, {}), Broken()))
    sandbox.client.fault(Fault.drop(ROBOT, when="after"))
    reason = sending.fails("answer", Target())
    assert ":Chat log" in reason
    assert "may have arrived" in reason


def test_a_merged_message_whose_answer_was_lost_is_parted_with_the_doubt_about_each(
    make_sender: StartSender, sandbox: Sandbox
) -> None:
    sending = make_sender()
    boss = Target(user_id="zhangsan")
    for text in ("one", "two"):
        sending.put(text, boss, Purpose.NOTIFICATION)
    sending.attempts.record(Merged(("m1", "m2"), Outbound("m1+2", boss, "one\n\n---\n\ntwo", "t")))
    sandbox.client.fault(Fault.drop(SINGLE, when="after"))
    sandbox.client.fault(Fault.http(SINGLE, 400, "resource.unavailable"))
    second = make_sender()
    second.take_up()
    second.start()
    ends = [second.until_end("m1"), second.until_end("m2")]
    assert [(type(end), getattr(end, "uncertain", False)) for end in ends] == [(Done, True)] * 2
