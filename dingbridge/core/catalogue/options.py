"""Errors in the table given to `setup()`, each following the path of its option.

Both Lua and Python report these; `settings.py` has those that only Python can find. No sentence
contains an option's value, which may be a secret, except for placeholders. Lua uses `MUST_BE` for
choices and numbers only.
"""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

UNKNOWN_OPTION = Sentence("unknown option")
UNKNOWN_OPTION_NEAR = Sentence("unknown option, did you mean {near}?")
ENTRY_UNNAMED = Sentence("every entry needs a name")
EXPECTED = Sentence("expected {expected}, got {found}")
MUST_BE = Sentence("must be {expected}")
MUST_BE_NEAR = Sentence("must be {expected}; did you mean '{near}'?")
IS_EMPTY = Sentence("is empty; fill it in or leave it out")
CONTROL_CHARACTER = Sentence("holds a control character such as a line break")
IS_PLACEHOLDER = Sentence('"{text}" is a placeholder; put {belongs} here')
PROGRAM_NAME = Sentence("the name of a program is one word")
AGENT_NAME = Sentence(
    "the name of an agent has letters, digits, _, . and - (40 at most), and is not off"
)
EDITOR_WIDE = Sentence("holds for all accounts; put it beside them, not into one")
ACCOUNT_NAME = Sentence(
    "the name of an account has letters, digits, _ and - (40 at most), and is not dingtalk"
)
OTHER_TYPE = Sentence("only 'dingtalk' is served here")
BELONGS_INSIDE = Sentence("belongs inside integrations = {{ dingtalk = {{ … }} }}")
