"""Outbound messages of one robot: a queue, and what carries each message."""

from dingbridge.edges.dingtalk.openapi import Poster, RobotClient
from dingbridge.edges.dingtalk.sender.message_sender import Carrier, Courier, Ledger
from dingbridge.edges.dingtalk.sender.queue import Sender

__all__ = ["Carrier", "Courier", "Ledger", "Poster", "RobotClient", "Sender"]
