"""`dingbridge setup` is left at each of its steps, and taken up again."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import Settings
from tests.support.setup_home import APP, SetupHome, paste, write
from tests.support.typist import Typist

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")

SECRET_ASKED = "which is not shown: "


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Settings(other_apps=(APP,), scan_interval=1)) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, sandbox: Sandbox) -> SetupHome:
    return SetupHome(tmp_path / "home", sandbox)


def leave(user: Typist, words: str) -> None:
    """Interrupts the setup at these words."""
    user.sees(words)
    assert user.interrupts() == 130
    assert "Traceback" not in user.screen


def go_on(user: Typist) -> None:
    user.sees("Go on where you were?")
    user.chooses("Go on")


NUMBER, ID = "number: ", "Client ID (AppKey) of the app: "
WEBHOOK = "https://oapi.dingtalk.com/robot/send?access_token=0123456789"


@pytest.mark.parametrize(
    ("answers", "left_at", "goes_on_at"),
    [
        ([(NUMBER, "1")], "A conversation needs an app", "A conversation needs an app"),
        ([(NUMBER, "1"), (NUMBER, "1")], ID, ID),
        ([(NUMBER, "1"), (NUMBER, "1"), (ID, APP.client_id)], SECRET_ASKED, SECRET_ASKED),
        ([(NUMBER, "2")], SECRET_ASKED, SECRET_ASKED),
        ([(NUMBER, "2"), (SECRET_ASKED, WEBHOOK)], "Which security setting", SECRET_ASKED),
        (
            [(NUMBER, "2"), (SECRET_ASKED, WEBHOOK), (NUMBER, "1")],
            "begins with SEC",
            SECRET_ASKED,
        ),
    ],
)
def test_a_question_is_asked_again(
    home: SetupHome, answers: list[tuple[str, str]], left_at: str, goes_on_at: str
) -> None:
    with home.setup() as user:
        for question, answer in answers:
            user.answers(question, answer)
        leave(user, left_at)
    assert stat.S_IMODE((home.own / "setup.json").stat().st_mode) == 0o600
    assert home.holding("0123456789") == []
    with home.setup() as user:
        go_on(user)
        user.sees(goes_on_at)


def test_q_leaves_as_well(home: SetupHome) -> None:
    with home.setup() as user:
        user.chooses("A conversation")
        user.answers("number: ", "q")
        assert user.ends() == 130
        user.sees("dingbridge setup goes on here")


def test_nothing_is_left_before_the_first_answer(home: SetupHome) -> None:
    with home.setup() as user:
        leave(user, "What do you want?")
    with home.setup() as user:
        user.sees("What do you want?")


def test_a_scan_goes_on_with_the_same_code(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        user.chooses("A conversation")
        user.chooses("Make it now")
        user.sees("/openapp/registration?user_code=")
        leave(user, "\n")
        code = user.screen.partition("user_code=")[2].split()[0]
    assert stat.S_IMODE((home.own / "setup.json").stat().st_mode) == 0o600
    app = sandbox.client.confirm_scan()
    with home.setup() as user:
        go_on(user)
        user.sees(f"user_code={code}")
        user.sees("✓ id and secret are right")
        write(user, sandbox, app)
        user.sees("✓ answered")


def test_a_code_that_has_expired_meanwhile_is_replaced(home: SetupHome, sandbox: Sandbox) -> None:
    with home.setup() as user:
        user.chooses("A conversation")
        user.chooses("Make it now")
        leave(user, "user_code=")
    path = home.own / "setup.json"
    before = path.read_text()
    until = before.partition('"until":')[2].split(",")[0]
    path.write_text(before.replace(until, "1700000000.0"))
    with home.setup() as user:
        go_on(user)
        user.sees("user_code=")
        sandbox.client.confirm_scan()
        user.sees("✓ id and secret are right")


def test_a_secret_that_was_checked_is_not_asked_for_again(
    home: SetupHome, sandbox: Sandbox
) -> None:
    with home.setup() as user:
        paste(user)
        leave(user, "Write to the robot now")
    assert home.left_there() == ["dingpasted.env", "setup.json"]
    with home.setup() as user:
        go_on(user)
        write(user, sandbox)
        leave(user, "Shall this be written")
    with home.setup() as user:
        go_on(user)
        user.sees("allow_from = { 'zhangsan' },")
        user.chooses("No, I")
        assert user.ends() == 0
    assert home.left_there() == ["dingpasted.env"]


def test_who_leaves_when_asked_who_wrote_is_written_to_again(
    home: SetupHome, sandbox: Sandbox
) -> None:
    with home.setup() as user:
        paste(user)
        user.sees("Write to the robot now")
        sandbox.client.say("早上好", user="zhangsan", app=APP.client_id)
        leave(user, "Is it you?")
    assert home.holding("早上好") == []
    with home.setup() as user:
        go_on(user)
        write(user, sandbox)
        user.sees("✓ answered")


def test_a_problem_is_left_and_tried_again(home: SetupHome, sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.http("/v1.0/gateway/connections/open", 400, "x", times=1))
    with home.setup() as user:
        paste(user)
        user.sees("Stream Mode")
        user.chooses("Leave; the next setup")
        assert user.ends() == 130
    with home.setup() as user:
        go_on(user)
        user.sees("✓ the connection is open")


def test_a_setup_may_begin_again_instead(home: SetupHome) -> None:
    with home.setup() as user:
        paste(user)
        leave(user, "Write to the robot now")
    with home.setup() as user:
        user.chooses("Begin again")
        user.sees("What do you want?")


def test_without_its_file_a_setup_begins_again(home: SetupHome) -> None:
    with home.setup() as user:
        paste(user)
        leave(user, "Write to the robot now")
    (home.own / "dingpasted.env").unlink()
    with home.setup() as user:
        go_on(user)
        user.sees("is not there any more")
        user.sees("What do you want?")


def test_a_file_of_progress_that_cannot_be_read_is_no_obstacle(home: SetupHome) -> None:
    home.own.mkdir(parents=True)
    (home.own / "setup.json").write_text("{")
    with home.setup() as user:
        user.sees("What do you want?")
