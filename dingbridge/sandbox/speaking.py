"""What people do in a sandbox: they say something, tap a link, press a button, read a message."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from dingbridge.sandbox.commands import Press, Read, Tap
from dingbridge.sandbox.control_calls import ControlCalls
from dingbridge.sandbox.inbound import Utterance
from dingbridge.sandbox.records import ArrivedMessage, Pressed, Said

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
"""The smallest picture there is, a PNG of one dot."""


class Speaking(ControlCalls):
    """Everybody who writes to the robot."""

    def say(
        self,
        text: str = "",
        user: str = "zhangsan",
        group: str | None = None,
        mention: bool = True,
        msgtype: str = "text",
        content: dict[str, Any] | None = None,
        message_id: str | None = None,
        repeat: bool = False,
        session_webhook: bool = True,
        staff_id: bool = True,
        extra: dict[str, Any] | None = None,
        app: str = "",
        as_in_dingtalk: bool = False,
    ) -> Said:
        """Somebody says something to the robot; see `Utterance` for the words."""
        utterance = Utterance(
            text=text,
            user=user,
            group=group,
            mention=mention,
            msgtype=msgtype,
            content=content,
            message_id=message_id,
            repeat=repeat,
            session_webhook=session_webhook,
            staff_id=staff_id,
            extra=extra or {},
            app=app,
            as_in_dingtalk=as_in_dingtalk,
        )
        return self._command("say", utterance, Said)

    def offer(self, data: bytes) -> str:
        """Keeps bytes for a message to the robot; the download code to put into it."""
        kind = {"Content-Type": "application/octet-stream"}
        response = self._call("POST", "offer", 30.0, data=data, headers=kind)
        response.raise_for_status()
        return msgspec.json.decode(response.content, type=str)

    def say_picture(self, data: bytes = PICTURE, **words: Any) -> Said:
        """Somebody sends a picture; `words` as for `say`."""
        code = self.offer(data)
        content = {"downloadCode": code, "pictureDownloadCode": code}
        return self.say(msgtype="picture", content=content, **words)

    def say_file(self, name: str, data: bytes, **words: Any) -> Said:
        """Somebody sends a file; the platform delivers those of 1:1 chats only."""
        content = {
            "downloadCode": self.offer(data),
            "fileName": name,
            "spaceId": "1",
            "fileId": "1",
        }
        return self.say(msgtype="file", content=content, **words)

    def say_voice(
        self, data: bytes, recognition: str = "", milliseconds: int = 2000, **words: Any
    ) -> Said:
        """Somebody speaks; `recognition` is what the platform understood of it."""
        content = {
            "downloadCode": self.offer(data),
            "recognition": recognition,
            "duration": milliseconds,
        }
        return self.say(msgtype="audio", content=content, **words)

    def say_video(self, data: bytes, seconds: int = 2, **words: Any) -> Said:
        """Somebody sends a video."""
        content = {"downloadCode": self.offer(data), "videoType": "mp4", "duration": seconds}
        return self.say(msgtype="video", content=content, **words)

    def say_rich(self, *items: str | bytes, **words: Any) -> Said:
        """Somebody sends text and pictures in one message, each item one of them."""
        rich: list[dict[str, str]] = []
        for item in items:
            if isinstance(item, str):
                rich.append({"text": item})
            else:
                code = self.offer(item)
                rich.append({"type": "picture", "downloadCode": code, "pictureDownloadCode": code})
        return self.say(msgtype="richText", content={"richText": rich}, **words)

    def tap(self, message: ArrivedMessage, link: str, user: str = "zhangsan") -> Said | None:
        """Somebody taps the link with these words or this address in a message; what that says in
        their name, or None when it says nothing (`sandbox.links`)."""
        said = self._order("tap", Tap(message.number, link, user))
        return msgspec.json.decode(said, type=Said | None)

    def press(
        self,
        card: str,
        action: str,
        user: str = "zhangsan",
        params: dict[str, Any] | None = None,
    ) -> Pressed:
        """Somebody presses the button with this id on the card with this `outTrackId`."""
        return self._command("press", Press(card, action, user, params or {}), Pressed)

    def read(self, message: ArrivedMessage, user: str = "zhangsan") -> None:
        """Somebody reads a message."""
        self._order("read", Read(message.number, user))
