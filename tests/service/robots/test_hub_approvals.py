"""What an agent wants to do is asked of the right person, and answered from DingTalk."""

from __future__ import annotations

import pytest
from msgspec import structs

from dingbridge.core.approvals.approval import Answerer, ApprovalRequest, Decision
from dingbridge.core.delivery.outbox_records import Failed
from dingbridge.core.messages import Conversation, Sender, Target
from dingbridge.core.options.settings import read
from dingbridge.service.robots.robot_news import Notice
from dingbridge.service.robots.robot_requests import Bind
from tests.support.hub import APP, NOW, OWN, ROBOT, SINGLE, TEAM, RecordedRobot, received

EVERYBODY = {
    **APP,
    "allow_from": ["*"],
    "admins": ["boss"],
    "commands": [],
    "approval_cards": False,
}
USER = Answerer()
OUTSIDER = "$:outside"


class Asked:
    """A robot whose people are asked, and the decisions that the source got."""

    def __init__(self, **options: object) -> None:
        self.robot = RecordedRobot()
        self.robot.hub.configure(read({**EVERYBODY, **options}, {}))
        self.robot.join(OWN, "/one")
        self.robot.ask(OWN, Bind("s1", "First", "/one"))
        self.robot.hub.start({})
        self.robot.hub.settled()
        self.decisions: list[Decision | None] = []
        self.outside = 0

    def ask(self, asker: str = "zhangsan", kind: str = "edit", robot: str = ROBOT) -> str:
        self.robot.queue.clear()
        request = ApprovalRequest(
            session="s1",
            source="qwen",
            title="Edit a.py",
            kind=kind,
            detail="```diff\n-old\n+new\n```",
            robot=robot,
            asker=asker,
        )
        return self.robot.approvals.ask(request, self.decisions.append)

    def say(self, text: str, who: str = "zhangsan", where: Conversation = SINGLE) -> str:
        """The reply to what somebody writes; empty without one."""
        before = len(self.robot.queue)
        self.robot.say(text, where, who)
        new = self.robot.queue[before:]
        assert len(new) <= 1
        return new[0].outbound.text if new else ""

    def hear_outsider(self, text: str, where: Conversation = SINGLE) -> None:
        """Somebody without a staff id writes: `OUTSIDER`."""
        self.outside += 1
        one = received(f"robot/out{self.outside}", text, where, at=self.robot.time)
        inbound = structs.replace(one.inbound, sender=Sender("", OUTSIDER, "Out"))
        self.robot.hub.arrived([structs.replace(one, inbound=inbound)])

    @property
    def targets(self) -> list[Target]:
        return [each.outbound.target for each in self.robot.queue]


def test_the_asker_is_asked_one_to_one_with_all_that_is_decided_about() -> None:
    asked = Asked()
    code = asked.ask()
    [question] = asked.robot.queue
    outbound = question.outbound
    assert outbound.target.user_id == "zhangsan"
    for part in ("qwen", "`Edit a.py`", "-old\n+new", f"/approve {code}", f"/reject {code}"):
        assert part in outbound.text
    assert outbound.taps == (f"/approve-{code}", f"/reject-{code}", f"/always-{code}")
    assert code in outbound.title


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("/approve {}", "allow"),
        ("/approve-{}", "allow"),
        ("/同意 {}", "allow"),
        ("/reject {}", "reject"),
        ("/拒绝 {}", "reject"),
        ("/always {}", "always"),
        ("/总是 {}", "always"),
    ],
)
def test_the_asker_answers_in_one_of_these_forms(text: str, decision: str) -> None:
    asked = Asked()
    code = asked.ask()
    assert code in asked.say(text.format(code.lower()))
    assert asked.decisions == [decision]


def test_answers_are_allowed_to_everybody_with_access_but_only_the_asker_and_admins_count() -> None:
    asked = Asked()
    code = asked.ask()
    assert "只能由" in asked.say(f"/approve {code}", who="lisi")
    assert asked.decisions == []
    assert code in asked.say(f"/approve {code}", who="boss")
    assert asked.decisions == ["allow"]


def test_an_admin_of_another_robot_does_not_count() -> None:
    asked = Asked()
    code = asked.ask(robot="another", asker="zhangsan")
    assert asked.robot.queue == []
    assert "只能由" in asked.say(f"/approve {code}", who="boss")
    assert "只能由" in asked.say(f"/approve {code}", who="zhangsan")
    assert asked.decisions == []


