"""Several Neovims with one service: sessions, bindings and what is said show in each of them."""

from __future__ import annotations

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support import services
from tests.support.several_editors import Team, answer_to, fate, send, texts


def test_three_editors_share_one_service_and_one_link_and_each_has_its_own_session(
    three: Team, sandbox: Sandbox
) -> None:
    assert len(set(three.sessions.values())) == 3
    for name, editor in three.editors.items():
        status = editor.status()
        assert (status["connected"], status["session"]) == (True, three.sessions[name])
        assert status["owner"] == ""
    beta = three.editors["beta"]
    assert beta.until_said("is bound to DingTalk").endswith("connected")
    beta.chat("status")
    beta.until_said("link: connected")
    beta.until(lambda: services.running(three.data) == [three.service()], "one service")
    connections = sandbox.client.connections()
    assert (len(connections.open), connections.total) == (1, 1)


def test_the_link_stays_open_until_the_last_session_is_released(
    three: Team, sandbox: Sandbox
) -> None:
    for name in ("alpha", "gamma"):
        editor = three.editors[name]
        editor.chat("unbridge")
        editor.until(lambda editor=editor: editor.status()["session"] == "")  # type: ignore[misc]  # mypy cannot infer a lambda's default
    sandbox.client.say("to the last one")
    beta = three.editors["beta"]
    beta.until(lambda: texts(beta, three.sessions["beta"]) == ["to the last one"])
    assert len(sandbox.client.connections().open) == 1
    beta.chat("unbridge")
    sandbox.client.wait_connections(0)
    beta.until_lua("not require('dingbridge').status().connected")


def test_a_message_goes_to_the_session_bound_last_until_somebody_chooses(
    three: Team, sandbox: Sandbox
) -> None:
    gamma = three.editors["gamma"]
    sandbox.client.say("who listens?")
    gamma.until(lambda: texts(gamma, three.sessions["gamma"]) == ["who listens?"])
    assert gamma.heard("DingbridgeReceived")[0]["session"] == three.sessions["gamma"]
    assert gamma.status()["target"] == "张三"
    for name in ("alpha", "beta"):
        assert three.editors[name].transcript(three.sessions[name]) == []
        assert three.editors[name].heard("DingbridgeReceived") == []


def test_list_shows_all_editors_with_folder_and_busy_state_and_session_switches(
    three: Team, sandbox: Sandbox
) -> None:
    alpha, beta = three.editors["alpha"], three.editors["beta"]
    assert answer_to(sandbox, "/list").split("\n")[:3] == [
        "1. Session alpha · alpha",
        "2. Session beta · beta",
        "3. Session gamma · gamma ←",
    ]
    assert "1. Session alpha · alpha ←" in answer_to(sandbox, "/session 1")
    sandbox.client.say("to alpha")
    alpha.until(lambda: texts(alpha, three.sessions["alpha"]) == ["to alpha"])
    assert "2. Session beta · beta ←" in answer_to(sandbox, f"/session {three.sessions['beta']}")
    sandbox.client.say("to beta")
    beta.until(lambda: texts(beta, three.sessions["beta"]) == ["to beta"])
    assert texts(alpha, three.sessions["alpha"]) == ["to alpha"]
    wrong = answer_to(sandbox, "/session 9")
    assert "There is no such session" in wrong
    assert "2. Session beta · beta ←" in wrong

    # Another conversation chooses for itself.
    assert "3. Session gamma · gamma ←" in answer_to(
        sandbox, "/session 3", user="lisi", group="产品讨论群"
    )
    sandbox.client.say("to gamma", user="lisi", group="产品讨论群")
    sandbox.client.say("to beta again")
    gamma = three.editors["gamma"]
    gamma.until(lambda: texts(gamma, three.sessions["gamma"]) == ["to gamma"])
    beta.until(lambda: texts(beta, three.sessions["beta"]) == ["to beta", "to beta again"])


