"""The service as a process: what is around it, who reaches it, and why it cannot start."""

from __future__ import annotations

import logging
import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from msgspec import structs

from dingbridge.core.options.lookups import LookupResults
from dingbridge.edges.ipc import Client, ClientEvent, Heard, Server, ServerEvent
from dingbridge.edges.programs.background import FRUGAL, allowed
from dingbridge.edges.storage.card import OwnerCard, read_card
from dingbridge.edges.storage.owner_lock import OwnerLock
from dingbridge.protocol.frames import (
    VERSION,
    Attach,
    EditorEvent,
    Ends,
    EndService,
    LogLine,
    RawSettings,
    Unfit,
    decode_from_host,
    decode_from_service,
    encode,
    packed,
)
from dingbridge.sandbox.server import Sandbox
from tests.conftest import StartEditor
from tests.editor.test_current_folder import Trap, trap
from tests.support import services
from tests.support.editor import Editor
from tests.support.processes import frozen, is_alive, until

__all__ = ["trap"]  # a fixture

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="looks at processes by /proc"
)
posix = pytest.mark.skipif(os.name != "posix", reason="files and processes of POSIX")


def serve(editor: Editor, options: dict[str, Any]) -> int:
    """The process of the service that an editor uses."""
    editor.setup(options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().session ~= ''")
    return editor.until(editor.service_pid)


def proc(process: int, name: str) -> Path:
    """A file of a process."""
    return Path("/proc", str(process), name)


def environment(process: int) -> dict[str, str]:
    """The variables that a process was given."""
    pairs = proc(process, "environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if pair)


def children(process: int) -> list[int]:
    """The processes that a process has started and that still run."""
    tasks = proc(process, "task").glob("*/children")
    return [int(pid) for each in tasks for pid in each.read_text().split()]


def serving(data: Path) -> list[int]:
    """The processes that serve a data folder or are about to."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            words = (each / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            if "service" in words and str(data) in words:
                found.append(int(each.name))
    return found


@needs_proc
def test_the_service_has_nothing_of_the_editors_environment_but_what_it_needs(
    start_editor: StartEditor, webhook_options: dict[str, Any]
) -> None:
    secret = "sandbox-secret-of-the-shell"
    editor = start_editor(
        environ={
            "DINGTALK_APP_SECRET": secret,
            "AWS_SECRET_ACCESS_KEY": secret,
            "LC_ALL": "C.UTF-8",
            "SSL_CERT_DIR": "/etc/ssl/certs",
            "PYTHONPATH": "/nowhere",
        }
    )
    process = serve(editor, webhook_options)
    found = environment(process)
    assert secret not in found.values()
    assert {name for name in found if name.startswith(("DINGTALK", "NVIM", "VIM", "PYTHON"))} == (
        set()
    )
    assert {**allowed(found), **FRUGAL} == found
    assert (found["LC_ALL"], found["SSL_CERT_DIR"]) == ("C.UTF-8", "/etc/ssl/certs")
    assert found["XDG_DATA_HOME"] == str(editor.home / "data")
    # Nor by its arguments.
    assert secret.encode() not in proc(process, "cmdline").read_bytes()
    assert is_alive(process)


@needs_proc
def test_the_service_stands_apart_from_the_editor_that_started_it(
    editor: Editor, webhook_options: dict[str, Any], tmp_path: Path
) -> None:
    editor.execute("cd", tmp_path)
    process = serve(editor, webhook_options)
    assert os.readlink(proc(process, "cwd")) == "/"
    assert os.readlink(proc(process, "fd/0")) == os.devnull
    assert os.readlink(proc(process, "fd/1")) == os.devnull
    complaints = editor.data / "dingbridge" / "service-errors.txt"
    assert os.readlink(proc(process, "fd/2")) == str(complaints)
    [umask] = [
        line.split()[1]
        for line in proc(process, "status").read_text().splitlines()
        if line.startswith("Umask:")
    ]
    assert umask == "0077"
    # A session of its own, in which no terminal ends it.
    fields = proc(process, "stat").read_text().rpartition(")")[2].split()
    parent, session, terminal = int(fields[1]), int(fields[3]), int(fields[4])
    host = editor.host_pid()
    assert parent not in (editor.pid(), host)
    assert session not in (os.getsid(editor.pid()), os.getsid(host))
    assert terminal == 0
    assert process not in children(editor.pid()) + children(host)


@needs_proc
def test_the_service_has_no_file_open_that_the_editor_has(
    start_editor: StartEditor, webhook_options: dict[str, Any], tmp_path: Path
) -> None:
    with (tmp_path / "open in all that tests start").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        editor = start_editor()
    process = serve(editor, webhook_options)
    opened = {os.readlink(each) for each in proc(process, "fd").iterdir()}
    assert not [name for name in opened if name.startswith(str(tmp_path / "open in all"))]
    sockets = {name for name in opened if name.startswith(("socket:", "pipe:"))}
    others = {
        os.readlink(each)
        for pid in (editor.pid(), editor.host_pid())
        for each in proc(pid, "fd").iterdir()
    }
    assert sockets & others == set()


@posix
@pytest.mark.parametrize(
    "variables", [{}, {"PYTHONPATH": ":."}, {"PATH": f".:{os.environ['PATH']}"}], ids=str
)
def test_the_service_takes_nothing_from_the_folder_in_which_it_was_started(
    trap: Trap,
    start_editor: StartEditor,
    sandbox: Sandbox,
    api_options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
) -> None:
    monkeypatch.chdir(trap.folder)
    editor = start_editor(environ=variables)
    serve(editor, api_options)
    editor.until_lua("require('dingbridge').status().connected")
    sandbox.client.say("before")
    editor.until(lambda: [row["text"] for row in editor.transcript()] == ["before"])
    editor.execute("cd", trap.folder)
    editor.kill_service()
    editor.until_lua("require('dingbridge').status().connected")
    editor.until(editor.service_pid)
    editor.chat("send after")
    sandbox.client.wait_arrived(1, timeout=20)
    assert trap.sprung() == []


def test_the_log_shows_no_secret_of_an_editor_that_has_left(
    start_editor: StartEditor, sandbox: Sandbox, api_options: dict[str, Any]
) -> None:
    first, second = start_editor(), start_editor()
    serve(first, api_options)
    sandbox.client.wait_connections(1)
    serve(second, {**api_options, "app_key": "other", "app_secret": "another"})
    card = read_card(first.data / "dingbridge", "service")
    first.close()
    sandbox.client.wait_connections(0)
    second.setup({**api_options, "app_key": "other", "app_secret": "a-third-one"})
    second.until_lua("require('dingbridge.host_settings').is_configured()")
    client = Client(card.address, card.secret, lambda _: None)
    client.send(encode(Attach(VERSION, 99, "/", {})))
    client.send(encode(LogLine(logging.INFO, "dingbridge.test", f"it was {sandbox.client_secret}")))
    client.start()
    second.until(lambda: "it was" in second.log())
    client.stop()
    client.join()
    assert sandbox.client_secret not in second.log()


@posix
def test_where_the_service_is_reached_is_for_its_user_alone(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    process = serve(editor, webhook_options)
    card = read_card(editor.data / "dingbridge", "service")
    assert (card.pid, card.data) == (process, str(editor.data))
    modes = {
        path: stat.S_IMODE(path.stat().st_mode)
        for path in (
            editor.data / "dingbridge",
            editor.data / "dingbridge" / "owner-service.json",
            editor.data / "dingbridge" / "owner-service.lock",
            Path(card.address),
            Path(card.address).parent,
        )
    }
    assert list(modes.values()) == [0o700, 0o600, 0o600, 0o600, 0o700]
    assert card.secret
    assert card.secret not in editor.log()
    if Path("/proc/self/environ").exists():
        for pid in (process, editor.host_pid(), editor.pid()):
            for name in ("cmdline", "environ"):
                assert card.secret.encode() not in proc(pid, name).read_bytes()


def test_a_service_of_another_version_is_told_and_not_spoken_to(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    folder = editor.data / "dingbridge"
    heard: list[bytes] = []

    def answer(event: ServerEvent) -> None:
        if isinstance(event, Heard):
            heard.append(event.data)
            other.send(event.peer, encode(Unfit(99)))

    other = Server(answer)
    lock = OwnerLock(folder, "service")
    assert lock.acquire()
    other.start()
    try:
        lock.write_card(OwnerCard(0, other.address, other.secret))
        editor.setup(webhook_options)
        editor.chat("notify hello")
        words = editor.until_said("the service that runs is of another version (99)")
        assert ":Chat service restart" in words
        assert isinstance(decode_from_host(heard[0]), Attach)
    finally:
        lock.remove_card()
        other.stop()
        lock.release()


@needs_proc
def test_editors_that_start_at_once_share_one_service(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editors = [start_editor() for _ in range(4)]
    for number, editor in enumerate(editors):
        editor.setup(webhook_options)
        editor.lua("require('dingbridge').notify(...)", f"from {number}")
    arrived = sandbox.client.wait_arrived(len(editors))
    assert sorted(each.text for each in arrived) == [f"from {n}" for n in range(len(editors))]
    [process] = {editor.service_pid() for editor in editors}
    # Those that came too late have gone again.
    until(lambda: serving(editors[0].data) == [process], "one service")


@pytest.mark.slow
def test_an_editor_is_served_while_another_process_keeps_a_damaged_state_file(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    state = editor.data / "chat-dingtalk-state.json"
    state.parent.mkdir(parents=True)
    state.write_bytes(b"{")
    with FileLock(f"{state}.lock"):
        editor.setup(webhook_options)
        editor.chat("status")
        editor.until_said("mode: webhook")


def test_an_editor_that_was_gone_before_the_disk_answered_keeps_nothing_running(
    editor: Editor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    process = serve(editor, webhook_options)
    card = read_card(editor.data / "dingbridge", "service")
    state = editor.data / "chat-dingtalk-state.json"
    # Only under its lock is a damaged file set aside.
    with FileLock(f"{state}.lock"):
        state.write_bytes(b"{")
        client = Client(card.address, card.secret, lambda _: None)
        client.send(encode(Attach(VERSION, 99, "/", {})))
        client.send(
            encode(RawSettings(webhook_options, (), "/", 1, time.time(), packed(LookupResults())))
        )
        client.send(encode(EditorEvent("notify", {"id": "m1", "text": "the last word"})))
        client.start()
        editor.until(lambda: "Neovim process 99 has attached" in editor.log())
        client.stop()
        client.join()
        editor.until(lambda: "an editor has gone" in editor.log())
    sandbox.client.wait_arrived(1)
    assert [each.text for each in sandbox.client.arrived()] == ["the last word"]
    editor.close()
    assert services.wait_until_gone(process)


@posix
def test_a_service_that_is_told_to_end_leaves_no_address_no_socket_and_no_lock(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    process = serve(editor, webhook_options)
    folder = editor.data / "dingbridge"
    address = read_card(folder, "service").address
    with frozen(editor.host_pid()):
        services.end(editor.data)
        assert not is_alive(process)
        assert read_card(folder, "service") == OwnerCard()
        assert not Path(address).exists()
        lock = OwnerLock(folder, "service")
        until(lock.acquire, "the lock is free")
        lock.release()


@posix
def test_an_address_that_a_killed_service_left_keeps_no_other_from_starting(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    editor = start_editor()
    serve(editor, webhook_options)
    folder = editor.data / "dingbridge"
    left = read_card(folder, "service")
    editor.kill_all()
    # Its number is another process's now, which is not the service and must not be ended.
    OwnerLock(folder, "service").write_card(structs.replace(left, pid=os.getpid()))
    after = start_editor()
    after.setup(webhook_options)
    after.chat("notify hello")
    sandbox.client.wait_arrived(1, timeout=20)
    assert read_card(folder, "service").address not in ("", left.address)


@posix
def test_a_service_that_can_open_no_socket_says_why_once_and_starts_when_it_can(
    start_editor: StartEditor, sandbox: Sandbox, webhook_options: dict[str, Any]
) -> None:
    # The path of a socket has to be short.
    with tempfile.TemporaryDirectory(prefix="db-") as folder:
        in_the_way = Path(folder, f"dingbridge-{os.geteuid()}")
        in_the_way.touch()
        editor = start_editor(environ={"TMPDIR": folder, "XDG_RUNTIME_DIR": ""})
        editor.setup(webhook_options)
        editor.lua("require('dingbridge').notify('as soon as it can')")
        said = editor.until_said("the service cannot start")
        assert str(in_the_way) in said
        assert "Remove" in said
        in_the_way.unlink()
        [arrived] = sandbox.client.wait_arrived(1, timeout=20)
        assert arrived.text == "as soon as it can"
        assert len([text for text in editor.said() if "cannot start" in text]) == 1
        assert Path(read_card(editor.data / "dingbridge", "service").address).parent == in_the_way
        editor.close()
        services.end(editor.data)


def test_a_host_of_another_version_can_end_the_service(
    editor: Editor, webhook_options: dict[str, Any]
) -> None:
    process = serve(editor, webhook_options)
    card = read_card(editor.data / "dingbridge", "service")
    told: list[ClientEvent] = []
    client = Client(card.address, card.secret, told.append)
    client.send(encode(Attach(99, 1, "/", {})))
    client.send(encode(EndService(again=True)))
    client.start()
    try:
        until(lambda: not is_alive(process), "the end of the service")
        said = [decode_from_service(event.data) for event in told if isinstance(event, Heard)]
        assert said == [Unfit(VERSION), Ends(again=True)]
    finally:
        client.stop()
        client.join()
