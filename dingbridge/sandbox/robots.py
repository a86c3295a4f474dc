"""Old-style calls: custom robot webhooks, session webhooks (protocol sections 1 and 5.4)."""

from __future__ import annotations

from aiohttp import web

from dingbridge.sandbox.platform import Platform, json_response
from dingbridge.sandbox.rules import signature_problem
from dingbridge.sandbox.settings import Robot
from dingbridge.sandbox.shapes import RobotRefusal, has_keyword, robot_body, robot_content

SECURITY = 310000
HELP = "more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"
RATE_WORDS = {
    130101: "send too fast, exceed {limit} times per minute",
    410100: "发送速度太快而限流",
}


class Robots:
    """Answers `/robot/send`, `/robot/sendBySession` and `/gettoken`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._world = platform.world

    def routes(self) -> list[web.RouteDef]:
        """The paths answered here, for every method."""
        return [
            web.route("*", "/robot/send", self.send),
            web.route("*", "/robot/sendBySession", self.send_by_session),
            web.get("/gettoken", self.get_token),
        ]

    async def send(self, request: web.Request) -> web.Response:
        """A custom robot's message to its group."""
        try:
            await self._send(request)
        except RobotRefusal as refusal:
            return refused(refusal)
        return accepted()

    async def send_by_session(self, request: web.Request) -> web.Response:
        """A reply through the session webhook of a message."""
        try:
            await self._send_by_session(request)
        except RobotRefusal as refusal:
            return refused(refusal)
        return accepted()

    async def get_token(self, request: web.Request) -> web.Response:
        """The access token, old style (protocol section 2)."""
        settings = self._world.settings
        for name in ("appkey", "appsecret"):
            if not request.query.get(name):
                return refused(RobotRefusal(40035, f"缺少参数 {name}"))
        given = (request.query["appkey"], request.query["appsecret"])
        if given != (settings.client_id, settings.client_secret):
            return refused(RobotRefusal(40096, "不合法的appKey或appSecret"))
        token = self._world.tokens.issue(self._world.now(), settings.token_lifetime)
        lifetime = settings.token_lifetime
        return json_response(
            {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": lifetime}
        )

    async def _send(self, request: web.Request) -> None:
        must_be_post(request)
        token = request.query.get("access_token", "")
        if not token:
            raise RobotRefusal(40035, "缺少参数 access_token")
        raw = await request.read()
        body = robot_body(raw, request.content_type if request.body_exists else "")
        robot = self._robot(token)
        self._check_signature(robot, request)
        content = robot_content(body)
        if not has_keyword(content, robot.keywords):
            raise RobotRefusal(SECURITY, f"keywords not in content, {HELP}")
        message_uuid = body.get("msgUuid")
        if isinstance(message_uuid, str) and self._world.known_uuid(token, message_uuid):
            return
        self._check_rate(f"robot {token}", self._world.settings.rate_per_minute)
        self._world.accept(
            "webhook",
            content,
            robot=robot.name,
            conversation_id=robot.conversation_id,
            body=body,
            size=len(raw),
            uuid_scope=token,
        )
        self._platform.changes.note()

    async def _send_by_session(self, request: web.Request) -> None:
        must_be_post(request)
        session = self._world.sessions.find(request.query.get("session", ""), self._world.now())
        if session is None:
            raise RobotRefusal(300001, "session 不存在")
        raw = await request.read()
        body = robot_body(raw, request.content_type)
        content = robot_content(body)
        limit = self._world.settings.session_rate_per_minute
        self._check_rate(f"session {session.conversation_id}", limit)
        self._world.accept(
            "session",
            content,
            robot=self._world.settings.client_id,
            conversation_id=session.conversation_id,
            body=body,
            size=len(raw),
            reply_to=session.reply_to,
        )
        self._platform.changes.note()

    def _robot(self, token: str) -> Robot:
        for robot in self._world.settings.robots:
            if robot.token == token:
                return robot
        raise RobotRefusal(300005, "token is not exist")

    def _check_signature(self, robot: Robot, request: web.Request) -> None:
        if not robot.secret:
            return
        timestamp, signature = request.query.get("timestamp", ""), request.query.get("sign", "")
        problem = signature_problem(robot.secret, timestamp, signature, self._world.now())
        if problem:
            raise RobotRefusal(SECURITY, f"{problem}, {HELP}")

    def _check_rate(self, key: str, limit: int | None) -> None:
        errcode = self._world.rate_refusal(key, limit)
        if errcode:
            raise RobotRefusal(errcode, RATE_WORDS[errcode].format(limit=limit))


def must_be_post(request: web.Request) -> None:
    """Raises RobotRefusal for any other method."""
    if request.method != "POST":
        raise RobotRefusal(43002, "需要POST请求")


def accepted() -> web.Response:
    """The answer to a message that went well."""
    return json_response({"errcode": 0, "errmsg": "ok"})


def refused(refusal: RobotRefusal) -> web.Response:
    """The answer to a message that was refused: HTTP 200 all the same."""
    return json_response({"errcode": refusal.errcode, "errmsg": refusal.errmsg})
