"""Sentences of `:checkhealth dingbridge` about settings and agents."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

SAID_BY_PROGRAM = Sentence("{option}: said by the program `{program}`")
PROGRAM_CANNOT_BE_RUN = Sentence("{option}: the program `{program}` cannot be run")
INSTALL_PROGRAM = Sentence("Install it, or give its absolute path as the first word of `cmd`")
FROM_ENVIRONMENT = Sentence("{option}: from the environment variable {variable}")
IN_SETTINGS = Sentence("{option}: written in the settings")
ENV_FILE = Sentence("env_file: `{path}`")
NAME_STAFF_IDS = Sentence(
    "Name staff ids: allow_from = {{ 'manager01' }}; the reply to a refused sender has theirs, and"
    " :Chat help staff-ids says more"
)
EVERYBODY_LET_IN = Sentence("everybody who can write to the robot has access")
LET_IN = Sentence("access: {people}")
CODES_ONLY = Sentence(
    "the settings name nobody: who writes to the robot gets a code, and `:Chat pair {{code}}` gives"
    " them access; `:Chat pair` lists who asks and who has it"
)
NOBODY_LET_IN = Sentence("nobody has access: allow_from is empty")
LET_ASK = Sentence(
    "Or let people ask: dm = {{ policy = 'pairing' }}, then `:Chat pair {{code}}` lets one in"
)
POLICIES = Sentence("1:1 chats: {dm}; groups: {groups}")
API_MODE = Sentence("API mode, both ways (account {account})")
API_MODE_OF_APP = Sentence("API mode, both ways, app {app} (account {account})")
WEBHOOK_MODE = Sentence("webhook mode, one way: messages go to the robot's group")
SWITCHED_OFF = Sentence("switched off")
SWITCH_ON = Sentence("enabled = true switches it on")
SET_WEBHOOK_OR_APP = Sentence(
    "Set `webhook` to send to a group, or `app_key` and `app_secret` to talk both ways"
)
HELP_CONFIGURE = Sentence(":help dingbridge-configure shows how")
OFF_UNTIL_THEN = Sentence("Until then DingTalk is off; sessions in the editor work")
FROM_PLACE = Sentence("{option}: from the variable {variable} of `{place}`")

NO_PICTURES = Sentence("`:Chat send-image` cannot draw yet: the package {package} is missing")
INSTALL_IMAGES = Sentence("`:Chat install images` installs what it needs")

# --- coding agents --------------------------------------------------------------------------------

NO_AGENTS = Sentence("no coding agent is installed; known are {known}")
NO_AGENT_PACKAGE = Sentence(
    "agents cannot be started: the package agent-client-protocol is missing"
)
INSTALL_PACKAGES = Sentence("`:Chat install` installs what is missing")
AGENT_ANSWERS = Sentence("{agent} answers: {name}")
AGENT_FAILS = Sentence("{agent} does not answer: {reason}")
