"""The platform's rules, held without a server and without waiting."""

from __future__ import annotations

import json

import pytest

from dingbridge.sandbox.faults import Fault, FaultBook
from dingbridge.sandbox.inbound import ROBOT_USER, Utterance, message_data
from dingbridge.sandbox.rules import (
    Grant,
    RateWindow,
    Session,
    SessionBook,
    TicketBook,
    TokenBook,
    sign,
    signature_problem,
)
from dingbridge.sandbox.settings import Group, Person, Robot, Settings
from dingbridge.sandbox.shapes import (
    ApiRefusal,
    RobotRefusal,
    param_content,
    robot_body,
    robot_content,
)
from dingbridge.sandbox.state import World

NOW = 1_700_000_000.0
STAMP = str(int(NOW * 1000))


class TestSignature:
    def test_a_wrong_signature_does_not_match(self) -> None:
        assert signature_problem("SECx", STAMP, sign("SECy", STAMP), NOW) == "sign not match"

    def test_a_missing_or_unreadable_timestamp_is_invalid(self) -> None:
        assert signature_problem("SECx", "", "", NOW) == "invalid timestamp"
        assert signature_problem("SECx", "now", sign("SECx", "now"), NOW) == "invalid timestamp"

    @pytest.mark.parametrize("off", [-3601.0, 3601.0])
    def test_a_timestamp_more_than_an_hour_off_is_invalid(self, off: float) -> None:
        assert signature_problem("SECx", STAMP, sign("SECx", STAMP), NOW + off) == (
            "invalid timestamp"
        )

    @pytest.mark.parametrize("off", [-3600.0, 0.0, 3600.0])
    def test_a_right_signature_passes_within_the_hour(self, off: float) -> None:
        assert signature_problem("SECx", STAMP, sign("SECx", STAMP), NOW + off) == ""

    def test_the_signature_is_the_documented_one(self) -> None:
        # Worked out with openssl dgst -sha256 -hmac on "1577262236757\nSECsandbox".
        assert sign("SECsandbox", "1577262236757") == "Ieye6WjH8UYkaatMk74vrJ3oNhBRglZD84HUeHLiaPs="

    def test_a_signature_with_foreign_characters_is_refused_not_an_accident(self) -> None:
        assert signature_problem("SECx", STAMP, "签名", NOW) == "sign not match"


class TestRate:
    def test_the_21st_message_in_a_minute_is_refused_and_the_robot_throttled(self) -> None:
        window = RateWindow()
        assert [window.accept(NOW + i, 20, 600) for i in range(20)] == [0] * 20
        assert window.accept(NOW + 20, 20, 600) == 130101
        assert window.accept(NOW + 90, 20, 600) == 410100
        assert window.accept(NOW + 619, 20, 600) == 410100
        assert window.accept(NOW + 620, 20, 600) == 0

    def test_the_minute_rolls(self) -> None:
        window = RateWindow()
        assert [window.accept(NOW + 3 * i, 20, 600) for i in range(100)] == [0] * 100

    def test_no_limit_never_refuses(self) -> None:
        window = RateWindow()
        assert {window.accept(NOW, None, 600) for _ in range(100)} == {0}


class TestBooks:
    def test_a_ticket_opens_nothing_twice(self) -> None:
        book = TicketBook()
        ticket = book.issue(Grant(("t",), ""), NOW, 90)
        assert book.redeem(ticket, NOW + 89) == Grant(("t",), "")
        assert book.redeem(ticket, NOW + 89) is None

    def test_a_ticket_opens_nothing_after_its_lifetime(self) -> None:
        book = TicketBook()
        assert book.redeem(book.issue(Grant((), ""), NOW, 90), NOW + 90) is None
        assert book.redeem("made up", NOW) is None

    def test_no_token_is_valid_before_one_was_issued(self) -> None:
        assert not TokenBook().valid("", NOW)

    def test_a_token_stays_the_same_and_is_extended_while_it_is_valid(self) -> None:
        book = TokenBook()
        token = book.issue(NOW, 7200)
        assert book.issue(NOW + 7000, 7200) == token
        assert book.valid(token, NOW + 14_000)
        assert not book.valid(token, NOW + 14_200)
        assert book.issue(NOW + 14_200, 7200) != token

    def test_a_revoked_token_is_dead_and_the_next_one_is_another(self) -> None:
        book = TokenBook()
        token = book.issue(NOW, 7200)
        book.revoke()
        assert not book.valid(token, NOW)
        assert book.issue(NOW, 7200) != token

    def test_a_session_webhook_ends_at_its_expiry_or_when_all_are_expired(self) -> None:
        book = SessionBook()
        session = Session("cid", "msg", NOW + 5400)
        value = book.issue(session)
        assert book.find(value, NOW + 5399) == session
        assert book.find(value, NOW + 5400) is None
        book.expire()
        assert book.find(value, NOW) is None


