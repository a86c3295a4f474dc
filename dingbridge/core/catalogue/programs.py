"""How a program ended that said nothing usable, as the end of a sentence that names it."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

NEVER_STARTED = Sentence("was not started")
NOT_STARTED = Sentence("could not be started ({reason})")
TOOK_LONGER = Sentence("took longer than {seconds:g} s")
WAS_STOPPED = Sentence("was stopped")
ENDED_WITH = Sentence("ended with status {status}")
GAVE_NO_ANSWER = Sentence("gave no answer")
SAID_NO_TEXT = Sentence("said something that is no text")
SAID_NOTHING = Sentence("said nothing")
