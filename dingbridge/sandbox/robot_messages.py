"""Robot messages on their way to an app: what somebody says becomes the data of a push
(doc/dingtalk.md §5)."""

from __future__ import annotations

import uuid
from typing import Any

from dingbridge.sandbox.inbound import ROBOT_USER, Push, Utterance, message_data
from dingbridge.sandbox.rules import stream as rules
from dingbridge.sandbox.sessions import Session
from dingbridge.sandbox.settings import App, Person, SandboxGroup
from dingbridge.sandbox.state import World

QUOTA_SPENT = {"errorCode": 20001, "errorMessage": "本月 Webhook 与 Stream 推送量已用完"}
"""What a push holds in place of its words once the month's are used up (§0)."""
NOT_IN_GROUPS = ("audio", "video", "file")
"""What DingTalk delivers in 1:1 chats only (§5.2)."""


class RobotMessages:
    """Composes pushes and remembers them, so that one can be repeated."""

    def __init__(self, world: World) -> None:
        self._world = world

    def compose(self, said: Utterance) -> Push:
        """The push that an utterance makes. Raises ValueError for unknown names and ids."""
        settings = self._world.settings
        app = settings.app(said.app or settings.client_id)
        if app is None:
            raise ValueError(f"there is no app {said.app!r}")
        if said.repeat:
            last = self._world.said[-1].message_id if self._world.said else ""
            earlier = app.client_id, said.message_id or last
            if earlier not in self._world.pushes:
                raise ValueError("no earlier message with that id can be repeated")
            return self._world.pushes[earlier]
        person = settings.person(said.user)
        group = settings.group(said.group) if said.group is not None else None
        push = self._composed(said, app, person, group)
        self._world.pushes[app.client_id, push.message_id] = push
        return push

    def granted(self, push: Push) -> dict[str, Any]:
        """The data to push now: without its words when the month's pushes are used up."""
        world = self._world
        if world.push_quota.spend(world.now(), world.settings.pushes_per_month):
            return push.data
        kept = {name: each for name, each in push.data.items() if name not in ("text", "content")}
        return {**kept, **QUOTA_SPENT}

    def _composed(
        self, said: Utterance, app: App, person: Person, group: SandboxGroup | None
    ) -> Push:
        world, settings = self._world, self._world.settings
        message_id = said.message_id or f"msg{uuid.uuid4().hex}=="
        alone = settings.conversation_with(person, app)
        conversation_id = group.conversation_id if group else alone
        session = None
        if said.session_webhook:
            expires = world.now() + settings.session_lifetime
            value = world.sessions.issue(
                Session(app.client_id, conversation_id, message_id, expires)
            )
            session = (f"{world.bridge_address}/robot/sendBySession?session={value}", expires)
        data = message_data(
            said,
            person,
            group,
            message_id=message_id,
            now=world.now(),
            robot_code=app.client_id,
            robot_name=app.robot_name,
            session=session,
        )
        if app.client_id != settings.client_id:
            robot = ROBOT_USER + app.client_id
            own: dict[str, Any] = {
                "conversationId": conversation_id,
                "senderId": settings.sender_id(person, app),
                "chatbotUserId": robot,
            }
            if data.get("atUsers"):
                own["atUsers"] = [{"dingtalkId": robot}]
            data |= {name: each for name, each in own.items() if name not in said.extra}
        return Push(
            app,
            message_id,
            conversation_id,
            data,
            session[0] if session else "",
            undelivered(said) if group else "",
        )


def undelivered(said: Utterance) -> str:
    """Why DingTalk does not deliver this message of a group; empty if it does."""
    if said.msgtype in NOT_IN_GROUPS:
        return rules.NO_FILES_IN_GROUPS.says
    if said.as_in_dingtalk and not said.mention:
        return rules.MENTIONED_ONLY.says
    return ""
