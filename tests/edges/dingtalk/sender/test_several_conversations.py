"""Several conversations are sent to at once, and none holds up another."""

from __future__ import annotations

import threading

from dingbridge.core.delivery.outbox_records import Done, Dropped, Merged, Purpose
from dingbridge.core.delivery.routing import custom_robot
from dingbridge.core.messages import Target
from dingbridge.core.timeouts import AT_ONCE
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import Person
from tests.support.message_sender import (
    GROUP,
    ROBOT,
    SINGLE,
    TEAM,
    RunningSender,
    StartSender,
    spent,
)
from tests.support.processes import until


def threads() -> int:
    """How many threads carry messages."""
    return sum(thread.name == "dingbridge-sender" for thread in threading.enumerate())


def test_a_slow_request_holds_up_its_own_conversation_alone(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.hang(GROUP))
    sending.put("slow", Target(conversation_id=TEAM))
    sandbox.client.wait_hanging(1)
    behind = sending.put("behind it", Target(conversation_id=TEAM))
    for text in ("to you", "to you too"):
        assert isinstance(sending.send(text, Target(user_id="zhangsan")), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["to you", "to you too"]
    sandbox.client.release()
    assert isinstance(sending.until_end(behind), Done)
    assert [a.text for a in sandbox.client.arrived("group")] == ["slow", "behind it"]


def test_four_conversations_are_written_to_at_once_at_most(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    assert AT_ONCE == 4
    people = [f"person{number}" for number in range(6)]
    for staff_id in people:
        sandbox.client.add_person(Person(staff_id, staff_id=staff_id))
    sandbox.client.fault(Fault.hang(SINGLE, times=len(people)))
    for staff_id in people:
        sending.put(f"for {staff_id}", Target(user_id=staff_id))
    sandbox.client.wait_hanging(AT_ONCE)
    assert threads() == AT_ONCE
    sandbox.client.release()
    sandbox.client.wait_hanging(2)
    sandbox.client.release()
    for _ in people:
        sending.until(Done)
    assert {a.text for a in sandbox.client.arrived()} == {f"for {one}" for one in people}
    until(lambda: threads() == 1, "one thread is enough again")


def test_a_custom_robot_sends_one_at_a_time_and_holds_up_nobody_else(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.hang(ROBOT))
    sending.put("first", Target())
    sandbox.client.wait_hanging(1)
    # The same robot, as another setting named it.
    robot = custom_robot(str(sandbox.settings()["webhook"]))
    second = sending.put("second", Target(custom_robot=robot))
    assert isinstance(sending.send("to you", Target(user_id="zhangsan")), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["to you"]
    sandbox.client.release()
    assert isinstance(sending.until_end(second), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["to you", "first", "second"]


def test_while_requests_are_quick_messages_leave_in_the_order_in_which_they_came(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    targets = (Target(conversation_id=TEAM), Target(user_id="zhangsan"), Target())
    for number in range(12):
        sending.put(str(number), targets[number % 3])
    sending.until_end("m12")
    assert [a.text for a in sandbox.client.arrived()] == [str(number) for number in range(12)]


def test_while_one_waits_to_be_tried_again_no_other_conversation_is_begun(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(SINGLE, 500, "system.error", times=2))
    first = sending.put("to you", Target(user_id="zhangsan"))
    sending.put("to the team", Target(conversation_id=TEAM))
    assert isinstance(sending.until_end(first), Done)
    sandbox.client.wait_arrived(2)
    assert [a.text for a in sandbox.client.arrived()] == ["to you", "to the team"]


def test_a_slow_message_that_is_dropped_is_let_go_while_others_go_beside_it(
    sending: RunningSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.hang(GROUP))
    slow = sending.put("slow", Target(conversation_id=TEAM))
    sandbox.client.wait_hanging(1)
    sandbox.client.fault(Fault.http(GROUP, 500, "system.error", times=None))
    assert isinstance(sending.send("to you", Target(user_id="zhangsan")), Done)
    assert not sending.sender.drop(slow)
    assert sending.sender.given_up() == (slow,)
    sandbox.client.release()
    end = sending.until(object, lambda one: isinstance(one, Done | Dropped) and one.id == slow)
    assert isinstance(end, Done | Dropped)


def test_dropped_messages_do_not_leave_whether_they_wait_or_are_under_way(
    start_sender: StartSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(ROBOT, 500, "system.error", times=None))
    sending = start_sender()
    first, second = sending.put("under way", Target()), sending.put("waits", Target())
    sending.until_retrying(first)
    # Both at once, while the first one pauses: neither may be forgotten over the other.
    sending.sender.drop(first)
    sending.sender.drop(second)
    sandbox.client.clear_faults()
    assert isinstance(sending.send("stays", Target()), Done)
    assert [a.text for a in sandbox.client.arrived()] == ["stays"]


def test_what_goes_out_as_one_can_be_dropped_by_its_own_name_while_it_is_under_way(
    make_sender: StartSender, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http(ROBOT, 500, "system.error", times=None))
    sending = make_sender(spent(18))
    for n in range(4):
        sending.put(f"note {n}", Target(), Purpose.NOTIFICATION)
    sending.start()
    whole = sending.until(Merged).outbound.id
    sending.until_retrying(whole)
    assert not sending.sender.drop(whole)
    sending.until(Dropped, lambda dropped: dropped.id == whole)
