"""The checks by hand that the manual shows: they print what the manual shows."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from dingbridge.core.dingtalk.limits import TOKEN_MARGIN
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import CustomRobot, Settings
from tests.support.documents import TEXTS
from tests.support.processes import run

PAGE = TEXTS["doc/troubleshooting.md"]
SECTION = PAGE.partition("## Check by hand\n")[2].partition("\n## ")[0]
SIGNING = "SECsandbox0123456789abcdef"

pytestmark = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("sh")), reason="needs curl and a shell"
)


def commands() -> list[str]:
    """The blocks to run, in order: sign, webhook, notify, token, app, platform."""
    return re.findall(r"```sh\n(.*?)\n```", SECTION, re.DOTALL)


def answers() -> list[str]:
    """What they are said to print; the first prints nothing."""
    return ["", *re.findall(r"```\n(\S.*?)\n```", SECTION.replace("```sh", "~~~"), re.DOTALL)]


SIGN, WEBHOOK, NOTIFY, TOKEN, APP, PLATFORM = range(6)


def by_hand(script: str, sandbox: Sandbox, folder: Path, **environ: str) -> str:
    """What the script prints with the sandbox instead of DingTalk."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().endswith("_PROXY")}
    there = re.sub(r"https://(?:\$host|api)\.dingtalk\.com", sandbox.url, script)
    done = run(
        ["sh", "-c", there],
        env={
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DINGTALK_OAPI_ENDPOINT": sandbox.url,
            **environ,
        },
        cwd=folder,
        encoding="utf-8",
        seconds=50,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return str(done.stdout).strip()


def fits(printed: str, promised: str) -> bool:
    """Whether it is what the manual shows; an ellipsis stands for anything but a quote, and the
    addresses of the sandbox for those of DingTalk."""
    wanted = re.escape(promised).replace("wss://…", "ws://…").replace("…", '[^"]+')
    return re.fullmatch(wanted, without_blanks(printed)) is not None


def without_blanks(json: str) -> str:
    """As DingTalk writes it: the sandbox puts blanks between."""
    return json.replace(", ", ",").replace(": ", ":")


def test_each_check_has_an_answer() -> None:
    assert len(commands()) == len(answers()) == 6


def test_the_webhook_takes_a_message_without_a_signature(sandbox: Sandbox, tmp_path: Path) -> None:
    printed = by_hand(commands()[WEBHOOK], sandbox, tmp_path, DINGTALK_WEBHOOK=sandbox.webhook_url)
    assert fits(printed, answers()[WEBHOOK])
    assert [each.text for each in sandbox.client.arrived()] == ["by hand"]


def test_the_webhook_takes_a_message_with_a_signature(tmp_path: Path) -> None:
    # Nothing of the folder that it is tried in is imported.
    (tmp_path / "hmac.py").write_text("raise SystemExit('imported')")
    with Sandbox(Settings(robots=(CustomRobot("robot-token", secret=SIGNING),))) as sandbox:
        environ = {"DINGTALK_WEBHOOK": sandbox.webhook_url, "DINGTALK_SECRET": SIGNING}
        unsigned = by_hand(commands()[WEBHOOK], sandbox, tmp_path, **environ)
        assert '"errcode":310000' in without_blanks(unsigned)
        signed = "\n".join(commands()[SIGN : WEBHOOK + 1])
        assert fits(by_hand(signed, sandbox, tmp_path, **environ), answers()[WEBHOOK])
        notified = by_hand(commands()[NOTIFY], sandbox, tmp_path, **environ)
        assert notified == answers()[NOTIFY]
        assert [each.text for each in sandbox.client.arrived()] == ["by hand"] * 2


@pytest.mark.parametrize("number", [TOKEN, APP])
def test_the_app_answers_as_it_is_promised(sandbox: Sandbox, tmp_path: Path, number: int) -> None:
    environ = {
        "DINGTALK_CLIENT_ID": sandbox.client_id,
        "DINGTALK_CLIENT_SECRET": sandbox.client_secret,
    }
    script = commands()[number]
    assert fits(by_hand(script, sandbox, tmp_path, **environ), answers()[number])
    refused = by_hand(script, sandbox, tmp_path, **{**environ, "DINGTALK_CLIENT_SECRET": "wrong"})
    [code] = re.findall(r'"code":"(\w+)"', without_blanks(refused))
    assert f"`{code}`" in SECTION


def test_the_platform_answers_with_a_number_for_each_host(sandbox: Sandbox, tmp_path: Path) -> None:
    printed = by_hand(commands()[PLATFORM], sandbox, tmp_path).splitlines()
    assert [line.split()[0] for line in printed] == [
        line.split()[0] for line in answers()[PLATFORM].splitlines()
    ]
    assert all(200 <= int(line.split()[1]) < 500 for line in printed)


def test_a_token_is_replaced_when_it_is_said_to_be() -> None:
    [seconds] = re.findall(r'"expireIn":(\d+)', SECTION)
    assert f"another one is fetched in {int(seconds) - TOKEN_MARGIN:.0f} s" in SECTION
    assert f"{TOKEN_MARGIN / 60:.0f}" == "5"
