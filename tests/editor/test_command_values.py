"""Commands that say a setting run once, however many Neovims name them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.options.lookups import LookupResults
from dingbridge.core.options.settings import digest
from dingbridge.edges.ipc import Client, ClientEvent, Heard
from dingbridge.edges.storage.card import read_card
from dingbridge.protocol.frames import VERSION, Attach, RawSettings, encode, packed
from dingbridge.sandbox import Sandbox
from tests.conftest import StartEditor
from tests.support.editor import Editor
from tests.support.processes import until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the commands are of a shell")
CONFIGURED = "require('dingbridge.host_settings').is_configured()"


class Ring:
    """A key ring that notes each question, and answers once it may."""

    def __init__(self, folder: Path, secret: str) -> None:
        self._asked = folder / "asked"
        self._answers = folder / "answers"
        self._asked.touch()
        script = (
            'echo . >> "$1"; if test -p "$2"; then read -r line < "$2"; fi;'
            ' test ! -f "$2" || exit 1; echo "$3"'
        )
        words = ["/bin/sh", "-c", script, "sh", str(self._asked), str(self._answers), secret]
        self.command = {"cmd": words}

    @property
    def asked(self) -> int:
        """How often it was asked."""
        return len(self._asked.read_text().split())

    def refuse(self) -> None:
        """Fail from now on."""
        self._answers.touch()

    def keep_waiting(self) -> None:
        """Do not answer before `answer`."""
        os.mkfifo(self._answers)

    def answer(self) -> None:
        """Answer each caller, and from now on at once."""
        if self._answers.is_fifo():
            with suppress(OSError):  # nobody waits
                pipe = os.open(self._answers, os.O_WRONLY | os.O_NONBLOCK)
                os.write(pipe, b"go\n")
                os.close(pipe)
        self._answers.unlink()


@pytest.fixture
def ring(tmp_path: Path, sandbox: Sandbox) -> Ring:
    return Ring(tmp_path, str(sandbox.settings()["app_secret"]))


@pytest.fixture
def options(api_options: dict[str, Any], ring: Ring) -> dict[str, Any]:
    return {**api_options, "user_id": "zhangsan", "app_secret": ring.command}


def sends(editor: Editor, sandbox: Sandbox, text: str) -> None:
    """An editor's message arrives, so its settings have the secret."""
    editor.lua("require('dingbridge').notify(...)", text)
    sandbox.client.wait_arrived(lambda each: each.text == text)


def begin(editor: Editor, options: dict[str, Any]) -> None:
    editor.setup(options)
    editor.lua("require('dingbridge.host').start()")


def is_used(editor: Editor, options: dict[str, Any]) -> None:
    """An editor is given settings, which come into force."""
    begin(editor, options)
    editor.until_lua(CONFIGURED)


def test_a_second_neovim_does_not_ask_the_key_ring_again(
    start_editor: StartEditor, sandbox: Sandbox, options: dict[str, Any], ring: Ring
) -> None:
    for number in range(3):
        editor = start_editor()
        is_used(editor, options)
        sends(editor, sandbox, f"from {number}")
    assert ring.asked == 1


def test_neovims_that_start_at_once_ask_the_key_ring_once(
    start_editor: StartEditor, sandbox: Sandbox, options: dict[str, Any], ring: Ring
) -> None:
    ring.keep_waiting()
    editors = [start_editor() for _ in range(3)]
    for editor in editors:
        begin(editor, options)
    for editor in editors:
        editor.until_said("the settings wait for /bin/sh")
    ring.answer()
    for number, editor in enumerate(editors):
        editor.until_lua(CONFIGURED)
        sends(editor, sandbox, f"from {number}")
    assert ring.asked == 1


def test_the_same_setup_again_does_not_ask_the_key_ring_again(
    editor: Editor, sandbox: Sandbox, options: dict[str, Any], ring: Ring
) -> None:
    for number in range(3):
        is_used(editor, options)
        sends(editor, sandbox, f"after {number}")
    assert ring.asked == 1


def test_the_same_setup_while_the_key_ring_is_asked_does_not_ask_it_again(
    editor: Editor, sandbox: Sandbox, options: dict[str, Any], ring: Ring
) -> None:
    ring.keep_waiting()
    begin(editor, options)
    editor.until_said("the settings wait for /bin/sh")
    editor.setup(options)
    editor.lua("require('dingbridge').notify('hello')")
    ring.answer()
    sandbox.client.wait_arrived(1)
    assert ring.asked == 1


def test_another_table_asks_the_key_ring_and_the_one_before_is_forgotten(
    editor: Editor, options: dict[str, Any], ring: Ring
) -> None:
    is_used(editor, options)
    is_used(editor, {**options, "user_id": "lisi"})
    assert ring.asked == 2
    is_used(editor, options)
    assert ring.asked == 3


def test_another_value_of_a_variable_asks_the_key_ring(
    start_editor: StartEditor, options: dict[str, Any], ring: Ring
) -> None:
    table = {**options, "user_id": "$WHO"}
    for who, asked in (("zhangsan", 1), ("zhangsan", 1), ("lisi", 2)):
        is_used(start_editor(environ={"WHO": who}), table)
        assert ring.asked == asked


def test_another_value_in_the_env_file_asks_the_key_ring(
    editor: Editor, options: dict[str, Any], ring: Ring, tmp_path: Path
) -> None:
    file = tmp_path / "variables.env"
    table = {**options, "user_id": "$WHO", "env_file": str(file)}
    for who, asked in (("zhangsan", 1), ("zhangsan", 1), ("lisi", 2)):
        file.write_text(f"WHO={who}\n")
        file.chmod(0o600)
        is_used(editor, table)
        assert ring.asked == asked


