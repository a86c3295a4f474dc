"""`dingbridge setup` for a conversation, in a terminal, against the sandbox."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import Settings
from tests.support import processes
from tests.support.setup_home import APP, SetupHome, paste, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")

BEGIN = "/app/registration/begin"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Settings(other_apps=(APP,), scan_interval=1)) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, sandbox: Sandbox) -> SetupHome:
    return SetupHome(tmp_path / "home", sandbox)


# --- pasted credentials ---------------------------------------------------------------------------


def test_pasted_credentials_lead_to_an_answer(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        paste(user)
        user.sees("✓ id and secret are right")
        user.sees("✓ stored in ~/.local/share/nvim/dingbridge/dingpasted.env")
        user.sees("✓ the connection is open")
        write(user, sandbox)
        user.sees("✓ answered")
        user.sees("env_file = '~/.local/share/nvim/dingbridge/dingpasted.env',")
        user.sees("allow_from = { 'zhangsan' },")
        user.chooses("No, I put it into my configuration")
        user.sees("Done.")
        assert user.ends() == 0
    [hello] = sandbox.client.arrived()
    assert (hello.route, hello.user_ids) == ("single", ("zhangsan",))
    assert home.left_there() == ["dingpasted.env"]
    assert not home.snippet.exists()


def test_the_secret_is_in_its_file_and_nowhere_else(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        paste(user)
        user.sees("✓ the connection is open")
        pid = user.child.pid
        process = Path(f"/proc/{pid}")
        if process.is_dir():
            told = [process / "cmdline", process / "environ"]
            assert not any(APP.client_secret.encode() in each.read_bytes() for each in told)
        assert stat.S_IMODE((home.own / "setup.json").stat().st_mode) == 0o600
        write(user, sandbox)
        user.chooses("Yes: ")
        user.ends()
        assert APP.client_secret not in user.raw
    assert home.holding(APP.client_secret) == [".local/share/nvim/dingbridge/dingpasted.env"]
    path = home.own / "dingpasted.env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_wrong_credentials_are_asked_for_again_and_never_stored(
    home: SetupHome, sandbox: Sandbox
) -> None:
    with home.setup() as user:
        paste(user, secret="wrong-Secret_0123456789")
        user.sees("does not accept")
        user.chooses("Type Client ID")
        assert home.left_there() == ["setup.json"]
        user.answers("Client ID (AppKey) of the app: ", APP.client_id)
        user.answers("which is not shown: ", APP.client_secret)
        user.sees("✓ stored in")
        assert "wrong-Secret" not in user.raw
    assert home.holding("wrong-Secret") == []


def test_what_cannot_be_a_client_id_or_a_secret_is_asked_for_at_once(home: SetupHome) -> None:
    with home.setup() as user:
        user.chooses("A conversation")
        user.chooses("I have its Client ID")
        user.answers("of the app: ", "../../evil")
        user.sees("A Client ID has letters and digits")
        user.answers("of the app: ", "YOUR_APP_KEY")
        user.sees("app_key")
        user.answers("of the app: ", APP.client_id)
        user.answers("which is not shown: ", "two words")
        user.sees("That cannot be it")
        user.answers("which is not shown: ", "$HOME")
        user.sees("That cannot be it")
        user.sees("which is not shown: ")


def test_without_a_network_it_says_so_and_tries_again(home: SetupHome, sandbox: Sandbox) -> None:
    sandbox.stop()
    with home.setup() as user:
        paste(user)
        user.sees("no connection to DingTalk")
        user.chooses("Try again")
        user.sees("no connection to DingTalk")
        sandbox.start()
        user.chooses("Try again")
        user.sees("✓ id and secret are right")


def test_a_refused_connection_is_said_and_may_be_left_out(
    home: SetupHome, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.http("/v1.0/gateway/connections/open", 400, "x", times=None))
    with home.setup() as user:
        paste(user)
        user.sees("Stream Mode")
        user.chooses("Leave this out")
        user.sees("env_file = ")
        user.chooses("No, I")
        assert user.ends() == 0
        assert "allow_from" not in user.screen


def test_a_missing_permission_is_named_with_the_link_to_apply(
    home: SetupHome, sandbox: Sandbox
) -> None:
    scope = "qyapi_robot_sendmsg"
    with home.setup() as user:
        user.chooses("A conversation")
        user.chooses("Make it now")
        user.sees("/openapp/registration?user_code=")
        app = sandbox.client.confirm_scan((scope,))
        write(user, sandbox, app)
        user.sees(scope)
        user.sees(f"appscope/apply?content={app.client_id}%23{scope}")
        # The message is answered all the same.
        [hello] = sandbox.client.arrived()
        assert hello.route == "session"
        user.chooses("Leave this out")
        user.sees("allow_from = { 'zhangsan' },")


def test_somebody_else_who_writes_is_not_admitted(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        paste(user)
        user.sees("Write to the robot now")
        sandbox.client.say("spam \x1b[31m", user="lisi", app=APP.client_id)
        user.sees("李四 (lisi) wrote: spam")
        user.chooses("No, wait")
        write(user, sandbox)
        user.sees("allow_from = { 'zhangsan' },")
    assert {each.user_ids for each in sandbox.client.arrived()} == {("zhangsan",)}


def test_somebody_without_a_staff_id_is_answered_and_admitted(
    home: SetupHome, sandbox: Sandbox
) -> None:
    with home.setup() as user:
        paste(user)
        user.sees("Write to the robot now")
        sandbox.client.say("你好", user="陌生人", app=APP.client_id)
        user.sees("陌生人 ($:LWCP")
        user.chooses("Yes")
        user.sees("✓ answered")
        user.sees("allow_from = { '$:LWCP")


# --- one scan -------------------------------------------------------------------------------------


def test_a_scan_makes_the_app_and_leads_to_an_answer(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        user.chooses("A conversation")
        user.chooses("Make it now")
        user.sees("Scan this with DingTalk")
        user.sees("█▀▀▀▀▀█")
        user.sees("/openapp/registration?user_code=")
        app = sandbox.client.confirm_scan()
        user.sees(f"✓ the app {app.client_id} is made")
        user.sees("✓ stored in")
        user.sees("✓ id and secret are right")
        write(user, sandbox, app)
        user.sees("✓ answered")
        assert app.client_secret not in user.raw
    assert home.holding(app.client_secret) == [f".local/share/nvim/dingbridge/{app.client_id}.env"]


def test_on_a_narrow_terminal_the_address_is_shown_alone(home: SetupHome) -> None:
    with home.setup(columns=30) as user:
        user.chooses("A conversation")
        user.chooses("Make it now")
        user.sees("user_code=")
        assert "█▀▀▀▀▀█" not in user.screen


def test_a_declined_scan_says_why_and_may_be_repeated(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        user.chooses("A conversation")
        user.chooses("Make it now")
        user.sees("user_code=")
        sandbox.client.decline_scan("您没有权限")
        user.sees("The scan was declined: 您没有权限")
        user.chooses("Try again")
        user.sees("user_code=")
        sandbox.client.confirm_scan()
        user.sees("✓ id and secret are right")


def test_a_code_that_has_expired_gives_place_to_a_new_one(
    home: SetupHome, sandbox: Sandbox
) -> None:
    with home.setup() as user:
        user.chooses("A conversation")
        user.chooses("Make it now")
        user.sees("user_code=")
        sandbox.client.advance(7200)
        user.sees("The code has expired")
        user.chooses("Try again")
        user.sees("user_code=")


def test_when_the_scan_is_not_offered_credentials_are_pasted(
    home: SetupHome, sandbox: Sandbox
) -> None:
    sandbox.client.fault(Fault.errcode(BEGIN, 41030, "not offered", times=None))
    with home.setup() as user:
        user.chooses("A conversation")
        user.chooses("Make it now")
        user.sees("41030")
        user.chooses("Type Client ID")
        user.answers("Client ID (AppKey) of the app: ", APP.client_id)
        user.answers("which is not shown: ", APP.client_secret)
        user.sees("✓ id and secret are right")


def test_a_lost_network_during_the_scan_loses_nothing(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        user.chooses("A conversation")
        user.chooses("Make it now")
        user.sees("user_code=")
        sandbox.client.fault(Fault.http("/app/registration/poll", 502, "x"))
        user.sees("No answer from DingTalk yet")
        sandbox.client.fault(Fault.ip_ban("/app/registration/poll"))
        user.sees("No answer from DingTalk yet")
        sandbox.client.confirm_scan()
        user.sees("✓ id and secret are right")


# --- the end --------------------------------------------------------------------------------------


def test_a_file_is_written_only_where_none_is(home: SetupHome, sandbox: Sandbox) -> None:
    home.snippet.parent.mkdir(parents=True)
    home.snippet.write_text("-- mine\n")
    with home.setup() as user:
        paste(user)
        write(user, sandbox)
        user.chooses("Yes: ")
        user.sees("✓ written to")
        assert user.ends() == 0
    assert home.snippet.read_text() == "-- mine\n"
    assert "env_file = '~/" in home.snippet.with_name("dingtalk-2.lua").read_text()


def test_variables_that_would_count_before_are_named(home: SetupHome, sandbox: Sandbox) -> None:
    home.environ["DINGTALK_CLIENT_ID"] = "dingofthevariable"
    with home.setup() as user:
        paste(user)
        write(user, sandbox)
        user.chooses("No, I")
        user.sees("DINGTALK_CLIENT_ID")
        assert user.ends() == 0


def test_without_a_terminal_it_says_what_it_needs(home: SetupHome) -> None:
    argv = [sys.executable, "-m", "dingbridge.cli", "setup"]
    done = processes.run(argv, env=home.environ, cwd=home.folder.parent, text=True)
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert os.listdir(home.folder) == []
