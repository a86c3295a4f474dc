"""The platform's rules as they are declared, and what keeps them, without a server."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from dingbridge.sandbox.faults import Fault, FaultBook
from dingbridge.sandbox.inbound import ROBOT_USER, Utterance, message_data
from dingbridge.sandbox.quota import MonthlyCount
from dingbridge.sandbox.rate_limits import MessageRate, Window
from dingbridge.sandbox.robot_messages import RobotMessages
from dingbridge.sandbox.rules import (
    GROUPS,
    cards,
    media,
    openapi,
    registration,
    stream,
    tokens,
    webhooks,
)
from dingbridge.sandbox.rules.rule import Behaviour, Rule
from dingbridge.sandbox.sessions import Session, SessionBook
from dingbridge.sandbox.settings import CustomRobot, Person, SandboxGroup, Settings
from dingbridge.sandbox.signatures import broken, sign
from dingbridge.sandbox.state import World
from dingbridge.sandbox.tickets import Grant, TicketBook
from dingbridge.sandbox.tokens import TokenBook

TESTS = Path(__file__).resolve().parents[1]
PACKAGE = TESTS.parent / "dingbridge" / "sandbox"
RULES = [rule for rules in GROUPS.values() for rule in rules]
NOW = 1_700_000_000.0
STAMP = str(int(NOW * 1000))


class TestDeclarations:
    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.test.removeprefix("test_"))
    def test_a_rule_is_shown_by_a_test_of_its_words(self, rule: Rule) -> None:
        assert rule.test in shown(), f"no test says: {rule.says}"

    def test_the_test_of_a_rule_fails_unless_that_rule_refuses_a_call_in_it(
        self, pytester: pytest.Pytester
    ) -> None:
        pytester.makepyfile(
            f"""
            from dingbridge.sandbox.rules import webhooks

            def {webhooks.LENGTH.test}():
                webhooks.LENGTH.refusal(limit=1)

            def {webhooks.BLANK.test}():
                webhooks.FIELD_MISSING.refusal(name="x")
            """
        )
        result = pytester.runpytest("-p", "tests.support.refusals", "-p", "no:cacheprovider")
        result.assert_outcomes(passed=2, errors=1)
        result.stdout.fnmatch_lines([f"*nothing is refused: {webhooks.BLANK.says}"])

    def test_no_two_rules_have_the_same_words(self) -> None:
        assert [words for words, times in Counter(r.test for r in RULES).items() if times > 1] == []

    def test_every_declared_rule_is_in_the_table(self) -> None:
        declared = [
            rule
            for module in (webhooks, tokens, openapi, media, stream, cards, registration)
            for rule in vars(module).values()
            if isinstance(rule, Rule)
        ]
        assert len(declared) > 80
        assert all(any(rule is each for each in RULES) for rule in declared)
        assert all(rule.section and rule.source and rule.answer for rule in declared)

    def test_every_refusal_is_that_of_a_rule_and_every_such_rule_is_enforced(self) -> None:
        used: set[str] = set()
        for path in sorted(PACKAGE.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and path.name != "rule.py":
                    assert ast.unparse(node.func) not in {"RobotRefusal", "ApiRefusal"}, path
                if isinstance(node, ast.Attribute) and path.parent.name != "rules":
                    used.add(node.attr)
        refusing = {
            name
            for module in (webhooks, tokens, openapi, media, stream, cards, registration)
            for name, rule in vars(module).items()
            if isinstance(rule, Rule) and not isinstance(rule, Behaviour)
        }
        assert refusing - used == set()


def shown() -> set[str]:
    """The names of the sandbox's tests."""
    pattern = re.compile(r"^ *def (test_\w+)\(", re.MULTILINE)
    files = sorted(TESTS.glob("sandbox/test_sandbox_*.py"))
    return {name for path in files for name in pattern.findall(path.read_text("utf-8"))}


