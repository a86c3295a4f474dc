"""What a service shares with each of its robots."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from dingbridge.core.options.declarations import Options
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.dingtalk.openapi import AccessTokens, RobotClient
from dingbridge.edges.storage.robot_files import SharedFiles
from dingbridge.protocol.command_queue import Post
from dingbridge.service.approvals.approvals import Approvals
from dingbridge.service.runtime import Runtime


class RobotResources(Struct, frozen=True):
    """The data folder and its files, the access tokens, the service's loop, and its
    approvals.

    `post` runs a call on the loop, at the end of the turn.
    """

    data: Path
    files: SharedFiles
    tokens: AccessTokens
    runtime: Runtime
    post: Post
    approvals: Approvals

    def client(self, options: Options, http: Http) -> RobotClient:
        """A client for the robot of these options. All clients of a robot share its token."""
        return RobotClient(options, http, self.tokens.of(options))