def test_a_key_ring_that_failed_is_asked_again_by_each_setup_and_each_neovim(
    start_editor: StartEditor, sandbox: Sandbox, options: dict[str, Any], ring: Ring
) -> None:
    ring.refuse()
    first, second = start_editor(), start_editor()
    is_used(first, options)
    first.until_said("ended with status 1")
    is_used(second, options)
    second.until_said("ended with status 1")
    assert ring.asked == 2
    ring.answer()
    is_used(first, options)
    is_used(second, options)
    assert ring.asked == 3
    sends(second, sandbox, "unlocked")


def test_when_the_neovim_that_asks_the_key_ring_is_killed_the_next_one_asks(
    start_editor: StartEditor, sandbox: Sandbox, options: dict[str, Any], ring: Ring
) -> None:
    ring.keep_waiting()
    first, second = start_editor(), start_editor()
    begin(first, options)
    until(lambda: ring.asked == 1, "the question of the first")
    begin(second, options)
    second.until_said("the settings wait for /bin/sh")
    first.kill()
    until(lambda: ring.asked == 2, "the question of the second")
    ring.answer()
    second.until_lua(CONFIGURED)
    sends(second, sandbox, "it goes on")


def test_what_the_key_ring_said_is_handed_to_the_next_service(
    start_editor: StartEditor, sandbox: Sandbox, options: dict[str, Any], ring: Ring
) -> None:
    first, second = start_editor(), start_editor()
    is_used(first, options)
    is_used(second, options)
    before = first.service_pid()
    first.kill_service()
    for number, editor in enumerate((second, first)):
        editor.until(lambda: first.service_pid() not in (0, before))
        sends(editor, sandbox, f"from {number}")
        is_used(editor, options)
    assert ring.asked == 1


def test_what_waits_for_the_key_ring_waits_on_when_the_service_is_restarted(
    editor: Editor, sandbox: Sandbox, options: dict[str, Any], ring: Ring
) -> None:
    ring.keep_waiting()
    begin(editor, options)
    editor.lua("require('dingbridge').notify('held')")
    editor.chat("new Of that name")
    editor.until_said("the settings wait for /bin/sh")
    editor.chat("service restart")
    editor.until_said("the service is being restarted")
    ring.answer()
    sends(editor, sandbox, "after")
    assert [each.text for each in sandbox.client.arrived()] == ["held", "after"]
    assert [each["title"] for each in editor.sessions()].count("Of that name") == 1
    assert not [text for text in editor.said() if "problem" in text]
    assert ring.asked == 1


def test_a_neovim_whose_fellow_is_gone_asks_the_key_ring_after_the_service_was_killed(
    start_editor: StartEditor, sandbox: Sandbox, options: dict[str, Any], ring: Ring
) -> None:
    first, second = start_editor(), start_editor()
    is_used(first, options)
    is_used(second, options)
    first.close()
    second.kill_service()
    sends(second, sandbox, "with its own answer")
    assert ring.asked == 2


def test_the_table_of_a_neovim_that_was_left_is_not_in_force(
    start_editor: StartEditor,
    options: dict[str, Any],
    webhook_options: dict[str, Any],
    ring: Ring,
) -> None:
    other, first = start_editor(), start_editor()
    is_used(other, webhook_options)
    is_used(first, options)
    first.close()
    is_used(start_editor(), options)
    assert ring.asked == 2


def test_a_host_learns_nothing_of_what_the_key_ring_said_to_another(
    editor: Editor, sandbox: Sandbox, options: dict[str, Any], ring: Ring
) -> None:
    is_used(editor, options)
    table = editor.lua("return ...", options)
    card = read_card(editor.data / "dingbridge", "service")
    told: list[ClientEvent] = []
    client = Client(card.address, card.secret, told.append)
    client.send(encode(Attach(VERSION, 99, "/", {})))
    name = digest(table, {})
    client.send(encode(RawSettings(table, (), "/", 1, 1.0, packed(LookupResults()), name)))
    client.start()
    try:
        until(
            lambda: any(b"configured" in one.data for one in told if isinstance(one, Heard)),
            "settings in force",
        )
    finally:
        client.stop()
        client.join()
    secret = str(sandbox.settings()["app_secret"]).encode()
    assert not [one for one in told if isinstance(one, Heard) and secret in one.data]
    assert not [
        path
        for path in editor.home.rglob("*")
        if path.is_file() and path.parent.name != "run" and secret in path.read_bytes()
    ]


def test_what_was_asked_for_while_a_command_ran_is_sent_by_the_next_start(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any], tmp_path: Path
) -> None:
    answers = tmp_path / "answers"
    secret = api_options["app_secret"]
    script = f"until [ -e '{answers}' ]; do sleep 0.05; done; echo {secret}"
    command = {"cmd": ["/bin/sh", "-c", script]}
    options = {**api_options, "app_secret": command, "user_id": "zhangsan"}
    editor = start_editor()
    editor.setup(options)
    editor.lua("require('dingbridge').notify('one')")
    editor.close()
    assert sandbox.client.arrived() == []
    answers.touch()
    after = start_editor()
    after.setup(options)
    after.chat("status")
    [arrived] = sandbox.client.wait_arrived(1)
    assert arrived.text == "one"
