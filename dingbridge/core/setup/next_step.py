"""What is next in a setup: a question, an action, or nothing more."""

from __future__ import annotations

from dingbridge.core.catalogue import setup as say
from dingbridge.core.setup.progress import Progress, Stage
from dingbridge.core.setup.steps import (
    AskSecret,
    AskText,
    ChooseOption,
    NothingLeft,
    SetupAction,
    SetupStep,
)
from dingbridge.core.setup.transitions import OTHERWISE

_ACTIONS = {
    Stage.BEGIN: SetupAction.BEGIN_SCAN,
    Stage.SCAN: SetupAction.AWAIT_SCAN,
    Stage.CHECK: SetupAction.CHECK,
    Stage.STORE: SetupAction.STORE,
    Stage.LINK: SetupAction.CONNECT,
    Stage.WRITE: SetupAction.AWAIT_MESSAGE,
    Stage.HELLO: SetupAction.ANSWER,
    Stage.GROUP_HELLO: SetupAction.GREET_GROUP,
}
_WORDS = {
    "paste": say.OTHER_CREDENTIALS,
    "without": say.WITHOUT,
    "webhook": say.OTHER_WEBHOOK,
}
LEAVE = "leave"
"""The option that leaves the setup."""


def step_of(progress: Progress, snippet_file: str) -> SetupStep:
    """What is next. `snippet_file` is the new file that may be written."""
    if progress.problem:
        others = tuple((word, _WORDS[word]()) for word, _ in OTHERWISE.get(progress.stage, ()))
        options = (("again", say.TRY_AGAIN()), *others, (LEAVE, say.LEAVE()))
        return ChooseOption(progress.problem, options)
    if progress.stage in _ACTIONS:
        return _ACTIONS[progress.stage]
    return _question(progress, snippet_file)


def _question(progress: Progress, snippet_file: str) -> SetupStep:
    match progress.stage:
        case Stage.GOAL:
            return ChooseOption(
                say.WHAT_IS_WANTED(),
                (("conversation", say.CONVERSATION()), ("notifications", say.NOTIFICATIONS())),
            )
        case Stage.PLACE:
            places = (("file", say.IN_A_FILE()), ("keyring", say.IN_THE_KEYRING()))
            return ChooseOption(say.WHERE_TO_KEEP(), places)
        case Stage.WAY:
            ways = (("paste", say.PASTE()), ("scan", say.SCAN()))
            return ChooseOption(say.HOW_TO_GET_THE_APP(), ways)
        case Stage.CLIENT_ID:
            return AskText(say.CLIENT_ID(), say.CONSOLE())
        case Stage.CLIENT_SECRET:
            return AskSecret("app_secret", say.CLIENT_SECRET())
        case Stage.WEBHOOK:
            return AskSecret("webhook", say.WEBHOOK(), say.WHERE_THE_WEBHOOK_IS())
        case Stage.SECURITY:
            return ChooseOption(
                say.WHICH_SECURITY(),
                (
                    ("signature", say.SIGNATURE()),
                    ("keyword", say.KEYWORD()),
                    ("addresses", say.ADDRESSES()),
                ),
            )
        case Stage.SIGNATURE:
            return AskSecret("secret", say.SIGNING_SECRET())
        case Stage.KEYWORD:
            return AskText(say.ITS_KEYWORD())
        case Stage.WHO if progress.writer is not None:
            writer = progress.writer
            asked = say.IS_IT_YOU(name=writer.name, id=writer.id, text=writer.text)
            return ChooseOption(asked, (("me", say.IT_IS_ME()), ("other", say.SOMEBODY_ELSE())))
        case Stage.SNIPPET:
            written = ("write", say.INTO_FILE(path=snippet_file))
            return ChooseOption(say.WRITE_THE_FILE(), (written, ("show", say.ONLY_SHOW())))
        case _:
            return NothingLeft()
