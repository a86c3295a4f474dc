"""A DingTalk on loopback: for the demo and for every test."""

from __future__ import annotations

from dingbridge.sandbox.client import SandboxClient
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.records import (
    Ack,
    ArrivedMessage,
    Card,
    Connection,
    Connections,
    Pressed,
    Reacted,
    Recalled,
    RecordedCall,
    Said,
    Uploaded,
)
from dingbridge.sandbox.server import Sandbox, serve
from dingbridge.sandbox.settings import (
    TEAM,
    UNLIMITED,
    App,
    CustomRobot,
    Person,
    SandboxGroup,
    Settings,
)

__all__ = [
    "TEAM",
    "UNLIMITED",
    "Ack",
    "App",
    "ArrivedMessage",
    "Card",
    "Connection",
    "Connections",
    "CustomRobot",
    "Fault",
    "Person",
    "Pressed",
    "Reacted",
    "Recalled",
    "RecordedCall",
    "Said",
    "Sandbox",
    "SandboxClient",
    "SandboxGroup",
    "Settings",
    "Uploaded",
    "serve",
]
