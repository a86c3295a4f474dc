"""Fixtures: the sandbox, and editors that are closed at the end whatever happens."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import Settings
from tests.support import services
from tests.support.editor import ROOT, Editor
from tests.support.shared_editor import SharedEditor

# A machine that is busy with other tests must not turn a property into a failure. Explaining one
# traces every line of every example before Python 3.12, which takes many times as long.
settings.register_profile(
    "any machine",
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
settings.load_profile("any machine")

_NUMBERS = itertools.count(1)

pytest_plugins = ["pytester", "tests.support.deadline", "tests.support.refusals"]


def pytest_configure() -> None:
    """Tests and the hosts that they start keep their bytecode, which is else made anew each time.
    Children hear the signals that tests send them, although a run in the background, or under
    nohup, ignores some and would hand that down."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    _read_english()
    sys.dont_write_bytecode = False
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            usual = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
            signal.signal(number, usual)


def _read_english() -> None:
    """The sentences that tests look for are those of the catalogue, whatever the locale is."""
    everything = os.environ.pop("LC_ALL", "")
    if everything:
        os.environ["LANG"] = everything
    os.environ["LC_MESSAGES"] = "C"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first: none begins when the other workers have nothing left to do."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """The collector of garbage passes over the tests themselves, thousands of objects that stay."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What runs without an editor finds no service of the user's, and leaves no lock there."""
    folder = tmp_path_factory.mktemp("no editor")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A DingTalk on loopback, with a robot of its own: an editor may have known another before."""
    with Sandbox(Settings(client_id=f"dingsandbox{next(_NUMBERS)}")) as running:
        yield running


@pytest.fixture
def api_options(sandbox: Sandbox) -> dict[str, Any]:
    """Options for API mode with 张三 (staff id `zhangsan`) admitted, 1:1 and in groups, and no
    calls but those for messages."""
    options = dict(sandbox.settings())
    options.pop("webhook", None)
    options.pop("secret", None)
    return {
        **options,
        "allow_from": ["zhangsan"],
        "group_policy": "open",
        "reaction": False,
        "approval_cards": False,
        "mention_asker": False,
    }


@pytest.fixture
def webhook_options(sandbox: Sandbox) -> dict[str, Any]:
    """Options for webhook mode."""
    return {"webhook": sandbox.webhook_url, "endpoint": sandbox.settings()["endpoint"]}


StartEditor = Callable[..., Editor]


@pytest.fixture
def start_editor(tmp_path: Path) -> Iterator[StartEditor]:
    """Start editors. Those with the same `home` share their files."""
    with ExitStack() as homes, ExitStack() as stack:

        def start(
            home: str = "home",
            environ: dict[str, str] | None = None,
            commands: tuple[str, ...] = (),
            plugin: Path = ROOT,
        ) -> Editor:
            editor = Editor(tmp_path / home, environ, commands, plugin)
            homes.callback(services.end, editor.data)
            stack.callback(editor.close)
            return editor

        yield start


@pytest.fixture(scope="module")
def _module_editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedEditor]:
    shared = SharedEditor(tmp_path_factory.mktemp("shared"))
    yield shared
    shared.close()


@pytest.fixture
def shared_editor(request: pytest.FixtureRequest, _module_editor: SharedEditor) -> Iterator[Editor]:
    """The one editor of a module's tests, with nothing set up. See `SharedEditor`.

    It is the `editor`, and so the `bound`, of a module with the mark `shared_editor`. A test that
    asks for `start_editor` has an editor of its own all the same.
    """
    if "start_editor" in request.fixturenames:
        yield request.getfixturevalue("start_editor")()
    else:
        yield _module_editor.lend()
        _module_editor.give_back()


@pytest.fixture
def editor(request: pytest.FixtureRequest) -> Editor:
    """One editor with nothing set up: the test's own, or that of a module whose tests share it."""
    if request.node.get_closest_marker("shared_editor"):
        shared: Editor = request.getfixturevalue("shared_editor")
        return shared
    start: StartEditor = request.getfixturevalue("start_editor")
    return start()


@pytest.fixture
def bound(editor: Editor, sandbox: Sandbox, api_options: dict[str, Any]) -> Editor:
    """An editor whose session is bound to the sandbox in API mode, and connected."""
    return bind(editor, api_options)


def bind(editor: Editor, options: dict[str, Any]) -> Editor:
    """Set an editor up, bind its session and wait until it is connected."""
    editor.setup(options)
    editor.chat("bridge dingtalk")
    editor.until_lua("require('dingbridge').status().connected")
    return editor