def test_a_working_responder_shows_as_busy_until_it_has_answered(
    team: Team, sandbox: Sandbox
) -> None:
    team.start("alpha")
    beta = team.enter("beta")
    beta.lua(
        """
        local options = ...
        options.responder = function(_, reply) _G.reply = reply end
        require('dingbridge').setup(options)
        """,
        team.options,
    )
    beta.chat("new Session beta")
    beta.chat("bridge dingtalk")
    # Connected it is already, for alpha.
    beta.until(lambda: beta.status()["session"])
    sandbox.client.say("question")
    beta.until_lua("_G.reply ~= nil")
    assert "2. Session beta · beta (忙 busy) ←" in answer_to(sandbox, "/list")
    beta.lua("_G.reply('answer')")
    sandbox.client.wait_arrived(lambda each: each.text == "answer")
    assert "2. Session beta · beta ←" in answer_to(sandbox, "/list")


def test_a_choice_made_on_the_phone_outlives_the_service(three: Team, sandbox: Sandbox) -> None:
    answer_to(sandbox, "/session 2")
    three.kill_service()
    beta = three.editors["beta"]
    sandbox.client.say("still to beta")
    beta.until(lambda: texts(beta, three.sessions["beta"]) == ["still to beta"])


@pytest.mark.parametrize("who", ["the service", "the service, in order", "another editor"])
def test_a_working_responder_still_shows_as_busy_after_a_kill_and_its_answer_goes_out_once(
    team: Team, sandbox: Sandbox, who: str
) -> None:
    team.start("alpha")
    beta = team.enter("beta")
    beta.lua(
        """
        local options = ...
        options.responder = function(_, reply) _G.reply = reply end
        require('dingbridge').setup(options)
        """,
        team.options,
    )
    beta.chat("new Session beta")
    beta.chat("bridge dingtalk")
    beta.until(lambda: beta.status()["session"])
    team.until_connected()
    sandbox.client.say("question")
    beta.until_lua("_G.reply ~= nil")
    if who == "the service":
        team.kill_service()
    elif who == "the service, in order":
        before = {name: len(one.heard("DingbridgeConnected")) for name, one in team.editors.items()}
        beta.chat("service restart")
        team.until_connected_again(before)
    else:
        team.leave("alpha", "both")
    assert "Session beta · beta (忙 busy)" in answer_to(sandbox, "/list")
    beta.lua("_G.reply('answer')")
    sandbox.client.wait_arrived(lambda each: each.text == "answer")
    assert "busy" not in answer_to(sandbox, "/list")
    assert [each.text for each in sandbox.client.arrived()].count("answer") == 1
    if who == "the service":
        # What it says later on belongs there, too.
        team.kill_service()
        beta.lua("_G.reply('one more word')")
        sandbox.client.wait_arrived(lambda each: each.text == "one more word")


def test_an_attached_editor_answers_and_shows_what_became_of_it(
    three: Team, sandbox: Sandbox
) -> None:
    gamma, session = three.editors["gamma"], three.sessions["gamma"]
    said = sandbox.client.say("question")
    gamma.until(lambda: texts(gamma, session) == ["question"])
    gamma.chat("open " + session)
    gamma.type_draft("answer")
    gamma.nvim.command("write")
    [arrived] = sandbox.client.wait_arrived(1)
    assert (arrived.text, arrived.reply_to) == ("answer", said.message_id)
    gamma.until(lambda: [row["delivery"] for row in gamma.transcript(session)] == ["", "sent"])
    name = gamma.transcript(session)[1]["id"]
    told = {
        "id": name,
        "session": session,
        "account": "default",
        "target": "dingtalk:default:user:zhangsan",
        "target_name": "张三 (1:1)",
    }
    assert gamma.heard("DingbridgeQueued") == [told]
    assert gamma.heard("DingbridgeDelivered") == [{**told, "reason": ""}]
    assert three.editors["alpha"].heard("DingbridgeDelivered") == []

    sandbox.client.fault(Fault.errcode("/robot/sendBySession", 430104, "improper content"))
    name = send(gamma, "refused")
    gamma.until(lambda: fate(gamma, name, session) == "failed")
    gamma.until_said("not delivered")
    assert not any("not delivered" in text for text in three.editors["alpha"].said())
    for editor in three.editors.values():
        editor.until(lambda editor=editor: editor.status()["failed"] == 1)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    three.editors["beta"].chat(f"retry {name}")
    gamma.until(lambda: fate(gamma, name, session) == "sent")


