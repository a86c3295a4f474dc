"""What is missing in the settings, where values came from, and what is wrong with the `env_file`.

What is wrong with the options themselves stands in `core/sentences.py`.
"""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

IS_OFF = Sentence("{table}.enabled is false; set it to true")
NO_WEBHOOK = Sentence("{table}.webhook is not set; with it, messages go one way to a group")
NO_APP = Sentence(
    "{table}.app_key and {table}.app_secret are not set; with them, conversations go both ways"
)
NO_ABSOLUTE_PATH = Sentence("no absolute path: begin it with / or ~")
NOT_A_FILE = Sentence("not a file")
TOO_LARGE = Sentence("larger than {most} bytes")
NO_TEXT = Sentence("no UTF-8 text")
NO_SUCH_PATH = Sentence("no such path")
NO_VARIABLE = Sentence("line {line} of {path} is not NAME=text")
OTHERS_CAN_READ = Sentence(
    "others can read {path}, which may hold secrets; chmod 600 keeps them out"
)
BY_DEFAULT = Sentence("default")
BY_SETUP = Sentence("setup()")
BY_PROGRAM = Sentence("the command {program}")
BY_VARIABLE = Sentence("${name}")
BY_ENV = Sentence("${name} in env")
BY_ENV_FILE = Sentence("${name} in env_file")
VALUE_AND_SOURCE = Sentence("{option}: {value} ({source})")
LUA_FUNCTION = Sentence("a Lua function")
