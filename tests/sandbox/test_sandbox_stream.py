"""Stream Mode of the sandbox, seen by a plain WebSocket client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import websocket

from dingbridge.sandbox import TEAM, App, Fault, Said, Sandbox, Settings
from tests.support.sandbox_calls import request

TOPIC = "/v1.0/im/bot/messages/get"
CARDS = "/v1.0/card/instances/callback"
OTHER = App("dingother", "other-secret", robot_name="other")
OPEN = "/v1.0/gateway/connections/open"
DIALLED: list[Any] = []


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Settings(disconnect_grace=30)) as running:
        yield running
        while DIALLED:
            DIALLED.pop().close()


def register(
    sandbox: Sandbox, accept: str | None = "application/json", **fields: Any
) -> requests.Response:
    body = {
        "clientId": sandbox.client_id,
        "clientSecret": sandbox.client_secret,
        "subscriptions": [{"type": "CALLBACK", "topic": TOPIC}],
        "ua": "test/0.1",
        **fields,
    }
    with requests.Session() as http:
        http.trust_env = False
        return http.post(sandbox.url + OPEN, json=body, headers={"Accept": accept}, timeout=5)


def connect(sandbox: Sandbox) -> websocket.WebSocket:
    answer = register(sandbox).json()
    return dial(answer["endpoint"], answer["ticket"])


def dial(endpoint: str, ticket: str) -> websocket.WebSocket:
    socket = websocket.create_connection(
        f"{endpoint}?ticket={ticket}", timeout=5, http_no_proxy=["127.0.0.1"]
    )
    # The library forgets the TCP socket of a connection that ended badly, without closing it.
    DIALLED.append(socket.sock)
    return socket


def read(socket: websocket.WebSocket) -> tuple[dict[str, Any], dict[str, Any]]:
    frame = json.loads(socket.recv())
    return frame, json.loads(frame["data"])


class TestRegistration:
    def refused(self, sandbox: Sandbox, status: int, code: str, **fields: Any) -> None:
        answer = register(sandbox, **fields)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["requestid"]

    @pytest.mark.parametrize("name", ["clientId", "clientSecret"])
    @pytest.mark.parametrize("value", [" ", "", None, 1])
    def test_a_connection_is_opened_with_id_and_secret(
        self, sandbox: Sandbox, name: str, value: Any
    ) -> None:
        self.refused(sandbox, 400, "invalidParameter", **{name: value})

    def test_a_connection_is_not_opened_with_a_wrong_secret(self, sandbox: Sandbox) -> None:
        self.refused(sandbox, 401, "authFailed", clientSecret="wrong")
        self.refused(sandbox, 401, "authFailed", clientId="other")

    @pytest.mark.parametrize(
        "wanted", [[], None, [{"type": "CALLBACK"}], [{"type": "OTHER", "topic": TOPIC}], ["x"]]
    )
    def test_a_connection_is_opened_for_something(self, sandbox: Sandbox, wanted: Any) -> None:
        self.refused(sandbox, 400, "invalidParameter", subscriptions=wanted)

    def test_events_are_subscribed_to_all_at_once(self, sandbox: Sandbox) -> None:
        events = {"type": "EVENT", "topic": "user_add_org"}
        self.refused(sandbox, 400, "invalidParameter", subscriptions=[events])
        good = [{**events, "topic": "*"}, {"type": "CALLBACK", "topic": TOPIC}]
        assert register(sandbox, subscriptions=good).status_code == 200

    def test_callbacks_are_subscribed_to_by_a_topic_that_exists(self, sandbox: Sandbox) -> None:
        for topic in ("*", "/v1.0/im/bot/messages", "", "bot_got_msg"):
            wanted = [{"type": "CALLBACK", "topic": topic}]
            self.refused(sandbox, 400, "invalidParameter", subscriptions=wanted)
        for topic in (TOPIC, CARDS, "/v1.0/graph/api/invoke"):
            wanted = [{"type": "CALLBACK", "topic": topic}]
            assert register(sandbox, subscriptions=wanted).status_code == 200

    def test_a_user_agent_is_a_name_and_a_version(self, sandbox: Sandbox) -> None:
        for ua in ("no version", "name", "a/b/c", 1):
            self.refused(sandbox, 400, "invalidParameter", ua=ua)
        for ua in ("", "dingtalk-sdk-python/v0.24.3-union"):
            assert register(sandbox, ua=ua).status_code == 200

    def test_without_an_accept_header_for_json_the_answer_is_xml(self, sandbox: Sandbox) -> None:
        for accept in (None, "application/xml"):
            answer = register(sandbox, accept=accept)
            assert answer.headers["Content-Type"].startswith("application/xml")
            assert "<ticket>" in answer.text

    def test_a_ticket_opens_one_connection(self, sandbox: Sandbox) -> None:
        answer = register(sandbox).json()
        socket = dial(answer["endpoint"], answer["ticket"])
        for ticket in (answer["ticket"], "made-up"):
            with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
                dial(answer["endpoint"], ticket)
        socket.close()

    def test_a_ticket_is_good_for_90_seconds(self, sandbox: Sandbox) -> None:
        late, answer = register(sandbox).json(), register(sandbox).json()
        sandbox.client.advance(80)
        dial(answer["endpoint"], answer["ticket"]).close()
        sandbox.client.advance(11)
        with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
            dial(late["endpoint"], late["ticket"])

    def test_a_plain_request_for_the_socket_is_refused(self, sandbox: Sandbox) -> None:
        with requests.Session() as http:
            http.trust_env = False
            assert http.get(f"{sandbox.url}/connect", timeout=5).status_code == 400

    def test_every_attempt_is_recorded_also_the_failed_ones(self, sandbox: Sandbox) -> None:
        sandbox.client.fault(Fault.html(OPEN, 503))
        register(sandbox)
        register(sandbox, clientSecret="wrong")
        register(sandbox)
        attempts = sandbox.client.connections().attempts
        assert [attempt.status for attempt in attempts] == [503, 401, 200]


class TestPushing:
    def test_a_message_that_nobody_is_connected_for_is_lost(self, sandbox: Sandbox) -> None:
        assert sandbox.client.say("hi").lost
        socket = connect(sandbox)
        said = sandbox.client.say("again")
        assert not said.lost
        assert read(socket)[1]["msgId"] == said.message_id
        assert [each.lost for each in sandbox.client.said()] == [True, False]

    def test_a_connection_without_the_topic_gets_no_robot_messages(self, sandbox: Sandbox) -> None:
        other = [{"type": "CALLBACK", "topic": "/v1.0/card/instances/callback"}]
        answer = register(sandbox, subscriptions=other).json()
        socket = dial(answer["endpoint"], answer["ticket"])
        assert sandbox.client.say("hi").lost
        socket.close()

    def test_a_group_message_comes_as_the_platform_sends_it(self, sandbox: Sandbox) -> None:
        socket = connect(sandbox)
        said = sandbox.client.say("@dingbridge 你好", group=TEAM)
        frame, data = read(socket)
        assert (frame["specVersion"], frame["type"]) == ("1.0", "CALLBACK")
        headers = frame["headers"]
        assert (headers["topic"], headers["messageId"]) == (TOPIC, said.header_id)
        assert headers["contentType"] == "application/json"
        assert headers["time"].isdigit()
        assert data["text"]["content"] == " 你好"
        assert data["sessionWebhook"] == said.session_webhook
        assert data["senderStaffId"] == "zhangsan"
        lifetime = data["sessionWebhookExpiredTime"] - data["createAt"]
        assert lifetime == pytest.approx(5_400_000, abs=3000)

    def test_a_robot_gets_a_message_from_a_group_only_if_it_is_mentioned(
        self, sandbox: Sandbox
    ) -> None:
        socket, client = connect(sandbox), sandbox.client
        unheard = client.say("hi", group=TEAM, mention=False, as_in_dingtalk=True)
        assert (unheard.lost, unheard.connection_id) == (True, "")
        said = [
            client.say("hi", group=TEAM, as_in_dingtalk=True),
            client.say("hi", mention=False, as_in_dingtalk=True),
            client.say("hi", group=TEAM, mention=False),
        ]
        assert [read(socket)[1]["msgId"] for _ in said] == [each.message_id for each in said]

    def test_people_outside_the_organisation_have_no_staff_id(self, sandbox: Sandbox) -> None:
        socket = connect(sandbox)
        sandbox.client.say("hi", user="陌生人")
        data = read(socket)[1]
        assert "senderStaffId" not in data
        assert data["senderId"] == "$:LWCP_v1:$stranger"

    def test_a_mention_of_the_robot_is_taken_out_and_leaves_its_space(
        self, sandbox: Sandbox
    ) -> None:
        socket = connect(sandbox)
        sandbox.client.say("@dingbridge 明天 @张三", group=TEAM)
        assert read(socket)[1]["text"]["content"] == " 明天 @张三"
        sandbox.client.say("@dingbridge hi")
        assert read(socket)[1]["text"]["content"] == "@dingbridge hi"

    @pytest.mark.parametrize("kind", ["file", "voice", "video"])
    def test_voice_video_and_files_are_not_delivered_in_groups(
        self, sandbox: Sandbox, kind: str
    ) -> None:
        client = sandbox.client
        socket = connect(sandbox)

        def say(group: str | None) -> Said:
            if kind == "file":
                return client.say_file("a.pdf", b"x", group=group)
            if kind == "voice":
                return client.say_voice(b"x", group=group)
            return client.say_video(b"x", group=group)

        said = say(TEAM)
        assert (said.lost, said.connection_id) == (True, "")
        assert "not delivered in groups" in said.why
        picture = client.say_picture(group=TEAM)
        alone = say(None)
        assert (picture.lost, alone.lost) == (False, False)
        assert [read(socket)[1]["msgId"] for _ in range(2)] == [
            picture.message_id,
            alone.message_id,
        ]

    def test_an_organisation_gets_3000_pushes_a_month_and_then_messages_without_their_words(
        self, sandbox: Sandbox
    ) -> None:
        assert Settings().pushes_per_month == 3000
        sandbox.client.configure(pushes_per_month=1)
        socket = connect(sandbox)
        sandbox.client.say("hi")
        assert read(socket)[1]["text"] == {"content": "hi"}
        for said in (sandbox.client.say("hi"), sandbox.client.say_picture()):
            data = read(socket)[1]
            assert (data["msgId"], data["errorCode"]) == (said.message_id, 20001)
            assert data["errorMessage"]
            assert not {"text", "content"} & data.keys()
        sandbox.client.advance(31 * 24 * 3600)
        sandbox.client.say("again")
        assert read(socket)[1]["text"] == {"content": "again"}

    def test_a_picture_comes_with_its_content_and_without_text(self, sandbox: Sandbox) -> None:
        socket = connect(sandbox)
        sandbox.client.say(msgtype="picture", content={"downloadCode": "abc"})
        data = read(socket)[1]
        assert (data["msgtype"], data["content"]) == ("picture", {"downloadCode": "abc"})
        assert "text" not in data

    def test_a_redelivery_has_the_same_message_under_a_new_header(self, sandbox: Sandbox) -> None:
        socket = connect(sandbox)
        sandbox.client.say("one", message_id="msg1")
        sandbox.client.say("two")
        sandbox.client.say(message_id="msg1", repeat=True)
        (first, data), _, (again, same) = read(socket), read(socket), read(socket)
        assert data == same
        assert first["headers"]["messageId"] != again["headers"]["messageId"]

    def test_each_push_goes_to_one_connection_of_the_app_at_random(self, sandbox: Sandbox) -> None:
        sockets = connect(sandbox), connect(sandbox)
        sandbox.client.wait_connections(2)
        said = [sandbox.client.say(str(number)) for number in range(20)]
        takers = [each.connection_id for each in said]
        assert set(takers) == {"connection-1", "connection-2"}
        for number, socket in enumerate(sockets, 1):
            for each in said:
                if each.connection_id == f"connection-{number}":
                    assert read(socket)[1]["msgId"] == each.message_id

    def test_raw_text_and_bytes_come_through_as_they_are(self, sandbox: Sandbox) -> None:
        socket = connect(sandbox)
        whole = "x" * 1_000_000
        for raw in ('{"type": "CALL', whole, b"\x00\xff"):
            assert sandbox.client.raw_frame(raw) == 1
            assert socket.recv() == raw

    def test_wire_bytes_break_the_websocket(self, sandbox: Sandbox) -> None:
        socket = connect(sandbox)
        # A frame with a reserved bit that no extension has claimed.
        sandbox.client.raw_frame(b"\xf1\x00", wire=True)
        with pytest.raises(websocket.WebSocketProtocolException):
            socket.recv()


class TestTwoApps:
    @pytest.fixture
    def sockets(self, sandbox: Sandbox) -> tuple[websocket.WebSocket, websocket.WebSocket]:
        """One connection of each app."""
        sandbox.client.add_app(OTHER)
        answer = register(sandbox, clientId="dingother", clientSecret="other-secret").json()
        return connect(sandbox), dial(answer["endpoint"], answer["ticket"])

    def test_an_app_gets_the_messages_to_its_own_robot_and_knows_people_by_ids_of_its_own(
        self, sandbox: Sandbox, sockets: tuple[websocket.WebSocket, websocket.WebSocket]
    ) -> None:
        one, other = sockets
        sandbox.client.say("to the first")
        said = sandbox.client.say("to the other", app="dingother")
        first, second = read(one)[1], read(other)[1]
        assert first["text"]["content"] == "to the first"
        assert second["text"]["content"] == "to the other"
        assert (first["robotCode"], second["robotCode"]) == (sandbox.client_id, "dingother")
        for name in ("senderId", "conversationId", "chatbotUserId", "sessionWebhook"):
            assert first[name] != second[name], name
        assert first["senderStaffId"] == second["senderStaffId"]
        assert said.conversation_id == second["conversationId"]
        request("POST", said.session_webhook, json={"msgtype": "text", "text": {"content": "x"}})
        assert sandbox.client.arrived("session")[0].robot == "dingother"
        with pytest.raises(ValueError, match="no app 'dingnobody'"):
            sandbox.client.say("x", app="dingnobody")

    def test_a_message_to_two_robots_reaches_both_under_the_same_msgid(
        self, sandbox: Sandbox, sockets: tuple[websocket.WebSocket, websocket.WebSocket]
    ) -> None:
        for app in ("", "dingother"):
            sandbox.client.say("@both hi", group=TEAM, message_id="msg1", app=app)
        frames = [read(socket) for socket in sockets]
        assert {data["msgId"] for _, data in frames} == {"msg1"}
        assert {data["conversationId"] for _, data in frames} == {TEAM}
        assert len({frame["headers"]["messageId"] for frame, _ in frames}) == 2


class TestAcknowledgements:
    def test_what_is_no_acknowledgement_is_recorded_as_such(self, sandbox: Sandbox) -> None:
        socket = connect(sandbox)
        socket.send("not json")
        [ack] = sandbox.client.wait_acks(1)
        assert (ack.code, ack.raw) == (0, "not json")

    def test_a_ping_is_answered_with_its_own_data(self, sandbox: Sandbox) -> None:
        socket = connect(sandbox)
        [name] = sandbox.client.send_ping()
        frame, data = read(socket)
        assert (frame["type"], frame["headers"]["topic"]) == ("SYSTEM", "ping")
        reply = {"code": 200, "headers": frame["headers"], "message": "OK", "data": frame["data"]}
        socket.send(json.dumps(reply))
        ack = sandbox.client.wait_ack(name)
        assert (ack.code, ack.data) == (200, data)

    def test_a_connection_is_pinged_now_and_then(self, sandbox: Sandbox) -> None:
        sandbox.client.configure(ping_interval=20)
        socket = connect(sandbox)
        sandbox.client.wait_connections(1)
        for _ in range(2):
            sandbox.client.advance(20)
            assert read(socket)[0]["headers"]["topic"] == "ping"


class TestTaps:
    def test_a_tap_on_a_link_of_dingtalk_sends_its_text_as_the_person_who_taps(
        self, sandbox: Sandbox
    ) -> None:
        socket = connect(sandbox)
        text = "[run](dtmd://dingtalkclient/sendMessage?content=%2Fstatus) [docs](https://a.cn)"
        body = {"msgtype": "markdown", "markdown": {"title": "t", "text": text}}
        said = sandbox.client.say("hi")
        read(socket)
        request("POST", said.session_webhook, json=body)
        [message] = sandbox.client.arrived()
        assert sandbox.client.tap(message, "docs", user="lisi") is None
        assert sandbox.client.tap(message, "run", user="lisi") is not None
        data = read(socket)[1]
        assert (data["text"]["content"], data["senderStaffId"]) == ("/status", "lisi")


class TestEndings:
    def test_a_websocket_ping_is_answered(self, sandbox: Sandbox) -> None:
        socket = connect(sandbox)
        socket.ping("are you there")
        opcode, data = socket.recv_data(control_frame=True)
        assert (opcode, data) == (websocket.ABNF.OPCODE_PONG, b"are you there")

    def test_a_half_open_connection_swallows_everything(self, sandbox: Sandbox) -> None:
        socket = connect(sandbox)
        assert sandbox.client.half_open() == ["connection-1"]
        said = sandbox.client.say("hi")
        assert (said.lost, said.connection_id) == (True, "connection-1")
        socket.ping()
        socket.send('{"code": 200, "headers": {"messageId": "x"}}')
        socket.settimeout(0.2)
        with pytest.raises(websocket.WebSocketTimeoutException):
            socket.recv_data(control_frame=True)
        assert sandbox.client.acks() == []
        socket.close(timeout=0)
        sandbox.client.wait_connections(0, total=1)

    def test_dingtalk_asks_a_connection_to_leave_when_it_has_lived_long_enough(
        self, sandbox: Sandbox
    ) -> None:
        assert Settings().connection_lifetime is None
        sandbox.client.configure(connection_lifetime=3600)
        socket = connect(sandbox)
        sandbox.client.wait_connections(1)
        sandbox.client.advance(3500)
        assert [each.state for each in sandbox.client.connections().open] == ["open"]
        sandbox.client.advance(101)
        frame, data = read(socket)
        assert frame["headers"]["topic"] == "disconnect"
        assert data == {"reason": "connection is expired"}

    def test_a_connection_can_be_cut_right_after_its_handshake(self, sandbox: Sandbox) -> None:
        sandbox.client.fault(Fault.cut(times=2))
        for _ in range(2):
            socket = connect(sandbox)
            with pytest.raises((websocket.WebSocketConnectionClosedException, ConnectionError)):
                socket.recv()
        sandbox.client.wait_connections(0, total=2)
        connect(sandbox)
        sandbox.client.wait_connections(1, total=3)

    def test_a_connection_that_was_told_to_leave_gets_nothing_more_and_is_closed_ten_seconds_later(
        self, sandbox: Sandbox
    ) -> None:
        assert Settings().disconnect_grace == 10
        socket = connect(sandbox)
        sandbox.client.disconnect(reason="persistent connection is timeout")
        frame, data = read(socket)
        assert frame["headers"]["topic"] == "disconnect"
        assert data == {"reason": "persistent connection is timeout"}
        assert sandbox.client.say("hi").lost
        assert [each.state for each in sandbox.client.connections().open] == ["leaving"]
        sandbox.client.advance(30)
        with pytest.raises(websocket.WebSocketConnectionClosedException):
            socket.recv()
        sandbox.client.wait_connections(0, total=1)

    def test_a_client_that_reconnects_first_misses_nothing(self, sandbox: Sandbox) -> None:
        old = connect(sandbox)
        sandbox.client.disconnect("connection-1")
        new = connect(sandbox)
        old.close()
        sandbox.client.wait_connections(1, total=2)
        said = sandbox.client.say("hi")
        assert read(new)[1]["msgId"] == said.message_id

    def test_an_aborted_connection_ends_without_a_close_frame(self, sandbox: Sandbox) -> None:
        socket = connect(sandbox)
        sandbox.client.abort()
        with pytest.raises((websocket.WebSocketConnectionClosedException, ConnectionError)):
            socket.recv()
        [connection] = sandbox.client.wait_connections(0, total=1).all
        assert connection.closed >= connection.opened

    def test_a_closing_client_is_noticed(self, sandbox: Sandbox) -> None:
        socket = connect(sandbox)
        sandbox.client.wait_connections(1)
        socket.close()
        sandbox.client.wait_connections(0, total=1)

    def test_stopping_the_sandbox_ends_live_and_half_open_connections(
        self, sandbox: Sandbox
    ) -> None:
        live, ghost = connect(sandbox), connect(sandbox)
        sandbox.client.half_open("connection-2")
        ghost.send_close()
        sandbox.stop()
        assert live.recv() in ("", b"")
        with pytest.raises((websocket.WebSocketConnectionClosedException, ConnectionError)):
            ghost.recv()
