"""The guided setup as a state machine: what follows from a fact.

::

    GOAL -> (PLACE, with a keyring) --conversation--> WAY --scan--> BEGIN -> SCAN
                    |                                  |                      |
                    |                                  +--paste--> CLIENT_ID  |
                    |                                                  |      v
                    |                 STORE <--right-- CHECK <- CLIENT_SECRET STORE
                    |                   |                                     |
                    |                   v                                     v
                    |                 LINK <-------------right------------- CHECK
                    |                   |
                    |                   v       somebody else
                    |                 WRITE <--------------+
                    |                   +----message----> WHO --it is me--> HELLO
                    |                                                         |
                    +--notifications--> WEBHOOK -> SECURITY -> (SIGNATURE,    v
                                                      KEYWORD)    |        SNIPPET -> DONE
                                                                  v           ^
                                                        GROUP_HELLO -> STORE -+

A stage that fails keeps its place with a `problem`; then the user chooses: again, another way, or
without it. A setup can be left at each question and each wait (`progress.resumed`). Nothing refers
to what was stored before SNIPPET.
"""

from __future__ import annotations

from msgspec import structs

from dingbridge.core.setup.progress import Progress, Stage
from dingbridge.core.setup.steps import (
    ActionFailed,
    ActionSucceeded,
    AppMade,
    CodeGiven,
    MessageWritten,
    OptionChosen,
    SetupFact,
    TextTyped,
)

OTHERWISE: dict[Stage, tuple[tuple[str, Stage], ...]] = {
    Stage.BEGIN: (("paste", Stage.CLIENT_ID),),
    Stage.SCAN: (("paste", Stage.CLIENT_ID),),
    Stage.CHECK: (("paste", Stage.CLIENT_ID),),
    Stage.LINK: (("without", Stage.SNIPPET),),
    Stage.WRITE: (("without", Stage.SNIPPET),),
    Stage.HELLO: (("without", Stage.SNIPPET),),
    Stage.GROUP_HELLO: (("webhook", Stage.WEBHOOK),),
}
"""What else than "again" may be done when a stage fails, and where it goes on then."""


def after(progress: Progress, fact: SetupFact) -> Progress:
    """The progress after a fact that answers its step. Any other fact changes nothing."""
    if isinstance(fact, ActionFailed):
        return structs.replace(progress, problem=fact.problem)
    if progress.problem and isinstance(fact, OptionChosen):
        return _decided(progress, fact.word)
    return _followed(structs.replace(progress, problem=""), fact)


def _decided(progress: Progress, word: str) -> Progress:
    """After the choice that a problem asks for."""
    stage = dict(OTHERWISE.get(progress.stage, ())).get(word, progress.stage)
    if word == "again" and stage is Stage.SCAN:
        stage = Stage.BEGIN
    changed = structs.replace(progress, stage=stage, problem="")
    if word == "paste":
        return structs.replace(changed, way="paste", code=None, is_checked=False, is_stored=False)
    return changed


def _followed(progress: Progress, fact: SetupFact) -> Progress:
    match progress.stage, fact:
        case Stage.GOAL, OptionChosen(word="conversation" | "notifications" as goal):
            stage = Stage.PLACE if progress.has_keyring else _first_of(goal)
            return structs.replace(progress, goal=goal, stage=stage)
        case Stage.PLACE, OptionChosen(word="file" | "keyring" as place):
            return structs.replace(progress, place=place, stage=_first_of(progress.goal))
        case Stage.WAY, OptionChosen(word="paste"):
            return structs.replace(progress, way="paste", stage=Stage.CLIENT_ID)
        case Stage.WAY, OptionChosen(word="scan"):
            return structs.replace(progress, way="scan", stage=Stage.BEGIN)
        case Stage.BEGIN, CodeGiven(code=code):
            return structs.replace(progress, code=code, stage=Stage.SCAN)
        case Stage.SCAN, AppMade(client_id=robot):
            return structs.replace(progress, robot=robot, stage=Stage.STORE)
        case Stage.CLIENT_ID, TextTyped(text=robot):
            return structs.replace(progress, robot=robot, stage=Stage.CLIENT_SECRET)
        case Stage.CLIENT_SECRET, TextTyped():
            return structs.replace(progress, stage=Stage.CHECK)
        case Stage.CHECK, ActionSucceeded():
            stage = Stage.LINK if progress.is_stored else Stage.STORE
            return structs.replace(progress, is_checked=True, stage=stage)
        case Stage.STORE, ActionSucceeded(robot=robot):
            stored = structs.replace(progress, is_stored=True, robot=robot, code=None)
            return structs.replace(stored, stage=_after_store(progress))
        case _:
            return _on_to_the_end(progress, fact)


def _on_to_the_end(progress: Progress, fact: SetupFact) -> Progress:
    match progress.stage, fact:
        case Stage.LINK, ActionSucceeded():
            return structs.replace(progress, stage=Stage.WRITE)
        case Stage.WRITE, MessageWritten(writer=writer):
            return structs.replace(progress, writer=writer, stage=Stage.WHO)
        case Stage.WHO, OptionChosen(word="me"):
            admitted = progress.writer.id if progress.writer is not None else ""
            return structs.replace(progress, admitted=admitted, stage=Stage.HELLO)
        case Stage.WHO, OptionChosen():
            return structs.replace(progress, writer=None, stage=Stage.WRITE)
        case Stage.HELLO, ActionSucceeded():
            return structs.replace(progress, stage=Stage.SNIPPET)
        case Stage.WEBHOOK, TextTyped():
            return structs.replace(progress, stage=Stage.SECURITY)
        case Stage.SECURITY, OptionChosen(word="signature"):
            return structs.replace(
                progress, security="signature", keyword="", stage=Stage.SIGNATURE
            )
        case Stage.SECURITY, OptionChosen(word="keyword"):
            return structs.replace(progress, security="keyword", stage=Stage.KEYWORD)
        case Stage.SECURITY, OptionChosen(word="addresses"):
            return structs.replace(
                progress, security="addresses", keyword="", stage=Stage.GROUP_HELLO
            )
        case Stage.SIGNATURE, TextTyped():
            return structs.replace(progress, stage=Stage.GROUP_HELLO)
        case Stage.KEYWORD, TextTyped(text=keyword):
            return structs.replace(progress, keyword=keyword, stage=Stage.GROUP_HELLO)
        case Stage.GROUP_HELLO, ActionSucceeded():
            return structs.replace(progress, is_checked=True, stage=Stage.STORE)
        case Stage.SNIPPET, OptionChosen():
            return structs.replace(progress, stage=Stage.DONE)
        case _:
            return progress


def _first_of(goal: str) -> Stage:
    return Stage.WAY if goal == "conversation" else Stage.WEBHOOK


def _after_store(progress: Progress) -> Stage:
    if progress.goal == "notifications":
        return Stage.SNIPPET
    return Stage.LINK if progress.is_checked else Stage.CHECK
