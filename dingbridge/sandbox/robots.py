"""Custom robots' webhooks and session webhooks (doc/dingtalk.md §1 and §5.4)."""

from __future__ import annotations

from aiohttp import web

from dingbridge.sandbox import signatures
from dingbridge.sandbox.answers import old_style
from dingbridge.sandbox.platform import Platform
from dingbridge.sandbox.rules import webhooks as rules
from dingbridge.sandbox.rules.rule import OapiRule
from dingbridge.sandbox.settings import CustomRobot
from dingbridge.sandbox.webhook_bodies import content, decoded, has_keyword


class RobotCalls:
    """Answers `/robot/send` and `/robot/sendBySession`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here, for every method."""
        return [
            web.route("*", "/robot/send", old_style(self._send)),
            web.route("*", "/robot/sendBySession", old_style(self._send_by_session)),
        ]

    async def _send(self, request: web.Request) -> None:
        """A custom robot's message to its group."""
        must_be_post(request)
        token = request.query.get("access_token", "")
        if not token:
            raise rules.TOKEN_MISSING.refusal()
        raw = await request.read()
        body = decoded(raw, request.content_type)
        robot = self._robot(token)
        self._check_signature(robot, request)
        said = content(body)
        if not has_keyword(said, robot.keywords):
            raise rules.KEYWORD.refusal()
        message_uuid = body.get("msgUuid")
        if isinstance(message_uuid, str) and self._world.known_uuid(token, message_uuid):
            return
        self._check_rate(f"robot {token}", self._world.settings.rate_per_minute, rules.RATE)
        self._world.accept(
            "webhook",
            said,
            robot=robot.name,
            conversation_id=robot.conversation_id,
            body=body,
            size=len(raw),
            uuid_scope=token,
        )
        self._platform.changes.note()

    async def _send_by_session(self, request: web.Request) -> None:
        """A reply through the session webhook of a message."""
        must_be_post(request)
        session = self._world.sessions.find(request.query.get("session", ""), self._world.now())
        if session is None:
            raise rules.SESSION.refusal()
        raw = await request.read()
        body = decoded(raw, request.content_type)
        said = content(body)
        limit = self._world.settings.session_rate_per_minute
        key = f"session {session.client_id} {session.conversation_id}"
        self._check_rate(key, limit, rules.SESSION_RATE)
        self._world.accept(
            "session",
            said,
            robot=session.client_id,
            conversation_id=session.conversation_id,
            body=body,
            size=len(raw),
            reply_to=session.reply_to,
        )
        self._platform.changes.note()

    def _robot(self, token: str) -> CustomRobot:
        for robot in self._world.settings.robots:
            if robot.token == token:
                return robot
        raise rules.TOKEN_UNKNOWN.refusal()

    def _check_signature(self, robot: CustomRobot, request: web.Request) -> None:
        if not robot.secret:
            return
        timestamp, signature = request.query.get("timestamp", ""), request.query.get("sign", "")
        broken = signatures.broken(robot.secret, timestamp, signature, self._world.now())
        if broken is not None:
            raise broken.refusal()

    def _check_rate(self, sender: str, limit: int | None, rule: OapiRule) -> None:
        rate = self._world.rate_limits.messages(sender)
        penalty = self._world.settings.throttle_seconds
        broken = rate.broken(self._world.now(), limit, penalty, rule)
        if broken is not None:
            raise broken.refusal(limit=limit)


def must_be_post(request: web.Request) -> None:
    """Raises RobotRefusal for any other method."""
    if request.method != "POST":
        raise rules.POST_ONLY.refusal()
