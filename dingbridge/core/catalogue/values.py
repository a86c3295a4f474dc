"""Names of expected and of given values, for the sentences in `options.py`."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

TRUE_OR_FALSE = Sentence("true or false")

# --- what it must be ------------------------------------------------------------------------------

TEXT_IN_QUOTES = Sentence("text in quotes")
NUMBER_WITHIN = Sentence("a number from {least} to {most}")
WHOLE_NUMBER_WITHIN = Sentence("a whole number from {least} to {most}")
CHOICE = Sentence("'{choice}'")
EITHER = Sentence("{first} or {other}")
LIST_OF_TEXT = Sentence("a list of text such as {{ 'zhangsan' }}")
LIST_OF_COMMANDS = Sentence("a list of remote commands such as 'status'")
WEBHOOK_ADDRESS = Sentence(
    "the robot's address, https://oapi.dingtalk.com/robot/send?access_token=..."
)
ENDPOINT_ADDRESS = Sentence(
    "an address such as https://api.dingtalk.com (http:// only for this machine)"
)
PROXY_ADDRESS = Sentence("an address such as http://127.0.0.1:8080")
FUNCTION_OR_PROGRAM = Sentence("a Lua function, or a list of a program and its arguments")
AGENT_OR_COMMAND = Sentence("the name of an agent such as 'qwen', or a table with command and name")
KEY_OR_FALSE = Sentence("a key such as '<C-s>', or false")
SIGN_OR_FALSE = Sentence("a short text such as '👀', or false")
HOURS_OR_FALSE = Sentence("hours such as '22:00-08:00', or false")
PROGRAM_WITH_ARGUMENTS = Sentence("a list of a program and its arguments")
TABLE_OF_OPTIONS = Sentence("a table of options")
TABLE_OF_CONVERSATIONS = Sentence("a table of options by conversation id")
TABLE_OF_KEYS = Sentence("a table of keys by name")
TABLE_OF_PROGRAMS = Sentence("a table of programs by name")
TABLE_OF_VARIABLES = Sentence("a table of text by name")
TABLE_OF_ACCOUNTS = Sentence("a table of accounts by name")
TABLE_WITH_DINGTALK = Sentence("a table with dingtalk")

# --- what to put instead of a placeholder ---------------------------------------------------------

WHOLE_ADDRESS = Sentence("the whole address that DingTalk shows for the robot")
SIGNING_SECRET = Sentence("the robot's signing secret, which begins with SEC,")
CLIENT_ID = Sentence("the app's Client ID (AppKey)")
CLIENT_SECRET = Sentence("the app's Client Secret (AppSecret)")
ROBOT_CODE = Sentence("the robot's code")
GROUPS_ID = Sentence("the group's conversation id")
PERSONS_ID = Sentence("the person's staff id")
EITHER_ID = Sentence("a conversation id or a staff id")
STAFF_ID = Sentence("a staff id (:Chat help staff-ids)")

# --- what it is -----------------------------------------------------------------------------------

A_FUNCTION = Sentence("a function")
NO_VALUE = Sentence("nothing")
A_NUMBER = Sentence("a number")
SOME_TEXT = Sentence("text")
EMPTY_TABLE = Sentence("an empty table")
A_TABLE = Sentence("a table")
A_LIST = Sentence("a list")
SOMETHING_ELSE = Sentence("something else")
