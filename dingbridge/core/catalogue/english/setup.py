"""Sentences of the guided setup, in English."""

from __future__ import annotations

ADDRESSES = "IP addresses"
CONSOLE = (
    "Both stand in the developer console, https://open-dev.dingtalk.com, in the app, under "
    "Credentials. The app needs a robot in Stream Mode, and a published version."
)
KEYWORD = "Keyword"
SIGNATURE = "Signature"
WHERE_THE_WEBHOOK_IS = (
    "In the group: settings, Robots, Add robot, Custom. Choose a security setting, finish, and "
    "copy the address."
)