def test_a_session_can_be_bound_in_two_editors_which_both_show_what_comes(
    three: Team, sandbox: Sandbox
) -> None:
    alpha, beta = three.editors["alpha"], three.editors["beta"]
    session = three.sessions["alpha"]
    beta.chat(f"open {session}")
    beta.until(lambda: beta.lua("return require('dingbridge.state').current") == session)
    beta.chat("bridge dingtalk")
    beta.until(lambda: beta.status()["session"] == session)
    assert alpha.status()["session"] == session
    rows = answer_to(sandbox, "/list").split("\n")
    assert rows[0].startswith("1. Session alpha · alpha")
    assert "Session beta" not in "".join(rows)
    sandbox.client.say("/session 1")
    sandbox.client.say("to the session")
    for editor in (alpha, beta):
        editor.until(lambda editor=editor: texts(editor, session) == ["to the session"])  # type: ignore[misc]  # mypy cannot infer a lambda's default
        editor.until(lambda editor=editor: editor.heard("DingbridgeReceived"))  # type: ignore[misc]  # mypy cannot infer a lambda's default
    alpha.lua("require('dingbridge').send('from alpha')")
    beta.lua("require('dingbridge').send('from beta')")
    sandbox.client.wait_arrived(lambda each: each.text == "from alpha")
    sandbox.client.wait_arrived(lambda each: each.text == "from beta")
    for editor in (alpha, beta):
        editor.until(lambda editor=editor: len(texts(editor, session)) == 3)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    assert texts(alpha, session) == texts(beta, session)
    beta.chat("unbridge dingtalk")
    alpha.until_said(f"was released in Neovim process {beta.pid()}")
    alpha.until(lambda: alpha.status()["session"] == "")


def test_what_is_typed_in_a_session_that_another_editor_has_bound_goes_out(
    three: Team, sandbox: Sandbox
) -> None:
    alpha, beta = three.editors["alpha"], three.editors["beta"]
    session = three.sessions["alpha"]
    sandbox.client.say(f"/session {session}")
    sandbox.client.say("hello")
    alpha.until(lambda: texts(alpha, session) == ["hello"])
    beta.chat(f"open {session}")
    beta.until(lambda: texts(beta, session) == ["hello"])
    beta.chat("send from beta")
    sandbox.client.wait_arrived(lambda each: each.text == "from beta")
    alpha.until(lambda: texts(alpha, session) == ["hello", "from beta"])
    assert beta.status()["session"] == three.sessions["beta"]


def test_a_session_that_is_deleted_in_one_editor_is_gone_in_all(three: Team) -> None:
    alpha, beta = three.editors["alpha"], three.editors["beta"]
    session = three.sessions["alpha"]
    beta.chat(f"open {session}")
    beta.until(lambda: beta.lua("return require('dingbridge.state').current") == session)
    beta.chat("delete")
    alpha.until(lambda: alpha.status()["session"] == "")
    listed = (
        "return vim.tbl_map(function(row) return row.id end, require('dingbridge.state').sessions)"
    )
    alpha.until(lambda: session not in alpha.lua(listed))
    alpha.until_said("was deleted")


def test_every_editor_of_a_project_takes_up_its_latest_binding(
    team: Team, sandbox: Sandbox
) -> None:
    first = team.start("alpha")
    earlier = team.sessions["alpha"]
    second = team.start("alpha")
    second.chat("new Latest")
    second.chat("bridge dingtalk")
    second.until(lambda: second.status()["session"] not in ("", earlier))
    latest = second.status()["session"]
    assert first.status()["session"] == earlier
    first.close()
    second.close()
    for _ in range(2):
        editor = team.enter("alpha")
        editor.setup(team.options)
        editor.chat()
        editor.until(lambda editor=editor: editor.status()["session"] == latest)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    elsewhere = team.enter("beta")
    elsewhere.setup(team.options)
    elsewhere.chat("status")
    elsewhere.until_said("session: none")
