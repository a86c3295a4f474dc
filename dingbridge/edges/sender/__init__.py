"""Outbound messages of one robot: a queue, and what carries each message."""

from dingbridge.edges.openapi import Poster, RobotClient
from dingbridge.edges.sender.carrier import Carrier, Courier, Ledger
from dingbridge.edges.sender.queue import Sender

__all__ = ["Carrier", "Courier", "Ledger", "Poster", "RobotClient", "Sender"]