def test_a_second_answer_is_told_what_the_first_was() -> None:
    asked = Asked()
    code = asked.ask()
    asked.say(f"/reject {code}", who="boss")
    words = asked.say(f"/approve {code}")
    assert "closed before" in words
    assert "Rejected" in words
    assert "Boss" in words
    assert asked.decisions == ["reject"]


def test_what_was_decided_elsewhere_is_said_where_it_was_asked() -> None:
    asked = Asked()
    code = asked.ask()
    asked.robot.under_way.update(each.id for each in asked.robot.queue)  # it has left
    asked.robot.approvals.answer(code, "allow", USER)
    assert [target.user_id for target in asked.targets] == ["zhangsan", "zhangsan"]
    assert "Allowed" in asked.robot.queue[-1].outbound.text
    assert "Neovim" in asked.robot.queue[-1].outbound.text


def test_the_asker_who_answers_gets_one_reply_and_no_second_line() -> None:
    asked = Asked()
    code = asked.ask()
    asked.robot.under_way.update(each.id for each in asked.robot.queue)
    asked.say(f"/approve {code}")
    assert len(asked.robot.queue) == 2


def test_an_admin_answers_in_another_chat_and_the_asker_hears_of_it() -> None:
    asked = Asked()
    code = asked.ask()
    asked.robot.under_way.update(each.id for each in asked.robot.queue)
    asked.robot.say(f"/approve {code}", TEAM, "boss")
    assert [target.place for target in asked.targets] == ["zhangsan", "zhangsan", TEAM.id]


def test_a_question_that_did_not_leave_in_time_is_not_sent_any_more() -> None:
    asked = Asked()
    code = asked.ask()
    [question] = asked.robot.queue
    asked.robot.approvals.answer(code, "allow", USER)
    assert asked.robot.let_go == [question.id]
    assert len(asked.robot.queue) == 1


def test_an_expired_question_is_closed_where_it_was_asked() -> None:
    asked = Asked()
    code = asked.ask()
    asked.robot.under_way.update(each.id for each in asked.robot.queue)
    asked.robot.timers.pop()()
    assert asked.decisions == [None]
    assert "Expired" in asked.robot.queue[-1].outbound.text
    assert "Expired" in asked.say(f"/approve {code}")
    assert asked.decisions == [None]


def test_a_code_of_an_earlier_service_is_unknown() -> None:
    assert "No such request" in Asked().say("/approve K7QD")


def test_a_stranger_does_not_learn_whether_a_code_is_one() -> None:
    asked = Asked()
    code = asked.ask()
    words = asked.say(f"/approve {code}", who="lisi")
    asked.say(f"/reject {code}", who="boss")
    assert asked.say(f"/approve {code}", who="lisi") == words
    unknown = "AAAA" if code != "AAAA" else "CCCC"
    assert asked.say(f"/approve {unknown}", who="lisi") == words.replace(code, unknown)


def test_two_askers_in_a_group_answer_for_themselves_only() -> None:
    asked = Asked()
    first, second = asked.ask("ann"), ""
    second = asked.ask("bob", kind="execute")
    assert "只能由" in asked.say(f"/approve {first}", "bob", TEAM)
    assert "只能由" in asked.say(f"/approve {second}", "ann", TEAM)
    assert asked.decisions == []
    asked.say(f"/approve {second}", "bob", TEAM)
    asked.say(f"/reject {first}", "ann", TEAM)
    assert asked.decisions == ["allow", "reject"]


def test_without_a_code_the_open_ones_are_listed() -> None:
    asked = Asked()
    first = asked.ask()
    second = asked.ask(kind="execute")
    words = asked.say("/approve")
    assert first in words
    assert second in words
    assert "Nothing waits" not in words
    assert "No request waits" in asked.say("/approve", who="lisi")
    assert asked.decisions == []


def test_what_is_always_allowed_stands_in_the_status_and_can_be_taken_back() -> None:
    asked = Asked(commands=["status"])
    asked.say(f"/always {asked.ask()}")
    assert asked.ask() == ""
    assert "`edit`" in asked.say("/status")
    assert "`edit`" in asked.say("/always")
    assert "`edit`" in asked.say("/always off")
    assert "`edit`" not in asked.say("/status")
    assert asked.ask() != ""


