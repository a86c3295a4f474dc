"""What an editor says of its messages, where what the service tells comes in an odd order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from dingbridge.core.messages import Delivery, DeliveryReport, Message, Role, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.options.settings import read_all
from dingbridge.core.sessions.transcript import Entry, SessionInfo, TranscriptPart
from dingbridge.core.user_file import UserFile
from dingbridge.protocol import updates
from dingbridge.service.adapters import SystemRuntime
from dingbridge.service.editors.accounts import Accounts
from dingbridge.service.editors.chats import Chats
from dingbridge.service.editors.delivery_notices import not_delivered
from dingbridge.service.editors.editor_ports import EditorPorts
from dingbridge.service.editors.file_sending import FileSending
from dingbridge.service.editors.sending import Sending
from dingbridge.service.editors.sessions import EditorSessions
from dingbridge.service.files.file_ports import Packed
from dingbridge.service.presence import Presence
from dingbridge.service.robots.robot_news import Ruling
from dingbridge.service.robots.robot_requests import (
    Ask,
    Bind,
    Drop,
    Hello,
    QueryDeliveries,
    Revoke,
    SendMessage,
)
from dingbridge.service.sessions.store import SessionStore
from dingbridge.service.sessions.unread_counts import UnreadCounts

SESSION = SessionInfo("s", "Session", 1.0)
APP = {"app_key": "key", "app_secret": "secret"}


class Outside:
    """All that a `Bridge` has around it: notes what it is asked for."""

    def __init__(self) -> None:
        self.shown: list[updates.Update] = []
        self.asked: list[Ask] = []
        self.is_there = True

    def show(self, *shown: updates.Update) -> None:
        self.shown.extend(shown)

    def show_latest(self, make: Callable[[], updates.Update]) -> None:
        self.shown.append(make())

    def configure(self, options: Options) -> Ruling | None:
        return None

    def notify(self, ask: Ask) -> bool:
        self.asked.append(ask)
        return self.is_there

    def left_behind(self, asked: tuple[SendMessage, ...]) -> int:
        return len(asked)

    def write_down(self, sends: tuple[SendMessage, ...], then: Callable[[], None]) -> None:
        then()

    def append(self, session: str, entry: Entry) -> None:
        pass

    def end(self, session: str, then: Callable[[TranscriptPart], None]) -> None:
        then(TranscriptPart())

    def since(self, session: str, then: Callable[[TranscriptPart], None]) -> None:
        then(TranscriptPart())

    def written(self, session: str, then: Callable[[], None]) -> None:
        then()

    def pack(self, message: str, file: UserFile, then: Callable[[Packed], None], _: Any) -> None:
        then(Packed("/kept", file.name, file.path))


class Made:
    """An editor with one session and one robot."""

    def __init__(self) -> None:
        self.outside = cast(Any, Outside())
        ports = EditorPorts(
            editor=self.outside,
            storage=cast(Any, self.outside),
            saved=cast(Any, None),
            search=cast(Any, None),
            robot=lambda _: self.outside,
            programs=cast(Any, None),
            project=cast(Any, None),
            presence=Presence().join(),
            media=cast(Any, None),
            approvals=cast(Any, None),
            packing=cast(Any, None),
            runtime=SystemRuntime(),
            later=cast(Any, None),
            pid=1,
            cwd="/",
            environ={},
            agents=cast(Any, None),
        )
        sessions = EditorSessions(
            self.outside,
            SessionStore(
                ports.storage, ports.runtime, lambda call: call(), UnreadCounts(lambda _: None)
            ),
            [SESSION],
        )
        accounts = Accounts(ports, sessions, lambda: None)
        accounts.configure(read_all(APP, {}), ())
        self.account = accounts.default
        chats = Chats(sessions, accounts)
        self.deliveries = Sending(self.outside, ports.runtime, chats, {})
        self.files = FileSending(self.outside, ports.runtime, chats, cast(Any, self.outside))

    def send(self, message: str) -> None:
        """Send something in the session."""
        made = Message(message, Role.EDITOR, "You", "text", 1.0)
        self.deliveries.add_and_send(self.account, "s", made, Target(user_id="zhangsan"))

    def send_file(self, message: str) -> None:
        """Send a file in the session."""
        file = UserFile(1, "/a.pdf", "send")
        self.files.send_file("s", message, file, "dingtalk:user:zhangsan")

    def told(self, message: str, *fates: Delivery, why: str = "why") -> list[str]:
        """The names of the autocommands that come of what a service tells, one after the other."""
        self.outside.shown.clear()
        for fate in fates:
            report = DeliveryReport(message, fate, why if fate is Delivery.FAILED else "")
            self.deliveries.show_delivery(self.account, report, "s")
        return [one.name for one in self.outside.shown if isinstance(one, updates.TriggerEvent)]


@pytest.fixture(params=["bound", "not bound"])
def made(request: pytest.FixtureRequest) -> Made:
    one = Made()
    if request.param == "bound":
        one.account.restore("s", None)
    return one


def test_an_end_that_is_told_again_to_who_asked_meanwhile_is_announced_once(made: Made) -> None:
    made.send("m1")
    assert made.told("m1", Delivery.QUEUED, Delivery.SENT, Delivery.SENT) == [
        "DingbridgeQueued",
        "DingbridgeDelivered",
    ]


def test_an_end_that_an_earlier_service_may_have_told_is_announced_to_who_waits_for_it_alone(
    made: Made,
) -> None:
    made.outside.asked.clear()
    made.account.come_back("s")
    made.account.member.ask("s", ("m1", "m2", "m3"))
    made.deliveries.expect(made.account.name, "s", "m2")
    assert made.told("m1", Delivery.SENT) == []
    assert made.told("m2", Delivery.SENT) == ["DingbridgeDelivered"]
    assert made.told("m3", Delivery.QUEUED, Delivery.SENT) == ["DingbridgeDelivered"]
    assert QueryDeliveries("s", ("m1", "m2", "m3")) in made.outside.asked


def test_the_end_of_a_message_that_is_handed_over_again_is_announced_even_if_it_came_before(
    made: Made,
) -> None:
    made.account.come_back("s")
    made.account.member.ask("s", ("m1",))
    assert made.told("m1", Delivery.SENT) == []
    made.send("m1")
    assert made.told("m1", Delivery.SENT, Delivery.SENT) == [
        "DingbridgeQueued",
        "DingbridgeDelivered",
    ]


def test_a_file_that_is_handed_over_again_waits_for_its_end_even_if_that_came_before() -> None:
    made = Made()
    made.account.come_back("s")
    made.account.member.ask("s", ("m1",))
    assert made.told("m1", Delivery.SENT) == []
    made.send_file("m1")
    assert made.told("m1", Delivery.SENT) == ["DingbridgeQueued", "DingbridgeDelivered"]


def test_what_an_earlier_service_may_have_told_is_announced_once_it_is_dropped(made: Made) -> None:
    made.account.come_back("s")
    made.account.member.ask("s", ("m1",))
    assert made.told("m1", Delivery.FAILED, Delivery.FAILED) == []
    assert made.told("m1", Delivery.FAILED, Delivery.FAILED, why="dropped") == ["DingbridgeFailed"]


def test_a_session_that_is_found_after_the_robot_was_joined_is_bound_there_as_well() -> None:
    made = Made()
    listed: list[Callable[[list[SessionInfo]], None]] = []
    made.outside.list = listed.append
    made.account.come_back("late")
    made.account.member.joined()
    [found] = listed
    found([SESSION, SessionInfo("late", "Late", 2.0)])
    assert made.account.bound == "late"
    assert made.outside.asked[-1] == Bind("late", "Late", "/")


def test_an_editor_that_has_just_started_is_told_what_ended_while_it_was_away(made: Made) -> None:
    made.account.restore("s", None)
    made.account.member.ask("s", ("m1",))
    assert made.told("m1", Delivery.SENT) == ["DingbridgeDelivered"]


def test_a_message_that_failed_and_is_tried_again_is_announced_with_each_end(made: Made) -> None:
    made.send("m1")
    assert made.told("m1", Delivery.QUEUED, Delivery.FAILED, Delivery.FAILED) == [
        "DingbridgeQueued",
        "DingbridgeFailed",
    ]
    assert made.told("m1", Delivery.QUEUED, Delivery.SENDING, Delivery.SENT, Delivery.SENT) == [
        "DingbridgeDelivered"
    ]


def test_a_message_that_failed_and_is_dropped_is_announced_as_both(made: Made) -> None:
    made.send("m1")
    assert made.told("m1", Delivery.QUEUED, Delivery.FAILED, Delivery.FAILED) == [
        "DingbridgeQueued",
        "DingbridgeFailed",
    ]
    assert made.told("m1", Delivery.FAILED, Delivery.FAILED, why="dropped") == ["DingbridgeFailed"]


def test_a_failure_is_told_without_empty_quotes_where_nobody_knows_what_it_said() -> None:
    made = Made()
    made.send("m1")
    made.told("m1", Delivery.FAILED)
    [said] = [one for one in made.outside.shown if isinstance(one, updates.ShowNotice)]
    assert said.text == "not delivered: why"


def test_what_no_owner_has_heard_yet_is_told_once_there_is_one() -> None:
    made = Made()
    member = made.account.member
    made.outside.is_there = False
    member.notify(Revoke("lisi"))
    made.send("m1")
    member.notify(Drop("m1"))
    made.outside.asked.clear()
    made.outside.is_there = True
    member.joined()
    hello, send, *others = made.outside.asked
    assert isinstance(hello, Hello)
    assert isinstance(send, SendMessage)
    assert others == [Revoke("lisi"), Drop("m1")]


def test_a_session_that_is_bound_again_is_not_released_by_an_owner_that_comes_later() -> None:
    made = Made()
    member = made.account.member
    made.outside.is_there = False
    member.unbind("s")
    member.notify(Drop("m1"))
    member.bind("s", "Session")
    made.outside.asked.clear()
    made.outside.is_there = True
    member.joined()
    assert made.outside.asked[1:] == [Drop("m1")]


def test_another_robot_is_not_told_what_was_meant_for_the_one_before() -> None:
    made = Made()
    member = made.account.member
    made.outside.is_there = False
    member.notify(Revoke("lisi"))
    made.send("m1")
    member.moved()
    made.outside.asked.clear()
    made.outside.is_there = True
    member.joined()
    assert len(made.outside.asked) == 1


def test_of_very_many_ends_only_the_latest_are_kept() -> None:
    made = Made()
    made.account.restore("s", None)
    for number in range(1001):
        assert made.told(f"m{number}", Delivery.SENT) == ["DingbridgeDelivered"]
    assert made.told("m1", Delivery.SENT) == []
    assert made.told("m0", Delivery.SENT) == ["DingbridgeDelivered"]


@pytest.mark.parametrize(
    ("report", "words", "level"),
    [
        (DeliveryReport("m", Delivery.FAILED, dropped=True, title="t"), "dropped: “t”", "info"),
        (
            DeliveryReport(
                "m", Delivery.FAILED, "说", dropped=True, may_have_arrived=True, title="t"
            ),
            "dropped: “t”: it may have arrived before that",
            "info",
        ),
        (
            DeliveryReport("m", Delivery.FAILED, "dropped by you", title="t", place="张三"),
            "not delivered to 张三: “t”: dropped by you",
            "error",
        ),
        (DeliveryReport("m", Delivery.FAILED, "why"), "not delivered: why", "error"),
        (
            DeliveryReport("m", Delivery.FAILED, "why", title="t"),
            "not delivered: “t”: why",
            "error",
        ),
        (
            DeliveryReport("m", Delivery.FAILED, "why", place="张三"),
            "not delivered to 张三: why",
            "error",
        ),
        (DeliveryReport("m", Delivery.FAILED), "not delivered: no reason is known", "error"),
        (DeliveryReport("m", Delivery.FAILED, dropped=True), "dropped", "info"),
        (
            DeliveryReport("m", Delivery.FAILED, dropped=True, may_have_arrived=True),
            "dropped: it may have arrived before that",
            "info",
        ),
    ],
)
def test_a_message_that_was_dropped_is_known_by_a_value_and_not_by_its_words(
    report: DeliveryReport, words: str, level: updates.Level
) -> None:
    session = "s" if level == "error" else ""
    assert not_delivered(report, "s") == updates.ShowNotice(words, level, session)
