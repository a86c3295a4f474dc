"""What is said about the turns of an agent to the one who asked, in English alone."""

from __future__ import annotations

WRITTEN_OUT = "Characters that are not seen are written as `\\u200b`."
WHOLE_TITLE = "In full:"
PLACES = "At:"

# --- while it waits or works ----------------------------------------------------------------------

QUEUED = "Queued, {count} before you. `/stop` ends the one that runs."
DROPPED = "Your message was not answered: no agent answers here any more."
STILL_WORKING = "Still working, {minutes} min."
STILL_WORKING_ON = "Still working, {minutes} min: {step}"
DONE_AFTER = "Done after {span}: {title}"
STILL_WAITING = "Waiting for approval {code}, {minutes} min: {step}"
MANY_CALLS = (
    "This turn has sent {count} messages, which count in the month's quota; `/stop` ends it."
)

# --- how it ended ---------------------------------------------------------------------------------

EMPTY = "{agent} ended without any text."
EMPTY_AFTER = "{agent} ended without any text ({count} steps)."
CUT = "… The answer was too long; the rest was dropped."
OUT_OF_TOKENS = "{agent} reached its token limit; ask it to go on."
OUT_OF_REQUESTS = "{agent} reached its limit of requests for a turn; ask it to go on."
REFUSED = "{agent} refused this request; ask in another way."
FAILED = "No answer: {reason}. {remedy}."
FAILED_AFTER = "The answer broke off: {reason}. {remedy}."
