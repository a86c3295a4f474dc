"""Faults of calls to the platform, and the calls that a history makes. Pure."""

from __future__ import annotations

from random import Random
from typing import Literal

from dingbridge.sandbox.faults import Fault

Mode = Literal["group", "person", "both", "webhook"]
"""Where unsolicited messages go: an app's group, an app's person, an app's person with a custom
robot for notifications, or a custom robot alone."""

WEBHOOK = "/robot/send"
SESSION = "/robot/sendBySession"
PEOPLE = "/v1.0/robot/oToMessages/batchSend"
GROUP = "/v1.0/robot/groupMessages/send"
TOKEN = "/v1.0/oauth2/accessToken"
OPEN = "/v1.0/gateway/connections/open"
UPLOAD = "/media/upload"
DOWNLOAD = "/v1.0/robot/messageFiles/download"
FILES = "/files/*"

PATHS: dict[Mode, tuple[str, ...]] = {
    "group": (SESSION, SESSION, GROUP, TOKEN, OPEN),
    "person": (SESSION, SESSION, PEOPLE, TOKEN, OPEN),
    "both": (WEBHOOK, WEBHOOK, SESSION, PEOPLE, OPEN),
    "webhook": (WEBHOOK,),
}

SLOW = (0.3, 0.9, 1.4)
"""Seconds that an answer may take: Neovim waits for one that comes within a second of leaving."""


def fault(random: Random, path: str, times: int) -> tuple[Fault, float]:
    """A passing fault, and the seconds of waiting between attempts that it costs."""
    pause = 2.0**times - 1
    old = path in (WEBHOOK, SESSION)
    passing = [
        (Fault.drop(path, "before", 1), 1.0),
        (Fault.drop(path, "after", 1), 1.0),
        (Fault.http(path, 500, "ServiceUnavailable", times), pause),
        (Fault.html(path, 502, times), pause),
    ]
    if path in (OPEN, UPLOAD, DOWNLOAD, FILES):
        return random.choice(passing)
    passing += [
        (Fault.qps(path, times), 1.5 * times),
        (Fault.errcode(path, -1, "系统繁忙", times), pause),
    ]
    if path == SESSION:
        passing += [(Fault.errcode(path, 300001, "session 不存在", times), 0.0)] * 2
    elif not old and path != TOKEN:
        passing += [(Fault.http(path, 400, "InvalidAuthentication", 1), 0.0)] * 2
    return random.choice(passing)
