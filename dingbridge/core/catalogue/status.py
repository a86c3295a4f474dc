"""The lines of `:Chat status` and `dingbridge status`."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

MODE = Sentence("mode: {mode}")
NOT_SET_UP = Sentence("mode: off (not set up)")
HAS_PROBLEMS = Sentence("mode: off (the settings have problems)")
APP = Sentence("app: {app} (account {account})")
LINK = Sentence("link: {state}")
DOWN = Sentence("{link}: {trouble}")
NEXT_TRY = Sentence("{link}; next try in {seconds} s")
ADMITTED = Sentence("admitted: {people}")
NOBODY_KNOWN = Sentence("nobody yet known")
ASKING = Sentence("asking for access: {count} (:Chat pair)")
REFUSED = Sentence("refused messages: {count}")
SESSION = Sentence("session: {title}")
NONE = Sentence("none")
SHARED = Sentence(
    "conversations in this session: {count} (`session_scope` gives each its own: :Chat help scopes)"
)
GOES_TO = Sentence("messages go to: {target}")
QUEUED = Sentence("queued: {queued}, failed: {failed}")
COOLING_DOWN = Sentence("waiting: {reason}")
MUTED = Sentence("notices to the phone: held back until {time:%m-%d %H:%M}")
LAST_ERROR = Sentence("last error: {error}")

# --- without an editor ----------------------------------------------------------------------------

BOUND = Sentence("bound: {title} (in {folder})")
BOUND_TO = Sentence("bound: {title} → {place} (in {folder})")
MADE = Sentence("sessions made on demand: {count}")
ASKED = Sentence("asked for access: {count}")
WAITING = Sentence("waiting: {waiting}, failed: {failed}")
LATEST_FAILURE = Sentence("  the latest failure: {reason}")
DATA = Sentence("data: {folder}")
LOG = Sentence("log: {file}")