class TestSignature:
    @pytest.mark.parametrize("off", [-3601.0, 3601.0])
    def test_a_timestamp_more_than_an_hour_off_is_invalid(self, off: float) -> None:
        assert broken("SECx", STAMP, sign("SECx", STAMP), NOW + off) is webhooks.TIMESTAMP

    @pytest.mark.parametrize("off", [-3600.0, 0.0, 3600.0])
    def test_a_right_signature_passes_within_the_hour(self, off: float) -> None:
        assert broken("SECx", STAMP, sign("SECx", STAMP), NOW + off) is None

    def test_the_signature_is_the_documented_one(self) -> None:
        # Worked out with openssl dgst -sha256 -hmac on "1577262236757\nSECsandbox".
        assert sign("SECsandbox", "1577262236757") == "Ieye6WjH8UYkaatMk74vrJ3oNhBRglZD84HUeHLiaPs="


class TestRate:
    def test_the_21st_message_in_a_minute_is_refused_and_the_robot_throttled(self) -> None:
        rate = MessageRate()
        assert [rate.broken(NOW + i, 20, 600) for i in range(20)] == [None] * 20
        assert rate.broken(NOW + 20, 20, 600) is webhooks.RATE
        assert rate.broken(NOW + 90, 20, 600) is webhooks.THROTTLED
        assert rate.broken(NOW + 619, 20, 600) is webhooks.THROTTLED
        assert rate.broken(NOW + 620, 20, 600) is None

    def test_the_minute_rolls(self) -> None:
        rate = MessageRate()
        assert [rate.broken(NOW + 3 * i, 20, 600) for i in range(100)] == [None] * 100

    def test_no_limit_never_refuses(self) -> None:
        rate, window = MessageRate(), Window(1.0)
        assert {rate.broken(NOW, None, 600) for _ in range(100)} == {None}
        assert all(window.accept(NOW, None) for _ in range(100))

    def test_what_was_refused_does_not_count_against_the_next_second(self) -> None:
        window = Window(1.0)
        assert [window.accept(NOW, 2) for _ in range(4)] == [True, True, False, False]
        assert not window.accept(NOW + 0.9, 2)
        assert [window.accept(NOW + 1.0, 2) for _ in range(3)] == [True, True, False]

    def test_a_month_begins_in_china(self) -> None:
        quota = MonthlyCount()
        # 2023-11-30 15:59:59 UTC, a second before the month ends there.
        last = 1_701_359_999.0
        assert [quota.spend(last, 1) for _ in range(2)] == [True, False]
        assert quota.spend(last + 1, 1)
        assert quota.used == 1


class TestBooks:
    def test_a_ticket_opens_nothing_twice(self) -> None:
        book = TicketBook()
        grant = Grant("app", ("t",), "")
        ticket = book.issue(grant, NOW, 90)
        assert book.redeem(ticket, NOW + 89) == grant
        assert book.redeem(ticket, NOW + 89) is None

    def test_a_ticket_opens_nothing_after_its_lifetime(self) -> None:
        book = TicketBook()
        assert book.redeem(book.issue(Grant("app", (), ""), NOW, 90), NOW + 90) is None
        assert book.redeem("made up", NOW) is None

    def test_a_token_belongs_to_its_app_alone(self) -> None:
        book = TokenBook()
        assert book.owner("", NOW) == ""
        one, other = book.issue("one", NOW, 7200), book.issue("other", NOW, 7200)
        assert (book.owner(one, NOW), book.owner(other, NOW)) == ("one", "other")
        assert book.issue("one", NOW + 7000, 7200) == one
        assert (book.owner(one, NOW + 14_000), book.owner(other, NOW + 14_000)) == ("one", "")
        book.revoke()
        assert book.owner(one, NOW) == ""
        assert book.issue("one", NOW, 7200) != one

    def test_a_session_webhook_ends_at_its_expiry_or_when_all_are_expired(self) -> None:
        book = SessionBook()
        session = Session("app", "cid", "msg", NOW + 5400)
        value = book.issue(session)
        assert book.find(value, NOW + 5399) == session
        assert book.find(value, NOW + 5400) is None
        book.expire()
        assert book.find(value, NOW) is None


