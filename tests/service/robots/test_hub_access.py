"""Who may speak to the robot, and the commands that the hub answers without a session."""

from __future__ import annotations

import pytest

from dingbridge.core.delivery.outbox_records import Failed
from dingbridge.core.messages import Conversation, ConversationKind
from dingbridge.core.options.settings import read
from dingbridge.core.sessions import inbox, robot_state
from dingbridge.core.timeouts import REFUSAL_EVERY
from dingbridge.service.robots import robot_news
from dingbridge.service.robots.robot_requests import Busy, Pair
from tests.support.hub import APP, NOW, OWN, TEAM, RecordedRobot

PAIRING = {**APP, "dm": {"policy": "pairing"}}


def test_a_stranger_is_told_why_once_a_day_and_nobody_hears_the_message(
    robot: RecordedRobot,
) -> None:
    keys = [robot.say("let me in", who="mallory"), robot.say("please", who="mallory")]
    [answer] = robot.answers()
    assert "mallory" in answer
    assert robot.queue[0].outbound.target.user_id == "mallory"
    assert robot.delivered(OWN) == robot.delivered(1) == []
    assert [inbox.Handed(key) in robot.written for key in keys] == [True, True]
    assert robot.heard(1, robot_state.RobotState)[-1].refused == 2
    robot.time += REFUSAL_EVERY
    robot.say("again", who="mallory")
    assert len(robot.answers()) == 2


def test_the_first_refusal_is_shown_in_neovim_with_the_setting_that_decides(
    robot: RecordedRobot,
) -> None:
    for who in ("mallory", "mallory", "oscar"):
        robot.say("let me in", TEAM, who=who)
    [notice] = robot.heard(1, robot_news.Notice)
    assert "mallory" in notice.text
    assert "allow_from" in notice.text


def test_a_stranger_is_told_why_in_each_conversation(robot: RecordedRobot) -> None:
    robot.say("let me in", who="mallory")
    robot.say("let me in", TEAM, who="mallory")
    robot.say("let me in", TEAM, who="mallory")
    assert [each.outbound.target.place for each in robot.queue] == ["mallory", TEAM.id]


def test_each_message_of_a_stranger_counts_once_also_when_too_many_ask(
    robot: RecordedRobot,
) -> None:
    robot.hub.configure(read({**PAIRING, "group_policy": "allowlist"}, {}))
    groups = [Conversation(f"cid{n}==", ConversationKind.GROUP, "G") for n in range(9)]
    for group in groups:
        robot.say("let us in", group, who="mallory")
    asking = robot.heard(1, robot_news.PairingRequested)
    assert 0 < len(asking) < len(groups)
    assert robot.heard(1, robot_state.RobotState)[-1].refused == len(groups)


def test_what_somebody_writes_on_getting_access_stands_below_the_message_that_asked_for_it(
    robot: RecordedRobot,
) -> None:
    robot.hub.configure(read(PAIRING, {}))
    robot.say("may I?", who="lisi")
    [asking] = robot.heard(1, robot_news.PairingRequested)
    robot.slow = True
    robot.ask(1, Pair(asking.code))
    robot.say("thank you", who="lisi")
    assert robot.delivered(1) == []
    robot.say("from another conversation", TEAM)
    assert [text for _, text, _ in robot.delivered(1)] == ["from another conversation"]
    robot.forget()
    robot.catch_up()
    assert [text for _, text, _ in robot.delivered(1)] == ["may I?", "thank you"]


def test_a_stranger_cannot_list_or_choose_sessions(robot: RecordedRobot) -> None:
    robot.say("/list", who="mallory")
    robot.say("/session 1", who="mallory")
    assert not any("First" in answer for answer in robot.answers())
    assert robot.state.conversations == {}


def test_why_a_message_failed_is_told_to_an_admin_and_to_nobody_else(robot: RecordedRobot) -> None:
    options = {**APP, "allow_from": ["zhangsan", "lisi"], "admins": ["lisi"]}
    robot.hub.configure(read(options, {}))
    robot.send(OWN, "m1")
    robot.hub.outgoing.heard((Failed("m1", "the robot was taken away", NOW),))
    robot.say("/status")
    robot.say("/status", who="lisi")
    members, admins = robot.answers()
    assert "the robot was taken away" not in members
    assert "the robot was taken away" in admins


def test_why_a_message_failed_names_the_command_that_is_ours_in_every_neovim(
    robot: RecordedRobot,
) -> None:
    robot.hub.configure(read({**APP, "admins": ["zhangsan"]}, {}))
    robot.send(OWN, "m1")
    robot.hub.outgoing.heard((Failed("m1", "something went wrong, see :Chat log", NOW),))
    robot.say("/status")
    [answer] = robot.answers()
    assert "something went wrong, see :DingTalk log" in answer


def test_the_list_spans_all_editors_with_their_folders_and_who_is_busy(
    robot: RecordedRobot,
) -> None:
    robot.ask(1, Busy(True))
    key = robot.say("/list")
    [answer] = robot.answers()
    assert answer.splitlines()[:2] == ["1. First · one", "2. Second · two (忙 busy) ←"]
    assert inbox.Handed(key) in robot.written
    assert robot.delivered(OWN) == robot.delivered(1) == []
    robot.ask(1, Busy(False))
    robot.say("/list")
    assert "busy" not in robot.answers()[-1]


def test_a_chosen_session_is_spoken_to_from_then_on(robot: RecordedRobot) -> None:
    robot.say("hello")
    robot.say("/session 1")
    assert "1. First · one ←" in robot.answers()[-1]
    robot.say("to the first")
    assert robot.delivered(1) == [("s2", "hello", False)]
    assert robot.delivered(OWN) == [("s1", "to the first", False)]


@pytest.mark.parametrize("wanted", ["3", "0", "s9", "9" * 900])
def test_a_session_that_there_is_not_changes_nothing_and_the_list_is_shown(
    robot: RecordedRobot, wanted: str
) -> None:
    robot.say(f"/session {wanted}")
    [answer] = robot.answers()
    assert "no such session" in answer
    assert "1. First" in answer
    assert robot.state.conversations == {}


def test_a_chosen_session_whose_editor_is_gone_gives_way_to_an_open_one(
    robot: RecordedRobot,
) -> None:
    robot.say("/session 2")
    robot.hub.leave(1)
    robot.say("hello")
    assert robot.delivered(OWN) == [("s1", "hello", False)]
