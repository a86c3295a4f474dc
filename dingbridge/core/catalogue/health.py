"""Sentences of `:checkhealth dingbridge` that Lua writes."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

PART_EDITOR = Sentence("dingbridge: Neovim and Python")
PART_SETTINGS = Sentence("dingbridge: settings")
PART_FILES = Sentence("dingbridge: files")
PART_AGENTS = Sentence("dingbridge: coding agents")
PART_HOST = Sentence("dingbridge: host and service")
OF_ACCOUNT = Sentence("{account}: {row}")

# --- Neovim and Python ----------------------------------------------------------------------------

NEOVIM_OLD = Sentence("Neovim {version} is too old")
INSTALL_NEOVIM = Sentence("Install Neovim {version} or newer")
NO_ANSWER_WITHIN = Sentence("it did not answer within {seconds} s")
NO_PYTHON = Sentence("it is no Python")
CHOSEN_BY = Sentence("`{program}`, chosen by {why}")
HANDS_OVER = Sentence("`{program}`, chosen by {why}, which hands over to `{other}`")
PYTHON_CANNOT_BE_RUN = Sentence("Python cannot be run: {python}: {problem}")
PYTHON_CANNOT_RUN_HOST = Sentence("Python cannot run the host: {python}: {problem}")
PYTHON = Sentence("Python {version}: {python}")
PACKAGES_THERE = Sentence("All Python packages that are needed are there")
CALL_SETUP = Sentence("Call `require('dingbridge').setup({{ … }})` in your init.lua")
NO_COMMANDS = Sentence("The commands are not defined")
COMMANDS_OURS = Sentence("`:Chat` and `:DingTalk` are those of dingbridge")
CHAT_OF_OTHER = Sentence("`:Chat` is that of another plugin")
USE_DINGTALK = Sentence("Use `:DingTalk`, which takes the same words")
MODULE_OF_OTHER = Sentence(
    "`require('chat')` is the module of another plugin, `{file}`; ours is `require('dingbridge')`"
)

# --- settings -------------------------------------------------------------------------------------

CORRECT_SEE = Sentence("Correct it in `setup()`; {help}")
NOT_SET_UP = Sentence("DingTalk is not set up")
CHECKED_LATER = Sentence("Settings are checked as a whole once Python can be run")

FILES_LATER = Sentence("Files are checked once Python can be run")
AGENTS_LATER = Sentence("Agents are checked once Python can be run")

# --- files ----------------------------------------------------------------------------------------

DATA = Sentence("Data")
LOG = Sentence("Log")
FOLDER = Sentence("{what}: `{folder}`")
FOLDER_LATER = Sentence("{what}: `{folder}`, made when it is needed")
NO_FOLDER = Sentence("{what}: `{folder}` is no folder")
MOVE_FILE = Sentence("Move that file away")
FOLDER_UNWRITABLE = Sentence("{what}: `{folder}` cannot be written to")
MAKE_YOURS = Sentence("Make it yours, for example by chown and chmod u+rwx")
OTHERS_CAN_REPLACE = Sentence(
    "Others can put something else in the place of what is kept in `{folder}`"
)
MAKE_FOLDER_YOURS = Sentence("Make that folder yours, and: chmod go-w {folder}")
ALL_PRIVATE = Sentence("What is kept there is for you alone")
OTHERS_CAN_READ = Sentence("Others can read or change {paths}")
OTHERS_CAN_READ_MORE = Sentence("Others can read or change {paths} and {count} more")
LOG_FILE = Sentence("The log is `{path}` ({size} KB, `:Chat log` opens it)")
LOG_FILE_LATER = Sentence("The log is `{path}` (not written yet)")

# --- the host and the service ---------------------------------------------------------------------

HOST_OFF = Sentence(
    "The host does not run; the first `:Chat` starts it, and the service if none runs"
)
HOST_READING = Sentence("The host runs; the service has not read the settings yet")
HOST_RUNS = Sentence("The host runs, and the service has read the settings")
SERVICE_AWAY = Sentence("The service does not run, or does not answer")
SERVICE_TELLS = Sentence("`:Chat service` says which, `:Chat service restart` starts another one")
HOST_SAYS = Sentence("The service says that {trouble}")
CORRECT_OUTSIDE = Sentence("Correct it in `setup()`, or what it reads outside")
STATUS_SAYS = Sentence("`:Chat status` says what is missing")
CONNECTED = Sentence("DingTalk is connected")
NO_REASON = Sentence("no reason is known")
NOT_CONNECTED = Sentence("DingTalk is not connected: {reason}")
STATUS_SAYS_WHEN = Sentence("It tries again by itself; `:Chat status` says when")
HELP_REASONS = Sentence(":help dingbridge-trouble says what each reason means")
CONNECTING = Sentence("DingTalk is being connected")
LINK_OFF = Sentence("the link is off: no session is bound")
BRIDGE_BINDS = Sentence("`:Chat bridge dingtalk` binds the current session")
MESSAGES_HELD = Sentence("messages wait {seconds} s more: {reason}")
LEAVE_BY_THEMSELVES = Sentence("Nothing is to be done: they leave by themselves")
MESSAGES_WAIT = Sentence("messages that wait: {count}; `:Chat outbox` shows them")
MESSAGES_FAILED = Sentence("messages that failed: {count}")
OUTBOX_SHOWS = Sentence("`:Chat outbox` shows each with the reason")
RETRY_OR_DROP = Sentence("`:Chat retry` tries them again, `:Chat drop {{id}}` gives one up")
LAST_ERROR = Sentence("the last error was: {reason}")
HELP_AND_LOG = Sentence(":help dingbridge-trouble, and `:Chat log`")
ASKING = Sentence("asking for access: {count}")
BY_A_CODE = Sentence("with access by a code: {people}")
PAIR_SHOWS = Sentence("`:Chat pair` shows who")
QUOTA = Sentence("quota: {quota}")