class TestInbound:
    def data(self, said: Utterance, group: SandboxGroup | None = None) -> dict[str, object]:
        return message_data(
            said,
            Person("张三", staff_id="zhangsan"),
            group,
            message_id="msg1",
            now=NOW,
            robot_code="ding1",
            robot_name="bot",
            session=("http://x", NOW + 5400),
        )

    def test_a_group_message_loses_its_mention_and_keeps_a_leading_space(self) -> None:
        data = self.data(Utterance("@bot 你好"), SandboxGroup("cid1", "t"))
        assert data["text"] == {"content": " 你好"}
        assert data["isInAtList"] is True
        assert data["atUsers"] == [{"dingtalkId": ROBOT_USER}]
        assert (data["conversationType"], data["conversationTitle"]) == ("2", "t")
        assert data["sessionWebhookExpiredTime"] == int((NOW + 5400) * 1000)

    def test_a_group_message_without_mention_says_so(self) -> None:
        data = self.data(Utterance("hi", mention=False), SandboxGroup("cid1", "t"))
        assert data["text"] == {"content": "hi"}
        assert (data["isInAtList"], data["atUsers"]) == (False, [])

    def test_a_single_message_is_left_as_it_was_typed(self) -> None:
        data = self.data(Utterance(" @bot hi "))
        assert data["text"] == {"content": " @bot hi "}
        assert data["conversationType"] == "1"
        assert "isInAtList" not in data

    def test_fields_can_be_left_out_and_laid_over(self) -> None:
        said = Utterance("x", staff_id=False, extra={"text": None, "errorCode": 20001})
        data = self.data(said)
        assert "senderStaffId" not in data
        assert "text" not in data
        assert data["errorCode"] == 20001


class TestState:
    def test_a_frame_that_is_no_acknowledgement_is_kept_as_it_came(self) -> None:
        world = World(Settings(), lambda: NOW)
        strange = '{"headers": {}, "code": 200, "data": "{"}'
        for raw in ("{", "[]", '{"headers": 1}', '{"headers": {}, "code": "200"}', strange):
            ack = world.record_ack("connection-1", raw)
            assert (ack.code, ack.message_id, ack.raw) == (0, "", raw)

    def test_the_clock_goes_forward_only(self) -> None:
        world = World(Settings(), lambda: NOW)
        world.advance(90)
        assert world.now() == NOW + 90
        with pytest.raises(ValueError, match="forward"):
            world.advance(-1)

    def test_a_message_nobody_said_cannot_be_repeated(self) -> None:
        with pytest.raises(ValueError, match="no earlier message"):
            RobotMessages(World(Settings(), lambda: NOW)).compose(Utterance(repeat=True))

    def test_no_secret_shows_in_a_value(self) -> None:
        robot = CustomRobot("tok-en", secret="SEC-1")
        shown = repr(robot) + repr(Settings(client_secret="app-secret", robots=(robot,)))
        assert not any(word in shown for word in ("tok-en", "SEC-1", "app-secret"))


class TestFaultBook:
    def test_a_fault_that_never_applies_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least once"):
            FaultBook().add(Fault("/x", times=0))

    def test_faults_are_used_up_in_the_order_they_were_set(self) -> None:
        book = FaultBook()
        book.add(Fault.http("/a", 500, "system.error", times=2))
        book.add(Fault.html("/*"))
        taken = [book.take(path) for path in ("/a", "/a", "/a", "/a")]
        assert [fault.status if fault else 0 for fault in taken] == [500, 500, 502, 0]

    def test_a_lasting_fault_ends_when_it_is_cleared(self) -> None:
        book = FaultBook()
        book.add(Fault.drop("/a", times=None))
        assert [book.take("/a") is None for _ in range(3)] == [False] * 3
        assert book.take("/b") is None
        book.clear()
        assert book.take("/a") is None
