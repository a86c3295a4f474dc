"""Why a program gave no answer: one that prints a setting, or a responder."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

NOT_STARTED = Sentence("the command {program} could not be started ({reason})")
TOOK_TOO_LONG = Sentence("the command {program} took longer than {seconds:g} s")
STOPPED = Sentence("the command {program} was stopped")
ENDED_WITH = Sentence("the command {program} ended with status {status}")
NO_TEXT = Sentence("the command {program} said something that is no text")
NO_ANSWER = Sentence("the command {program} gave no answer")
NOT_RUN_CLOSING = Sentence("the command {program} was not run: the editor is closing")
