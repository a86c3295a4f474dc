"""Sentences about settings that only Python uses: missing options, errors in the `env_file`, other
errors in options, and sources of values.

No value is shown, except for the host of a webhook.
"""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

IS_OFF = Sentence("{path}enabled is false; set it to true")
NO_WEBHOOK = Sentence("{path}webhook is not set; with it, messages go one way to a group")
NO_APP = Sentence(
    "{path}app_key and {path}app_secret are not set; with them, conversations go both ways"
)
NO_VARIABLE = Sentence("line {line} of {path} is not NAME=text")
OTHERS_CAN_READ = Sentence(
    "others can read {path}, which may hold secrets; chmod 600 keeps them out"
)

# --- what is wrong with an option, after its path -------------------------------------------------

VARIABLE_NOT_SET = Sentence("the environment variable {name} is not set")
DIFFERS = Sentence("has another value than {path}, which is the same option")
NEEDS_OPTION = Sentence("needs {option} as well")
HTTPS_ONLY = Sentence("must begin with https://")
FOREIGN_HOST = Sentence(
    "{host} is no host of DingTalk (dingtalk.com, dingtalk.io), nor one that endpoint.api or"
    " endpoint.oapi names"
)
ROBOT_SEND_ONLY = Sentence("must have the path /robot/send")
NO_ACCESS_TOKEN = Sentence("has no access_token")
NO_REMOTE_COMMAND = Sentence("no remote command; there are {known}")
NO_REMOTE_COMMAND_NEAR = Sentence("no remote command, did you mean {near}?")
WOULD_BE_EVERYBODY = Sentence("'*' would be everybody; name each one")
FILE_NOT_ABSOLUTE = Sentence("must be an absolute path: begin it with / or ~")
FILE_IS_NONE = Sentence("cannot be read (not a file)")
FILE_TOO_LARGE = Sentence("cannot be read (larger than {most} bytes)")
FILE_NO_TEXT = Sentence("cannot be read (no UTF-8 text)")
FILE_NO_SUCH_PATH = Sentence("cannot be read (no such path)")
FILE_UNREADABLE = Sentence("cannot be read ({reason})")
FILE_UNREAD_CLOSING = Sentence("was not read: the editor is closing")
NO_ACCOUNT = Sentence("is no account; there are {known}")
NO_AGENT = Sentence(
    "is no agent that is known; there are {known}, and {{ command = {{ … }} }} starts any other"
)
NO_AGENT_NEAR = Sentence("is no agent that is known, did you mean {near}?")
EITHER_ANSWERS = Sentence("cannot answer together with {other}; leave one of them out")
SAME_ROBOT = Sentence(
    "{first} and {other} have the same robot; give each its own app_key or webhook"
)

# --- what is in force -----------------------------------------------------------------------------

BY_DEFAULT = Sentence("default")
BY_SETUP = Sentence("setup()")
BY_PROGRAM = Sentence("the command {program}")
BY_VARIABLE = Sentence("${name}")
BY_ENV = Sentence("${name} in env")
BY_ENV_FILE = Sentence("${name} in env_file")
VALUE_AND_SOURCE = Sentence("{option}: {value} ({source})")
LUA_FUNCTION = Sentence("a Lua function")
