"""Leads through the steps of a setup, and writes down how far it has come."""

from __future__ import annotations

import logging
import time

from dingbridge.core.catalogue import setup as say
from dingbridge.core.errors import BadOptions
from dingbridge.core.options.declarations import OPTIONS
from dingbridge.core.setup import snippet
from dingbridge.core.setup.next_step import LEAVE, step_of
from dingbridge.core.setup.progress import Progress, Stage, resumed
from dingbridge.core.setup.steps import (
    ActionFailed,
    AskSecret,
    AskText,
    ChooseOption,
    NothingLeft,
    OptionChosen,
    SetupAction,
    SetupFact,
    TextTyped,
)
from dingbridge.core.setup.transitions import after
from dingbridge.edges.storage import setup_files, system_keyring
from dingbridge.edges.storage.setup_files import SetupFiles
from dingbridge.shell.outcome import UsageError
from dingbridge.shell.setup.actions import Actions
from dingbridge.shell.setup.credentials import Credentials, Surroundings, refused
from dingbridge.shell.setup.dialogue import Dialogue, Left

_VARIABLES = {"app_key", "app_secret", "webhook", "secret", "keyword", "allow_from"}
"""Options whose variables would count before what the setup stores."""


def lead(dialogue: Dialogue, around: Surroundings) -> None:
    """Lead the user through a setup, or the rest of one. Returns when it is done.

    Raises `Left` when the user leaves; `UsageError` if the data folder cannot be written.
    """
    # What happens is shown. Without a handler, logging would print the warnings of the link too.
    logging.getLogger("dingbridge").addHandler(logging.NullHandler())
    files = SetupFiles(around.data)
    credentials = Credentials(around, files)
    actions = Actions(dialogue, around, credentials)
    try:
        _Setup(dialogue, around, files, credentials, actions).run()
    except OSError as problem:
        raise UsageError(refused(problem).message) from problem
    finally:
        actions.close()


class _Setup:
    def __init__(
        self,
        dialogue: Dialogue,
        around: Surroundings,
        files: SetupFiles,
        credentials: Credentials,
        actions: Actions,
    ) -> None:
        self._dialogue = dialogue
        self._around = around
        self._files = files
        self._credentials = credentials
        self._actions = actions
        self._snippet = setup_files.free_name(around.config / "plugin" / "dingtalk.lua")

    def run(self) -> None:
        progress = self._first()
        while not isinstance(step := step_of(progress, str(self._snippet)), NothingLeft):
            if progress.stage is Stage.SNIPPET and not progress.problem:
                self._show_snippet(progress)
            progress = after(progress, self._fact(step, progress))
            self._files.keep(progress)
        self._files.forget()
        self._finish(progress)

    def _first(self) -> Progress:
        """Where to begin: where the last setup was left, if the user wants that."""
        fresh = Progress(has_keyring=system_keyring.is_there())
        left = self._files.left()
        if left is None or left.stage is Stage.GOAL:
            return fresh
        choices = (("on", say.GO_ON_YES()), ("again", say.BEGIN_AGAIN()))
        if self._dialogue.choose(say.GO_ON(), choices) == "again":
            return fresh
        progress = resumed(left, time.time())
        try:
            self._credentials.options(progress)
        except BadOptions:
            self._dialogue.report(say.NOT_THERE_ANY_MORE())
            return fresh
        return progress

    def _fact(
        self, step: ChooseOption | AskText | AskSecret | SetupAction, progress: Progress
    ) -> SetupFact:
        match step:
            case ChooseOption(question=question, options=options):
                word = self._dialogue.choose(question, options)
                if word == LEAVE:
                    raise Left
                if word == "write":
                    return self._write_snippet(progress)
                return OptionChosen(word)
            case AskText(question=question, hint=hint):
                name = "app_key" if progress.stage is Stage.CLIENT_ID else "keyword"
                return TextTyped(self._typed(name, question, hint))
            case AskSecret(name=name, question=question, hint=hint):
                self._need_before(name, progress)
                self._typed(name, question, hint)
                return TextTyped()
            case SetupAction():
                return self._actions.run(step, progress)

    def _need_before(self, name: str, progress: Progress) -> None:
        """The Client ID of a setup that goes on at the secret."""
        if name == "app_secret":
            self._credentials.take("app_key", progress.robot)

    def _typed(self, name: str, question: str, hint: str) -> str:
        """A valid text for an option; what is not is asked for again."""
        if name in ("app_key", "webhook"):
            self._credentials.forget()
        while True:
            if name in ("app_key", "keyword"):
                text = self._dialogue.ask(question, hint)
            else:
                text = self._dialogue.ask_secret(question, hint)
            problem = self._credentials.take(name, text)
            if not problem:
                return text
            self._dialogue.report(problem)

    # --- the end ----------------------------------------------------------------------------------

    def _lines(self, progress: Progress) -> list[str]:
        return snippet.lines_of(self._credentials.table(progress))

    def _show_snippet(self, progress: Progress) -> None:
        self._dialogue.show_settings(say.PUT_THIS(), self._lines(progress))

    def _write_snippet(self, progress: Progress) -> SetupFact:
        lines = [f"-- {say.SNIPPET_HEADER()}", *self._lines(progress)]
        try:
            setup_files.write_new(self._snippet, lines)
        except OSError as problem:
            return ActionFailed(refused(problem).message)
        self._dialogue.report(say.WRITTEN(path=self._snippet), good=True)
        return OptionChosen("written")

    def _finish(self, progress: Progress) -> None:
        names = [option.env for option in OPTIONS if option.name in _VARIABLES and option.env]
        named = [name for name in names if self._around.environ.get(name, "").strip()]
        if named:
            self._dialogue.report(say.VARIABLES_WIN(names=", ".join(named)))
        is_group = progress.goal == "notifications"
        words = say.FINISHED_GROUP() if is_group else say.FINISHED()
        self._dialogue.finish(words, self._credentials.table(progress))
