"""Request bodies, the signature of webhooks, and the space that bodies leave for text."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

from dingbridge.core import json_wire
from dingbridge.core.catalogue import delivery as say
from dingbridge.core.dingtalk.cards import CARD_TOPIC
from dingbridge.core.dingtalk.limits import MSG_PARAM_BYTES, WEBHOOK_BODY_BYTES
from dingbridge.core.dingtalk.stream_frames import ROBOT_TOPIC
from dingbridge.core.markdown.chunking import encoded_size
from dingbridge.core.messages import At

_GAP: Final = "\n\n"


def sign(secret: str, timestamp_ms: int) -> str:
    """The signature of a custom robot's webhook, base64 but not yet URL-encoded (§1).

    `timestamp_ms` is Unix time in milliseconds, which must be sent with the signature.
    """
    signed = f"{timestamp_ms}\n{secret}".encode("utf-8", "replace")
    digest = hmac.new(secret.encode("utf-8", "replace"), signed, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def signed_url(url: str, secret: str, timestamp_ms: int) -> str:
    """The webhook's URL with time and signature in its query; without a secret the URL as it is.

    An earlier signature in the URL is replaced. Do not let an HTTP library encode it again.
    """
    if not secret:
        return url
    parts = urlsplit(url)
    kept = [
        part
        for part in parts.query.split("&")
        if part and part.partition("=")[0] not in ("timestamp", "sign")
    ]
    signature = quote(sign(secret, timestamp_ms), safe="")
    query = "&".join([*kept, f"timestamp={timestamp_ms}", f"sign={signature}"])
    return urlunsplit(parts._replace(query=query))


def robot_body(msgtype: str, title: str, text: str, at: At, *, msg_uuid: str = "") -> bytes:
    """A message for a webhook or a session webhook (§1, §5.4).

    `msgtype` is 'text'; anything else means Markdown. Mentions that are not in the text are
    appended, since the platform ignores them otherwise. A retry with the same `msg_uuid` is
    delivered once (custom robots only).
    """
    text = _with_mentions(msgtype, text, at)
    body: dict[str, Any]
    if msgtype == "text":
        body = {"msgtype": "text", "text": {"content": text}}
    else:
        body = {"msgtype": "markdown", "markdown": {"title": title.strip() or say.UNTITLED()}}
        body["markdown"]["text"] = text
    if at.user_ids or at.mobiles or at.all:
        body["at"] = {
            "atMobiles": list(at.mobiles),
            "atUserIds": list(at.user_ids),
            "isAtAll": at.all,
        }
    if msg_uuid:
        body["msgUuid"] = msg_uuid
    return json_wire.encode(body)


def robot_room(msgtype: str, title: str, at: At, *, msg_uuid: str = "") -> int:
    """Bytes that `robot_body` leaves for the text in JSON (`chunking.encoded_size`).

    Room for mentions at the end is reserved. Negative if the title leaves none.
    """
    # One character, because the gap before the mentions is only written after some text.
    envelope = len(robot_body(msgtype, title, "x", at, msg_uuid=msg_uuid)) - 1
    return WEBHOOK_BODY_BYTES - envelope


def mention_characters(msgtype: str, at: At) -> int:
    """Most characters that `robot_body` appends for mentions."""
    return len(_with_mentions(msgtype, "x", at)) - 1


def with_keyword(text: str, keyword: str) -> str:
    """`text` with the keyword that a custom robot requires, prepended if it is missing."""
    # A separate paragraph: a heading or code block must stay at the start of its line.
    return text if keyword in text else keyword + _GAP + text


def keyword_bytes(keyword: str) -> int:
    """Most bytes that `with_keyword` adds, in JSON."""
    return encoded_size(keyword + _GAP) if keyword else 0


def send_to_people(
    robot_code: str, user_ids: Sequence[str], msgtype: str, title: str, text: str
) -> bytes:
    """A 1:1 message by OpenAPI, to at most `limits.BATCH_USERS` people (§3)."""
    return _to_people(robot_code, user_ids, *_message(msgtype, title, text))


def send_to_group(
    robot_code: str, conversation_id: str, msgtype: str, title: str, text: str
) -> bytes:
    """A message to a group by OpenAPI, which cannot mention anybody (§3)."""
    return _to_group(robot_code, conversation_id, *_message(msgtype, title, text))


def picture_to_people(robot_code: str, user_ids: Sequence[str], media_id: str) -> bytes:
    """An uploaded picture as a 1:1 message (§3 and §6)."""
    return _to_people(robot_code, user_ids, *_picture(media_id))


def picture_to_group(robot_code: str, conversation_id: str, media_id: str) -> bytes:
    """An uploaded picture as a message to a group (§3 and §6)."""
    return _to_group(robot_code, conversation_id, *_picture(media_id))


def file_to_people(
    robot_code: str, user_ids: Sequence[str], media_id: str, file_name: str, file_type: str
) -> bytes:
    """An uploaded file as a 1:1 message; `file_type` is its extension (§3 and §6)."""
    return _to_people(robot_code, user_ids, *_file(media_id, file_name, file_type))


def file_to_group(
    robot_code: str, conversation_id: str, media_id: str, file_name: str, file_type: str
) -> bytes:
    """An uploaded file as a message to a group; `file_type` is its extension (§3 and §6)."""
    return _to_group(robot_code, conversation_id, *_file(media_id, file_name, file_type))


def recall_from_people(robot_code: str, keys: Sequence[str]) -> bytes:
    """Recalls 1:1 messages by their `processQueryKey` (§3)."""
    return json_wire.encode({"robotCode": robot_code, "processQueryKeys": list(keys)})


def recall_from_group(robot_code: str, conversation_id: str, keys: Sequence[str]) -> bytes:
    """Recalls messages from a group by their `processQueryKey` (§3)."""
    body = {
        "openConversationId": conversation_id,
        "robotCode": robot_code,
        "processQueryKeys": list(keys),
    }
    return json_wire.encode(body)


def msg_param_room(msgtype: str, title: str) -> int:
    """Bytes that an OpenAPI message leaves for the text in JSON.

    The limit applies to the string `msgParam` alone, not to the rest of the body or to the escapes
    of `msgParam` in it (§3). Negative if the title leaves none.
    """
    return MSG_PARAM_BYTES - len(_message(msgtype, title, "")[1].encode())


def reaction_body(robot_code: str, conversation_id: str, message_id: str, name: str) -> bytes:
    """Adds the label `name` to a message, or removes it: both calls have one body (§7)."""
    label = {"emotionId": "2659900", "emotionName": name, "text": name, "backgroundId": "im_bg_1"}
    body = {
        "robotCode": robot_code,
        "openMsgId": message_id,
        "openConversationId": conversation_id,
        "emotionType": 2,
        "emotionName": name,
        "textEmotion": label,
    }
    return json_wire.encode(body)


def token_body(app_key: str, app_secret: str) -> bytes:
    """The request for an access token, new call (§2)."""
    return json_wire.encode({"appKey": app_key, "appSecret": app_secret})


def open_connection_body(
    client_id: str, client_secret: str, version: str, local_ip: str = ""
) -> bytes:
    """The request for a stream connection that carries the robot's messages and pressed buttons
    (§4.1).

    `version` is ours; characters that would make the user agent malformed (HTTP 400) are replaced.
    `local_ip` is for the platform's diagnostics only.
    """
    version = re.sub(r"[^0-9A-Za-z.]+", "-", version).strip("-") or "0"
    body = {
        "clientId": client_id,
        "clientSecret": client_secret,
        "subscriptions": [
            {"type": "CALLBACK", "topic": topic} for topic in (ROBOT_TOPIC, CARD_TOPIC)
        ],
        "ua": f"dingbridge/{version}",
    }
    if local_ip:
        body["localIp"] = local_ip
    return json_wire.encode(body)


def _to_people(robot_code: str, user_ids: Sequence[str], key: str, parameters: str) -> bytes:
    return json_wire.encode(
        {
            "robotCode": robot_code,
            "userIds": list(user_ids),
            "msgKey": key,
            "msgParam": parameters,
        }
    )


def _to_group(robot_code: str, conversation_id: str, key: str, parameters: str) -> bytes:
    return json_wire.encode(
        {
            "robotCode": robot_code,
            "openConversationId": conversation_id,
            "msgKey": key,
            "msgParam": parameters,
        }
    )


def _picture(media_id: str) -> tuple[str, str]:
    return "sampleImageMsg", json_wire.encode({"photoURL": media_id}).decode()


def _file(media_id: str, file_name: str, file_type: str) -> tuple[str, str]:
    parameters = {"mediaId": media_id, "fileName": file_name, "fileType": file_type}
    return "sampleFile", json_wire.encode(parameters).decode()


def _message(msgtype: str, title: str, text: str) -> tuple[str, str]:
    if msgtype == "text":
        return "sampleText", json_wire.encode({"content": text}).decode()
    parameters = {"title": title.strip() or say.UNTITLED(), "text": text}
    return "sampleMarkdown", json_wire.encode(parameters).decode()


def _with_mentions(msgtype: str, text: str, at: At) -> str:
    missing = [f"@{who}" for who in (*at.user_ids, *at.mobiles) if not mentions(text, who)]
    if not missing:
        return text
    # A separate paragraph: after the last line of a code block they would be part of it.
    gap = "\n" if msgtype == "text" else _GAP
    return (text + gap if text else "") + " ".join(missing)


def mentions(text: str, who: str) -> bool:
    """Whether `text` mentions somebody by this id or number."""
    return re.search(rf"@{re.escape(who)}(?![0-9A-Za-z_-])", text) is not None
