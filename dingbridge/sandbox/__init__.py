"""A DingTalk on loopback: for the demo and for every test."""

from __future__ import annotations

from dingbridge.sandbox.client import SandboxClient
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.records import (
    Ack,
    Arrived,
    Call,
    Connection,
    Connections,
    Reacted,
    Said,
    Uploaded,
)
from dingbridge.sandbox.server import Sandbox, serve
from dingbridge.sandbox.settings import TEAM, Group, Person, Robot, Settings

__all__ = [
    "TEAM",
    "Ack",
    "Arrived",
    "Call",
    "Connection",
    "Connections",
    "Fault",
    "Group",
    "Person",
    "Reacted",
    "Robot",
    "Said",
    "Sandbox",
    "SandboxClient",
    "Settings",
    "Uploaded",
    "serve",
]
