"""What is wrong with options, as far as the table given to `setup()` shows it; each follows a path.

Lua says these at once and Python says them too; what only Python can find stands in
`settings.py`. No sentence shows the value of an option, so that no secret can reach a message; only
a placeholder is quoted. The editor says `MUST_BE` of choices and numbers only.
"""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

UNKNOWN_OPTION = Sentence("unknown option")
UNKNOWN_OPTION_NEAR = Sentence("unknown option, did you mean {near}?")
ENTRY_UNNAMED = Sentence("every entry needs a name")
EXPECTED = Sentence("expected {expected}, got {found}")
MUST_BE = Sentence("must be {expected}")
IS_EMPTY = Sentence("is empty; fill it in or leave it out")
CONTROL_CHARACTER = Sentence("holds a control character such as a line break")
IS_PLACEHOLDER = Sentence('"{text}" is a placeholder; put {belongs} here')
PROGRAM_NAME = Sentence("the name of a program is one word")
EDITOR_WIDE = Sentence("holds for all accounts; put it beside them, not into one")
ACCOUNT_NAME = Sentence(
    "the name of an account has letters, digits, _ and - (40 at most), and is not dingtalk"
)
OTHER_TYPE = Sentence("only 'dingtalk' is served here")
BELONGS_INSIDE = Sentence("belongs inside integrations = {{ dingtalk = {{ … }} }}")
