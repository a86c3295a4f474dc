"""How a program ended that said nothing usable.

Those that stand without `{program}` are the end of a sentence of `core/sentences.py` that names it.
"""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

NEVER_STARTED = Sentence("was not started")
NOT_STARTED = Sentence("could not be started ({reason})")
TOOK_LONGER = Sentence("took longer than {seconds:g} s")
WAS_STOPPED = Sentence("was stopped")
ENDED_WITH = Sentence("ended with status {status}")
SAID_NO_TEXT = Sentence("said something that is no text")
SAID_NOTHING = Sentence("said nothing")
RESPONDER_NOT_STARTED = Sentence("{program} could not be started ({reason})")
RESPONDER_TOOK_LONGER = Sentence("{program} took longer than {seconds:g} s")
RESPONDER_STOPPED = Sentence("{program} was stopped")
RESPONDER_ENDED_WITH = Sentence("{program} ended with status {status}")
NO_ANSWER = Sentence("{program} gave no answer")
