"""What is said about options that are wrong, and the words and placeholders that values may hold.

No sentence shows the value of an option, so that no secret can reach a message; only a placeholder
is quoted, and the host of a webhook.
"""

from __future__ import annotations

SENTENCES = {
    "unknown": "unknown option",
    "unknown_near": "unknown option, did you mean %s?",
    "unnamed": "every entry needs a name",
    "expected": "expected %s, got %s",
    "must": "must be %s",
    "empty": "is empty; fill it in or leave it out",
    "control": "holds a control character such as a line break",
    "placeholder": '"%s" is a placeholder; put %s here',
    "variable": "the environment variable %s is not set",
    "differs": "has another value than %s, which is the same option",
    "needs": "needs %s as well",
    "https": "must begin with https://",
    "host": "%s is no host of DingTalk (dingtalk.com, dingtalk.io), nor one that endpoint.api or"
    " endpoint.oapi names",
    "path": "must have the path /robot/send",
    "token": "has no access_token",
    "command": "no remote command; there are %s",
    "command_near": "no remote command, did you mean %s?",
    "program_name": "the name of a program is one word",
    "everybody": "'*' would be everybody; name each one",
    "file": "cannot be read (%s)",
    "output": "the command %s %s",
    "editor_wide": "holds for all accounts; put it beside them, not into one",
    "account_name": "the name of an account has letters, digits, _ and - (40 at most), and is not"
    " dingtalk",
    "no_account": "is no account; there are %s",
    "same_robot": "%s and %s have the same robot; give each its own app_key or webhook",
    "type": "only 'dingtalk' is served here",
    "shape": "belongs inside integrations = { dingtalk = { … } }",
}

AT_ONCE = (
    *("unknown", "unknown_near", "unnamed", "expected", "must", "empty", "control"),
    *("placeholder", "program_name", "editor_wide", "account_name", "type", "shape"),
)
"""What the editor tells itself when `setup()` is called, about what is written there and not about
what a variable holds; "must" is for choices and numbers only."""

TRUTH = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
"""Words for a flag that comes from the environment, in lower case."""

DINGTALK_DOMAINS = ("dingtalk.com", "dingtalk.io")

PLACEHOLDERS = (
    "app_key",
    "app_secret",
    "client_id",
    "client_secret",
    "your_app_key",
    "your_app_secret",
    "your_client_id",
    "your_client_secret",
    "your_conversation_id",
    "your_robot_code",
    "your_staff_id",
    "your_user_id",
)
"""What examples put for a value, in lower case and with `-` as `_`. Besides these, a value made of
`x` only (also after `ding`) and one in angle brackets are placeholders."""
