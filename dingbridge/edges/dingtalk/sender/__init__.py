"""Outbound messages of one robot: the queue, its threads, and the sender of a single message."""

from dingbridge.edges.dingtalk.openapi import OpenApiHttp, RobotClient
from dingbridge.edges.dingtalk.sender.message_sender import MessageSender
from dingbridge.edges.dingtalk.sender.queue import RobotSender
from dingbridge.edges.dingtalk.sender.shared_delivery import AttemptLog, UploadAndSend

__all__ = [
    "AttemptLog",
    "MessageSender",
    "OpenApiHttp",
    "RobotClient",
    "RobotSender",
    "UploadAndSend",
]
