"""An approval is asked by a card where the app may create one, once for each request."""

from __future__ import annotations

from dingbridge.core.approvals.approval import Answerer
from dingbridge.core.dingtalk.cards import CardPressed
from dingbridge.core.errors import Refused, Retryable
from dingbridge.core.options.settings import read
from dingbridge.service.robots.robot_news import Notice
from tests.service.robots.test_hub_approvals import EVERYBODY, OUTSIDER, Asked
from tests.support.hub import OWN

USER = Answerer()
NO_SCOPE = "Forbidden.AccessDenied.AccessTokenPermissionDenied"


def delivered(asked: Asked, **answers: object) -> str:
    """Ask, and let the card be delivered. Returns the code."""
    code = asked.ask()
    asked.robot.card_results.pop()(None)
    return code


def press(asked: Asked, action: str, who: str = "zhangsan", card: int = -1) -> None:
    asked.robot.hub.approvals.pressed(CardPressed(asked.robot.cards[card].track, action, who))


def cards() -> Asked:
    return Asked(approval_cards=True)


def test_a_card_has_the_question_the_typed_forms_and_the_buttons_and_no_text_is_sent() -> None:
    asked = cards()
    code = delivered(asked)
    [card] = asked.robot.cards
    assert card.user_id == "zhangsan"
    assert card.robot_code == "dingabc"
    for part in ("-old\n+new", f"/approve {code}", f"/reject {code}"):
        assert part in card.text
    assert "dtmd" not in card.text
    assert [button.id for button in card.buttons] == ["allow", "always", "reject"]
    assert asked.robot.queue == []


def test_a_pressed_button_answers_and_the_card_shows_the_result() -> None:
    asked = cards()
    code = delivered(asked)
    press(asked, "allow")
    assert asked.decisions == ["allow"]
    [(track, text)] = asked.robot.ended_cards
    assert track == asked.robot.cards[0].track
    assert code in text
    assert "已同意" in text
    assert asked.robot.queue == []


def test_an_action_may_have_a_number_appended() -> None:
    asked = cards()
    delivered(asked)
    press(asked, "reject0")
    assert asked.decisions == ["reject"]


def test_what_is_no_button_of_ours_answers_nothing() -> None:
    asked = cards()
    delivered(asked)
    for action in ("allowed", "", "approve", "allow1x", "btn_stop"):
        press(asked, action)
    asked.robot.hub.approvals.pressed(CardPressed("of another", "allow", "zhangsan"))
    assert asked.decisions == []


def test_a_press_on_a_card_of_an_earlier_service_says_that_it_is_not_known_any_more() -> None:
    before, asked = cards(), cards()
    before.ask()
    card = before.robot.cards[0]
    asked.robot.hub.approvals.pressed(CardPressed(card.track, "approve", "zhangsan"))
    assert asked.robot.queue == []
    asked.robot.hub.approvals.pressed(CardPressed(card.track, "allow", "zhangsan"))
    [words] = asked.robot.queue
    assert words.outbound.target.user_id == "zhangsan"
    assert "not known here any more" in words.outbound.text
    assert asked.decisions == []


def test_a_press_of_somebody_else_is_refused_with_words() -> None:
    asked = cards()
    delivered(asked)
    press(asked, "allow", "lisi")
    assert asked.decisions == []
    [words] = asked.robot.queue
    assert words.outbound.target.user_id == "lisi"
    assert "只能由" in words.outbound.text
    press(asked, "allow", "boss")
    assert asked.decisions == ["allow"]


def test_a_person_without_access_gets_no_answer_by_a_press() -> None:
    asked = cards()
    delivered(asked)
    asked.robot.hub.configure(read({**EVERYBODY, "allow_from": [], "approval_cards": True}, {}))
    press(asked, "allow")
    assert asked.decisions == []
    assert asked.robot.queue == []


def test_a_late_press_is_told_the_result_and_the_same_press_again_nothing() -> None:
    asked = cards()
    delivered(asked)
    press(asked, "allow")
    press(asked, "allow")  # the platform reports it again
    assert asked.robot.queue == []
    press(asked, "reject")
    [words] = asked.robot.queue
    assert "closed before" in words.outbound.text
    assert asked.decisions == ["allow"]


def test_a_press_after_the_time_is_over_approves_nothing() -> None:
    asked = cards()
    delivered(asked)
    asked.robot.timers.pop()()
    assert asked.decisions == [None]
    assert "Expired" in asked.robot.ended_cards[0][1]
    press(asked, "allow")
    assert asked.decisions == [None]
    assert "Expired" in asked.robot.queue[0].outbound.text


