"""Outbound messages of one robot: a queue, and what carries each message."""

from dingbridge.edges.dingtalk.openapi import OpenApiHttp, RobotClient
from dingbridge.edges.dingtalk.sender.message_sender import AttemptLog, MessageSender, UploadAndSend
from dingbridge.edges.dingtalk.sender.queue import RobotSender

__all__ = [
    "AttemptLog",
    "MessageSender",
    "OpenApiHttp",
    "RobotClient",
    "RobotSender",
    "UploadAndSend",
]
