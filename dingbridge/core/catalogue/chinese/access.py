"""Sentences about access, in Chinese."""

from __future__ import annotations

# --- to strangers ---------------------------------------------------------------------------------

NO_ONE_TO_ONE = "抱歉，我不接受单聊消息。机器人的主人可以修改下面的设置。"
NO_GROUPS = "抱歉，我不接受群消息。机器人的主人可以修改下面的设置。"
GROUP_NOT_LISTED = "抱歉，本群不在白名单中。机器人的主人可以修改下面的设置。"
NOT_A_USER = "抱歉，您不在本群的白名单中。机器人的主人可以修改下面的设置。"
NOT_LISTED = "抱歉，您不在白名单中。机器人的主人可以修改下面的设置。"
NOT_PAIRED = "抱歉，您不在白名单中（也可以单聊我申请）。机器人的主人可以修改下面的设置。"
TOO_MANY_REQUESTS = "抱歉，您的申请太多，请过一小时再试。机器人的主人可以修改下面的设置。"
NO_STAFF_ID = "我看不到您的员工编号：您不在本组织内，或应用尚未发布。"
SETTING = "- 设置：{line}"
YOUR_ID = "- 您的 ID：{id}"
GROUP_ID = "- 本群的 conversationId：{id}"
CODE_FOR_PERSON = "我还不认识您。请机器人的主人在 {minutes} 分钟内在 Neovim 中输入 {command}"
CODE_FOR_GROUP = "我还不认识本群。请机器人的主人在 {minutes} 分钟内在 Neovim 中输入 {command}"
ACCEPTED = "您已准入，可以开始使用。/help"
ACCEPTED_ONCE = "您已准入，有效 {hours} 小时。/help"
GROUP_ACCEPTED = "本群已准入，可以开始使用。/help"
GROUP_ACCEPTED_ONCE = "本群已准入，有效 {hours} 小时。/help"
DENIED = "您的申请未通过。"
GROUP_DENIED = "本群的申请未通过。"

# --- to the owner ---------------------------------------------------------------------------------

ASKS = "{who} 想通过 {account} 与您聊天；:Chat pair {code} 准入，:Chat deny {code} 拒绝"
FIRST_REFUSED = (
    "已拒绝 {who} 的消息：setup() 中的 {setting} 没有准入对方；"
    "之后的拒绝次数见 :Chat status（:Chat help access）"
)
PERSON = "{id}（{name}）"
GROUP = "群 {id}（{name}）"
GROUP_ASKED_FOR = "群 {id}（{name}），由 {asker}（{nick}）申请"
PENDING = "待处理：{code}  {who}，{minutes} 分钟前"
PENDING_NOW = "待处理：{code}  {who}，刚刚"
PAIRED = "已配对：{who}，永久有效"
PAIRED_ONCE = "已配对：{who}，还有 {minutes} 分钟"
NOBODY_AT_ALL = "没有人申请，也没有人已配对"
NOBODY_ASKS = "没有人申请访问权限"
NOBODY_PAIRED = "没有人凭配对码准入"
LET_IN = "{who} 已准入，永久有效"
LET_IN_ONCE = "{who} 已准入，有效一小时"
NOT_LET_IN = "{who} 未获准入，一天后可以再次申请"
NO_SUCH_ID = "已配对的人中没有 ID {id}；:Chat pair 列出已配对的人"
REVOKED = "{who} 的配对已取消"
PAIRED_MOST = "已配对 {most} 个，达到上限；请先取消一个。"
NO_MORE_CODES = "输错配对码的次数过多：{minutes} 分钟内不再接受配对码。"
WRONG_CODE = "没有待处理的申请使用这个配对码：配对码只能用一次，{minutes} 分钟内有效。"
WRONG_CODE_OF_OPEN = (
    "没有待处理的申请使用这个配对码：配对码只能用一次，{minutes} 分钟内有效；"
    ":Chat pair 列出待处理的申请。"
)
WRONG_CODE_LAST = (
    "没有待处理的申请使用这个配对码：配对码只能用一次，{minutes} 分钟内有效。"
    "输错次数过多，{closed} 分钟内不再接受配对码。"
)

# --- who is admitted, for the status --------------------------------------------------------------

ADMITTED = "{people}；单聊 {dm}，群聊 {groups}"
ADMITTED_LISTED = "{people}；单聊 {dm}，群聊 {groups}（列出 {count} 个群）"
EVERYBODY = "所有人"
NOBODY = "无人（allow_from 为空）"
BY_A_CODE = "凭配对码准入 {count} 个"
