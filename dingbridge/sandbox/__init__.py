"""A DingTalk on loopback: for the demo and for every test."""

from __future__ import annotations

from dingbridge.sandbox.client import SandboxClient
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.records import (
    Ack,
    Arrived,
    Call,
    Card,
    Connection,
    Connections,
    Pressed,
    Reacted,
    Recalled,
    Said,
    Uploaded,
)
from dingbridge.sandbox.server import Sandbox, serve
from dingbridge.sandbox.settings import TEAM, UNLIMITED, App, Group, Person, Robot, Settings

__all__ = [
    "TEAM",
    "UNLIMITED",
    "Ack",
    "App",
    "Arrived",
    "Call",
    "Card",
    "Connection",
    "Connections",
    "Fault",
    "Group",
    "Person",
    "Pressed",
    "Reacted",
    "Recalled",
    "Robot",
    "Said",
    "Sandbox",
    "SandboxClient",
    "Settings",
    "Uploaded",
    "serve",
]
