"""Why a coding agent gives no answer, and what to do about it."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

# --- why a turn failed ----------------------------------------------------------------------------

NOT_FOUND = Sentence("{agent} is not installed: there is no program `{program}` on the PATH")
NOT_STARTED = Sentence("{agent} could not be started")
OTHER_PROTOCOL = Sentence("{agent} speaks no version of the Agent Client Protocol that we know")
NEEDS_LOGIN = Sentence("{agent} needs a log-in")
DIED = Sentence("{agent} ended in the middle of its work")
SILENT = Sentence("{agent} said nothing for too long, and was ended")
REFUSED = Sentence("{agent} answered with an error")
SERVICE_ENDED = Sentence("{agent} ended with the service of dingbridge")

# --- what to do -----------------------------------------------------------------------------------

INSTALL_FROM_NPM = Sentence("Install it with `npm install --global {package}`")
INSTALL_IT = Sentence("Install it, or name its program with its whole path")
UPDATE_FROM_NPM = Sentence("Update it with `npm install --global {package}@latest`")
UPDATE_IT = Sentence("Update it")
TRY_IN_TERMINAL = Sentence("`{command}` in a terminal shows more")
LOG_IN = Sentence("Run `{command}` once in a terminal, and log in")
LOG_IN_THERE = Sentence("Log in as its documents say")
STARTS_AGAIN = Sentence("The next message starts it again")
ASK_ONCE_MORE = Sentence("Ask again")
ASK_AGAIN = Sentence("Ask again, or ask for something else")

# --- details --------------------------------------------------------------------------------------

PACKAGE_MISSING = Sentence(
    "the Python package `agent-client-protocol` is missing; `:Chat install` installs it"
)
NO_FOLDER = Sentence("there is no folder {folder}")
IS_A_FOLDER = Sentence("{path} is a folder")
NOT_EXECUTABLE = Sentence("{path} may not be executed")
EXIT_STATUS = Sentence("it ended with status {status}")
VERSION_IS = Sentence("it speaks version {version}")
NO_ANSWER_WITHIN = Sentence("no answer to `{method}` within {seconds:g} s")
NO_SUCH_MODE = Sentence("it has no mode {mode}; it has: {offered}")
NO_SUCH_MODEL = Sentence("it has no model {model}; it has: {offered}")
NO_MODES = Sentence("it has no modes to choose from")
NO_MODELS = Sentence("it has no models to choose from")
TAKEN_BACK = Sentence("the {setting} {name} is not chosen any more: the agent does not take it")
CANNOT_LIST = Sentence("it cannot list its sessions")
BUSY = Sentence("it does not answer while it works on a turn; ask when that has ended")
ENDED_MEANWHILE = Sentence("it was ended meanwhile")
