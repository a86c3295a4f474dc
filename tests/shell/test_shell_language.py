"""The shell command speaks the language of the locale."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from dingbridge.sandbox.server import Sandbox
from tests.shell.test_cli import environment
from tests.support import processes

pytestmark = pytest.mark.environment

CHINESE = re.compile(r"[\u3400-\u9fff]")
COMMAND = "import sys; from dingbridge.launch import command; sys.exit(command())"


def run(*words: str, locale: str, **environ: str) -> tuple[int, str, str]:
    """Run the command in a locale to its end: exit code, output and errors."""
    given = {"LANG": locale, "LC_MESSAGES": "", "LC_ALL": "", **environ}
    done = processes.run([sys.executable, "-c", COMMAND, *words], env=environment(given))
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("command", [(), ("notify",), ("status",), ("sandbox",), ("demo",)])
def test_the_help_is_in_the_language_of_the_locale(command: tuple[str, ...]) -> None:
    code, chinese, _ = run(*command, "--help", locale="zh_CN.UTF-8")
    assert code == 0
    assert chinese.startswith("用法：dingbridge")
    lines = [line for line in chinese.splitlines() if not line.startswith(("用法：", "     "))]
    english = [line for line in lines if re.search(r"[a-z]{3,} [a-z]{3,}", line)]
    assert [line for line in english if not CHINESE.search(line)] == []
    code, english_help, _ = run(*command, "--help", locale="C.UTF-8")
    assert code == 0
    assert english_help.startswith("usage: dingbridge")
    assert not CHINESE.search(english_help)


def test_notifications_and_their_trouble_are_told_in_the_language_of_the_locale(
    sandbox: Sandbox,
) -> None:
    robot = {"DINGTALK_WEBHOOK": sandbox.webhook_url, "DINGTALK_OAPI_ENDPOINT": sandbox.url}
    words = ("notify", "--verbose", "build is green")
    assert run(*words, locale="zh_CN.UTF-8", **robot) == (0, "已送达机器人所在的群\n", "")
    assert run(*words, locale="C.UTF-8", **robot) == (0, "delivered to the robot's group\n", "")
    code, _, trouble = run("notify", "hello", locale="zh_CN.UTF-8")
    assert code == 2
    assert trouble.startswith("dingbridge: 还没有设置钉钉；请设置 DINGTALK_WEBHOOK")


def test_a_report_without_an_editor_is_in_the_language_of_the_locale(tmp_path: Path) -> None:
    code, report, _ = run("status", locale="zh_CN.UTF-8", XDG_DATA_HOME=str(tmp_path))
    assert code == 0
    assert report.splitlines()[:2] == ["没有绑定的会话", "等待：0，失败：0"]