def test_neovim_says_that_it_alone_asks_where_dingtalk_refuses_the_question() -> None:
    asked = Asked()
    code = asked.ask()
    [question] = asked.robot.queue
    asked.robot.forget()
    asked.robot.hub.outgoing.heard((Failed(question.outbound.id, "not in scope", NOW),))
    [notice] = asked.robot.heard(OWN, Notice)
    assert f"{code} is asked in Neovim alone" in notice.text
    assert "not in scope" in notice.text
    asked.robot.approvals.answer(code, "allow", USER)
    assert asked.decisions == ["allow"]


def test_nothing_is_said_of_a_question_that_fails_once_it_was_answered() -> None:
    asked = Asked()
    code = asked.ask()
    [question] = asked.robot.queue
    asked.robot.approvals.answer(code, "allow", USER)
    asked.robot.forget()
    asked.robot.hub.outgoing.heard((Failed(question.outbound.id, "not in scope", NOW),))
    assert asked.robot.heard(OWN, Notice) == []


def test_a_person_without_a_staff_id_is_asked_in_the_chat_that_they_wrote_in() -> None:
    asked = Asked()
    asked.hear_outsider("hello")
    code = asked.ask(OUTSIDER)
    [target] = asked.targets
    assert target.user_id == ""
    assert target.session_webhook is not None
    assert asked.decisions == []
    asked.hear_outsider(f"/approve {code}")
    assert asked.decisions == ["allow"]


def test_a_person_without_a_staff_id_who_wrote_in_a_group_is_not_asked_in_it() -> None:
    asked = Asked()
    asked.hear_outsider("hello", TEAM)
    asked.robot.forget()
    code = asked.ask(OUTSIDER)
    assert asked.robot.queue == []
    [notice] = asked.robot.heard(OWN, Notice)
    assert f"{code} is asked in Neovim alone" in notice.text


def test_a_turn_typed_in_neovim_is_asked_of_the_partner_who_is_an_admin() -> None:
    asked = Asked()
    asked.robot.say("hello", SINGLE, "boss")
    code = asked.ask("")
    assert [target.user_id for target in asked.targets] == ["boss"]
    assert "只能由" in asked.say(f"/approve {code}", "zhangsan")
    asked.say(f"/approve {code}", "boss")
    assert asked.decisions == ["allow"]


def test_a_turn_typed_in_neovim_is_else_asked_of_the_target_of_notifications() -> None:
    asked = Asked(user_id="boss")
    asked.robot.say("hello", SINGLE, "zhangsan")
    asked.ask("")
    assert [target.user_id for target in asked.targets] == ["boss"]
    nobody = Asked()
    nobody.robot.say("hello", SINGLE, "zhangsan")
    assert nobody.ask("")
    assert nobody.robot.queue == []


@pytest.mark.parametrize("gone", [{"admins": []}, {"admins": [], "allow_from": ["zhangsan"]}])
def test_always_of_a_person_who_is_no_admin_any_more_ends(gone: dict[str, object]) -> None:
    asked = Asked()
    asked.say(f"/always {asked.ask()}", "boss")
    asked.ask("lisi")
    assert asked.decisions == ["always", "always"]
    asked.robot.hub.configure(read({**EVERYBODY, **gone}, {}))
    assert asked.robot.approvals.always_of("s1") == ()
    assert asked.ask("lisi")
    assert asked.decisions == ["always", "always"]
    # Who is an admin again has to say it again.
    asked.robot.hub.configure(read(EVERYBODY, {}))
    assert asked.ask("lisi")
    assert len(asked.decisions) == 2


def test_always_of_the_editors_user_stays() -> None:
    asked = Asked()
    asked.robot.approvals.answer(asked.ask(), "always", USER)
    asked.robot.hub.configure(read({**EVERYBODY, "admins": []}, {}))
    asked.ask()
    assert asked.decisions == ["always", "always"]


def test_a_robot_that_is_given_up_asks_no_more() -> None:
    asked = Asked()
    asked.robot.hub.approvals.stop()
    assert asked.ask()
    assert asked.robot.queue == []
