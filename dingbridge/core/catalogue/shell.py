"""Sentences of the shell command and the installation."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

INSTALL_PACKAGE = Sentence("install it with\n  {python} -m pip install {package}")
FETCHING_EXAMPLES = Sentence("fetching the examples of the CommonMark specification")
FETCHING_SDK = Sentence("fetching DingTalk's SDK for Node")
NOT_FETCHED = Sentence("that cannot be fetched: {reason}")
MAKING = Sentence("making {folder} with Python {version}")
ASKING_INDEX = Sentence("asking the package index")
INDEX_UNREACHABLE = Sentence(
    "the package index cannot be reached; is this machine online, is a proxy needed?"
)
ABOUT = Sentence("A Neovim chat session on DingTalk, and notifications from the shell.")
USAGE = Sentence("usage: ")
ARGUMENTS = Sentence("positional arguments:")
OPTIONS = Sentence("options:")
SHOWS_HELP = Sentence("show this help message and exit")
SHOWS_VERSION = Sentence("show program's version number and exit")
NOTIFY = Sentence("send a message to the robot's group, or to the configured group or person")
NOTIFY_ABOUT = Sentence("Sends one message to DingTalk. Nothing is printed when it was delivered.")
NOTIFY_TEXT = Sentence("the message; - reads standard input")
NOTIFY_TITLE = Sentence("what the conversation list shows")
NOTIFY_AT_USER = Sentence("mention a staff id")
NOTIFY_AT_MOBILE = Sentence("mention a mobile number")
NOTIFY_AT_ALL = Sentence("mention everybody in the group")
NOTIFY_CONFIG = Sentence("a JSON file with the table given to setup()")
NOTIFY_TIMEOUT = Sentence("begin no new attempt after so long ({seconds:g})")
NOTIFY_VERBOSE = Sentence("say where the message went")
STATUS = Sentence("say what is bound, what waits and what failed, without an editor")
STATUS_ABOUT = Sentence(
    "Reads the files in Neovim's data folder, which NVIM_APPNAME and XDG_DATA_HOME choose as "
    "they do for Neovim, and changes nothing."
)
OUTBOX = Sentence("list the messages that wait and those that failed, without an editor")
OUTBOX_ABOUT = Sentence(
    "Reads the outbox in Neovim's data folder and changes nothing. `:DingTalk retry` and"
    " `:DingTalk drop` in Neovim take the ids."
)
SANDBOX = Sentence("serve a DingTalk on this machine to try things with")
SANDBOX_ABOUT = Sentence("Serves a DingTalk on loopback; prints its address and settings as JSON.")
SANDBOX_PORT = Sentence("0, the default, takes a free one")
DEMO = Sentence("chat with such a DingTalk in Neovim; without a terminal, play a conversation")
DEMO_ABOUT = Sentence(
    "Opens Neovim beside a phone to chat with, both on this machine. Without a terminal it plays "
    "a conversation and exits 0 only if everything arrived."
)
NOBODY_TO_NOTIFY = Sentence("there is nobody to notify; set {conversation} or {user}")
NOTHING_TO_SEND = Sentence("there is nothing to send; the text is empty")
MENTION_NEEDS_WEBHOOK = Sentence("a mention needs a webhook; the message goes without it")
DELIVERED = Sentence("delivered to {place}")
NOT_SET_UP = Sentence(
    "DingTalk is not set up; set {webhook}, or {key} and {secret}, or use --config"
)
CANNOT_READ = Sentence("cannot read {path}: {reason}")
NO_OBJECT = Sentence("{path} must hold an object with the options")
ONLY_DINGTALK = Sentence("{path}: integrations must hold dingtalk and nothing else")
NOT_YET = Sentence("not yet: {reason}; trying again")
CANNOT_SERVE = Sentence("cannot serve on port {port}: {reason}")
NEEDS_PACKAGE = Sentence("this needs the package {package}; {what_to_do}")
SECONDS_BOUNDS = Sentence("must be more than 0 and at most 86400")
PORT_BOUNDS = Sentence("must be from 0 to 65535")
NOTIFY_AFTER = Sentence(
    """\
The settings are the options of setup(), from these variables or from --config:
{variables}

Exit codes: 0 delivered, 1 refused, 2 usage or settings, 3 unreachable."""
)
BAD_JSON = Sentence("{path} is not valid JSON")
BAD_JSON_AT = Sentence("{path} is not valid JSON, line {line}")
DELIVERED_PERHAPS_TWICE = Sentence(
    "delivered; it may be there twice: DingTalk did not answer an attempt before"
)
INSTALL_ELSEWHERE = Sentence(
    "make an environment with it, and run that one's dingbridge:\n"
    "  make -C {project} install WITH={extra}\n  {program}"
)
CANNOT_BE_MADE = Sentence("{folder} cannot be made: {reason}")
PIP_FAILED = Sentence("pip could not install it: {reason}")
PIP_FAILED_SILENTLY = Sentence("pip could not install it, and said nothing")
PIP_LOG = Sentence("{reason} (all that pip said is in {log})")
COLLECTING = Sentence("collecting {package}")
INSTALLING = Sentence("installing {count} packages", one="installing 1 package")
DONE = Sentence("done")
DOCTOR = Sentence("find out what is wrong, and what helps")
DOCTOR_ABOUT = Sentence(
    "Check settings, files, the way to DingTalk, the app and the service, each with what helps."
    " Exits with 0 if no error was found, with 1 otherwise, with 3 if DingTalk was not reached."
)
DOCTOR_PING = Sentence(
    "then prove the way from end to end by a message to the robot; by default in a terminal, where"
    " a link is open"
)
DOCTOR_REPORT = Sentence(
    "also write all of it to a file for a bug report, without secrets, names and texts of messages"
)
