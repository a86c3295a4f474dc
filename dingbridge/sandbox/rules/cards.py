"""Rules of interactive and AI cards (doc/dingtalk.md §8)."""

from __future__ import annotations

from typing import Final

from dingbridge.sandbox.rules.rule import ApiRule, Behaviour

CREATE: Final = "创建并投放卡片"
DELIVER: Final = "投放卡片"
UPDATE: Final = "更新卡片"
STREAM: Final = "AI卡片流式更新"
CALLBACK: Final = "事件回调"
DATA: Final = "API 卡片数据的填写说明"

TEMPLATE = ApiRule(
    "A card has a template that exists",
    "8.3",
    CREATE,
    400,
    "param.templateNotExist",
    "cardTemplateId is not exist",
)
TRACK_INVALID = ApiRule(
    "A card has an outTrackId of at most 64 characters",
    "8.1",
    CREATE,
    400,
    "param.outTrackId",
    "outTrackId is invalid",
)
TRACK_TAKEN = ApiRule(
    "An outTrackId is used once",
    "8.2",
    CREATE,
    400,
    "param.cardAlreadyExist",
    "card already exist",
)
UNKNOWN = ApiRule(
    "A card that does not exist is not delivered or changed",
    "8.2",
    UPDATE,
    400,
    "param.cardNotExist",
    "card is not exist",
)
PARAMS = ApiRule(
    "The data of a card are strings by short names and 100 KB in all",
    "8.1",
    DATA,
    400,
    "param.cardData",
    "cardParamMap is invalid",
)
SPACE = ApiRule(
    "A card goes to a space of its app",
    "8.2",
    DELIVER,
    400,
    "param.openSpaceIdInvalid",
    "openSpaceId is invalid",
)
UNREACHED = Behaviour(
    "A card that was not delivered says so in an answer that looks good",
    "8.1",
    DELIVER,
    "HTTP 200, `deliverResults` with `success` false",
)
REPLACED = Behaviour(
    "An update without updateCardDataByKey replaces the data whole",
    "8.2",
    UPDATE,
    "the other variables are gone",
)
GUID = ApiRule(
    "A streaming update has a guid", "8.2", STREAM, 400, "param.stream.guidEmpty", "guid is empty"
)
GUID_KNOWN = Behaviour(
    "A streaming update with a known guid changes nothing", "8.2", STREAM, "HTTP 200"
)
KEY = ApiRule(
    "A streaming update names a variable",
    "8.2",
    STREAM,
    400,
    "param.stream.keyEmpty",
    "key is empty",
)
KEY_WRONG = ApiRule(
    "A streaming update is for the streaming variable of the template",
    "8.2",
    STREAM,
    400,
    "invalid.content",
    "content is invalid",
)
CONTENT = ApiRule(
    "A streaming update has content",
    "8.2",
    STREAM,
    400,
    "param.stream.contentEmpty",
    "content is empty",
)
WHOLE = ApiRule(
    "A streaming update of Markdown is whole",
    "8.5",
    STREAM,
    400,
    "param.stream.isFull",
    "isFull has to be true",
)
LARGE = ApiRule(
    "A streaming update is not too large",
    "8.2",
    STREAM,
    400,
    "param.stream.content",
    "content is too large",
)
ANYONE = Behaviour(
    "Anyone who sees a card can press its buttons",
    "8.4",
    CALLBACK,
    "a callback with that person's `userId`",
)
STREAM_ONLY = Behaviour(
    "A press is called back by stream only for cards that asked for it",
    "8.4",
    CALLBACK,
    "no callback",
)
ANSWERED = Behaviour(
    "The answer to a press changes the card for the person who pressed",
    "8.4",
    CALLBACK,
    "the card data of that person",
)
LATE = Behaviour(
    "An answer to a press counts within two seconds", "8.4", CALLBACK, "the card stays as it is"
)

RULES = (
    *(TEMPLATE, TRACK_INVALID, TRACK_TAKEN, UNKNOWN, PARAMS, SPACE, UNREACHED, REPLACED, GUID),
    *(GUID_KNOWN, KEY, KEY_WRONG, CONTENT, WHOLE, LARGE, ANYONE, STREAM_ONLY, ANSWERED, LATE),
)
"""All of them, in the order of the table."""