def test_a_decision_in_the_editor_ends_the_card_and_sends_no_text() -> None:
    asked = cards()
    code = delivered(asked)
    asked.robot.approvals.answer(code, "reject", USER)
    assert len(asked.robot.ended_cards) == 1
    asked.robot.card_results.pop()(None)
    assert asked.robot.queue == []


def test_a_result_that_the_card_does_not_take_is_sent_as_a_text() -> None:
    asked = cards()
    code = delivered(asked)
    asked.robot.approvals.answer(code, "reject", USER)
    asked.robot.card_results.pop()(Refused("no"))
    [words] = asked.robot.queue
    assert "已拒绝" in words.outbound.text


def test_a_card_that_is_decided_before_it_is_there_ends_once_it_is() -> None:
    asked = cards()
    code = asked.ask()
    asked.robot.approvals.answer(code, "allow", USER)
    assert asked.robot.ended_cards == []
    asked.robot.card_results.pop()(None)
    assert len(asked.robot.ended_cards) == 1
    assert asked.robot.queue == []


def test_without_the_scope_texts_ask_and_that_is_said_once() -> None:
    asked = cards()
    code = asked.ask()
    asked.robot.forget()
    asked.robot.card_results.pop()(Refused("no", code=NO_SCOPE))
    [question] = asked.robot.queue
    assert f"/approve {code}" in question.outbound.text
    assert question.outbound.taps
    [notice] = asked.robot.heard(OWN, Notice)
    assert "appscope/apply?content=dingabc%23Card.Instance.Write" in notice.text
    asked.ask(kind="execute")
    assert len(asked.robot.cards) == 1
    assert len(asked.robot.queue) == 1
    assert len(asked.robot.heard(OWN, Notice)) == 1


def test_another_refusal_makes_a_text_ask_and_the_next_request_tries_a_card() -> None:
    asked = cards()
    asked.ask()
    asked.robot.card_results.pop()(Refused("busy", code="system.busy"))
    assert len(asked.robot.queue) == 1
    asked.ask(kind="execute")
    assert len(asked.robot.cards) == 2


def test_a_card_that_may_have_arrived_counts_and_a_text_asks_as_well() -> None:
    asked = cards()
    asked.ask()
    asked.robot.card_results.pop()(Retryable("no answer", may_have_arrived=True))
    assert len(asked.robot.queue) == 1
    press(asked, "allow")
    assert asked.decisions == ["allow"]
    assert len(asked.robot.ended_cards) == 1


def test_a_refused_card_of_a_request_that_is_closed_sends_no_question() -> None:
    asked = cards()
    code = asked.ask()
    asked.robot.approvals.answer(code, "allow", USER)
    asked.robot.card_results.pop()(Refused("busy", code="system.busy"))
    assert asked.robot.queue == []


def refused(asked: Asked) -> str:
    """Ask by a card that is refused, so that a text asks. Returns the code."""
    code = asked.ask()
    asked.robot.card_results.pop()(Refused("busy", code="system.busy"))
    return code


def test_a_text_that_asks_for_a_refused_card_hears_the_result() -> None:
    asked = cards()
    code = refused(asked)
    asked.robot.under_way.update(each.id for each in asked.robot.queue)
    asked.robot.approvals.answer(code, "reject", USER)
    assert asked.robot.ended_cards == []
    question, result = asked.robot.queue
    assert f"/approve {code}" in question.outbound.text
    assert "已拒绝" in result.outbound.text


def test_a_text_that_asks_for_a_refused_card_and_did_not_leave_is_withdrawn() -> None:
    asked = cards()
    code = refused(asked)
    [question] = asked.robot.queue
    asked.robot.approvals.answer(code, "reject", USER)
    assert asked.robot.let_go == [question.id]
    assert asked.robot.queue == [question]


def test_a_card_that_may_have_arrived_and_the_text_beside_it_are_both_closed() -> None:
    asked = cards()
    code = asked.ask()
    asked.robot.card_results.pop()(Retryable("no answer", may_have_arrived=True))
    asked.robot.under_way.update(each.id for each in asked.robot.queue)
    asked.robot.approvals.answer(code, "reject", USER)
    assert len(asked.robot.ended_cards) == 1
    asked.robot.card_results.pop()(None)
    _, result = asked.robot.queue
    assert "已拒绝" in result.outbound.text


def test_a_person_without_a_staff_id_is_asked_by_a_text() -> None:
    asked = cards()
    asked.hear_outsider("hello")
    asked.ask(OUTSIDER)
    assert asked.robot.cards == []
    assert len(asked.robot.queue) == 1
