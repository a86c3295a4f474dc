"""Sentences about access: for the robot's owner in Neovim, and for strangers in DingTalk.

Those in DingTalk are in Chinese and English, and short, for a phone.
"""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence


class RefusalSentence(Sentence):
    """The refusal for a person without access; `reason` is the same for the log."""

    __slots__ = ("reason",)

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(
            f"抱歉，{chinese}。机器人的主人可以修改下面的设置。\n\n"
            f"Sorry, {english}. The owner of this robot can change the setting below."
        )
        self.reason = english


# --- to strangers ---------------------------------------------------------------------------------

NO_ONE_TO_ONE = RefusalSentence("我不接受单聊消息", "I take no 1:1 messages")
NO_GROUPS = RefusalSentence("我不接受群消息", "I take no messages from groups")
GROUP_NOT_LISTED = RefusalSentence("本群不在允许名单中", "this group is not on the list")
NOT_A_USER = RefusalSentence("您不在本群的允许名单中", "you are not on this group's list")
NOT_LISTED = RefusalSentence("您不在允许名单中", "you are not on the list")
NOT_PAIRED = RefusalSentence(
    "您不在允许名单中（也可以单聊我申请）",
    "you are not on the list (you can also write to me 1:1 to ask)",
)
TOO_MANY_REQUESTS = RefusalSentence(
    "您的申请太多，请过一小时再试",
    "too many of your requests are open, try again in an hour",
)
NO_STAFF_ID = Sentence(
    "我看不到您的员工 ID：您不在本组织内，或应用尚未发布。"
    "I see no staff id of yours: you are outside the organisation, or the app is not published."
)
SETTING = Sentence("- 设置 / Setting: {line}")
YOUR_ID = Sentence("- 您的 ID / Your id: {id}")
GROUP_ID = Sentence("- 本群 / This group's conversationId: {id}")
CODE_FOR_PERSON = Sentence(
    "我还不认识您。请机器人的主人在 {minutes} 分钟内在 Neovim 中输入 {command}\n\n"
    "I do not know you yet. Ask the owner of this robot to type {command} in Neovim within"
    " {minutes} min."
)
CODE_FOR_GROUP = Sentence(
    "我还不认识本群。请机器人的主人在 {minutes} 分钟内在 Neovim 中输入 {command}\n\n"
    "I do not know this group yet. Ask the owner of this robot to type {command} in Neovim within"
    " {minutes} min."
)
ACCEPTED = Sentence("您已获准。You have access. /help")
ACCEPTED_ONCE = Sentence("您已获准，有效 {hours} 小时。You have access for {hours} h. /help")
GROUP_ACCEPTED = Sentence("本群已获准。This group has access. /help")
GROUP_ACCEPTED_ONCE = Sentence(
    "本群已获准，有效 {hours} 小时。This group has access for {hours} h. /help"
)
DENIED = Sentence("您的申请未获准。Your request was denied.")
GROUP_DENIED = Sentence("本群的申请未获准。The request for this group was denied.")

# --- to the owner ---------------------------------------------------------------------------------

ASKS = Sentence(
    "{who} asks to talk to you on {account}: :Chat pair {code} gives them access, :Chat deny {code}"
    " refuses"
)
FIRST_REFUSED = Sentence(
    "a message from {who} was refused: {setting} in setup() does not give them access; :Chat status"
    " counts further ones (:Chat help access)"
)
PERSON = Sentence("{id} ({name})")
GROUP = Sentence("group {id} ({name})")
GROUP_ASKED_FOR = Sentence("group {id} ({name}) through {asker} ({nick})")
PENDING = Sentence("pending: {code}  {who}, {minutes} min ago")
PENDING_NOW = Sentence("pending: {code}  {who}, just now")
PAIRED = Sentence("paired: {who}, for good")
PAIRED_ONCE = Sentence("paired: {who}, for {minutes} min")
NOBODY_AT_ALL = Sentence("nobody asks, and nobody is paired")
NOBODY_ASKS = Sentence("nobody asks for access")
NOBODY_PAIRED = Sentence("nobody has access by a code")
LET_IN = Sentence("{who} has access for good")
LET_IN_ONCE = Sentence("{who} has access for an hour")
NOT_LET_IN = Sentence("{who} has no access, and may ask again in a day")
NO_SUCH_ID = Sentence("nobody with the id {id} is paired; :Chat pair lists who is")
REVOKED = Sentence("{who} is not paired any more")
PAIRED_MOST = Sentence("{most} are paired already; revoke one first.")
NO_MORE_CODES = Sentence("Too many wrong codes: none is taken for another {minutes} min.")
WRONG_CODE = Sentence("No open request has that code: a code works once, within {minutes} min.")
WRONG_CODE_OF_OPEN = Sentence(
    "No open request has that code: a code works once, within {minutes} min; :Chat pair lists the"
    " open requests."
)
WRONG_CODE_LAST = Sentence(
    "No open request has that code: a code works once, within {minutes} min. After so many wrong"
    " ones none is taken for another {closed} min."
)

# --- who is admitted, for the status --------------------------------------------------------------

ADMITTED = Sentence("{people}; 1:1 {dm}, groups {groups}")
ADMITTED_LISTED = Sentence("{people}; 1:1 {dm}, groups {groups} ({count} listed)")
EVERYBODY = Sentence("everybody")
NOBODY = Sentence("nobody (allow_from is empty)")
BY_A_CODE = Sentence("{count} by a code")