class TestShapes:
    @pytest.mark.parametrize(
        ("raw", "content_type", "errcode"),
        [
            (b"{}", "text/plain", 43004),
            (b"{}", "application/json", 40035),
            (b"not json", "application/json", 40035),
            (b"[1]", "application/json", 40035),
            (b'"' + b"x" * 20_000, "application/json", 460101),
        ],
    )
    def test_a_bad_webhook_body_is_refused_by_its_code(
        self, raw: bytes, content_type: str, errcode: int
    ) -> None:
        with pytest.raises(RobotRefusal) as refusal:
            robot_body(raw, content_type)
        assert refusal.value.errcode == errcode

    def test_the_limit_counts_bytes_of_the_whole_body(self) -> None:
        def body(text: str) -> bytes:
            return json.dumps({"a": text}, ensure_ascii=False).encode()

        frame = len(body(""))
        assert robot_body(body("x" * (20_000 - frame)), "application/json")
        with pytest.raises(RobotRefusal, match="message too long, exceed 20000 bytes"):
            robot_body(body("字" * 7000), "application/json")

    @pytest.mark.parametrize(
        ("body", "errcode"),
        [
            ({"text": {"content": "x"}}, 40035),
            ({"msgtype": "image", "image": {}}, 400105),
            ({"msgtype": ["text"]}, 400105),
            ({"msgtype": "text"}, 40035),
            ({"msgtype": "text", "text": {"content": ""}}, 40035),
            ({"msgtype": "markdown", "markdown": {"text": "x"}}, 40035),
            ({"msgtype": "feedCard", "feedCard": {"links": []}}, 40035),
        ],
    )
    def test_a_webhook_message_with_a_missing_part_is_refused(
        self, body: dict[str, object], errcode: int
    ) -> None:
        with pytest.raises(RobotRefusal) as refusal:
            robot_content(body)
        assert refusal.value.errcode == errcode

    @pytest.mark.parametrize(
        ("body", "title", "text"),
        [
            ({"msgtype": "text", "text": {"content": "a"}}, "", "a"),
            ({"msgtype": "markdown", "markdown": {"title": "t", "text": "b"}}, "t", "b"),
            (
                {"msgtype": "link", "link": {"title": "t", "text": "c", "messageUrl": "u"}},
                "t",
                "c",
            ),
            (
                {"msgtype": "feedCard", "feedCard": {"links": [{"title": "x"}, {"title": "y"}]}},
                "x",
                "x\ny",
            ),
        ],
    )
    def test_every_kind_of_webhook_message_is_read(
        self, body: dict[str, object], title: str, text: str
    ) -> None:
        content = robot_content(body)
        assert (content.title, content.text) == (title, text)

    @pytest.mark.parametrize(
        ("key", "param", "code"),
        [
            ("sampleNothing", "{}", "invalidParameter.msgKey.invalid"),
            ("sampleText", {"content": "x"}, "invalidParameter.msgParam.invalid"),
            ("sampleText", "no json", "invalidParameter.msgParam.invalid"),
            ("sampleText", '{"content": 1}', "invalidParameter.msgParam.invalid"),
            ("sampleMarkdown", '{"text": "x"}', "invalidParameter.msgParam.invalid"),
            (
                "sampleText",
                '{"content": "' + "字" * 5000 + '"}',
                "invalidParameter.msgParam.tooLong",
            ),
        ],
    )
    def test_a_bad_openapi_message_is_refused_by_its_code(
        self, key: str, param: object, code: str
    ) -> None:
        with pytest.raises(ApiRefusal) as refusal:
            param_content({"msgKey": key, "msgParam": param})
        assert (refusal.value.status, refusal.value.code) == (400, code)


class TestInbound:
    def data(self, said: Utterance, group: Group | None = None) -> dict[str, object]:
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
        data = self.data(Utterance("@bot 你好"), Group("cid1", "t"))
        assert data["text"] == {"content": " 你好"}
        assert data["isInAtList"] is True
        assert data["atUsers"] == [{"dingtalkId": ROBOT_USER}]
        assert (data["conversationType"], data["conversationTitle"]) == ("2", "t")
        assert data["sessionWebhookExpiredTime"] == int((NOW + 5400) * 1000)

    def test_a_group_message_without_mention_says_so(self) -> None:
        data = self.data(Utterance("hi", mention=False), Group("cid1", "t"))
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
            World(Settings(), lambda: NOW).compose(Utterance(repeat=True))

    def test_no_secret_shows_in_a_value(self) -> None:
        robot = Robot("tok-en", secret="SEC-1")
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
