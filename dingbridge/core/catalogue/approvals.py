"""Sentences about approvals: for the editor's user, and, in Chinese and English, for DingTalk."""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

# --- in DingTalk ----------------------------------------------------------------------------------

ALLOWED = Sentence("✅ 已同意 Allowed")
ALLOWED_ALWAYS = Sentence("✅ 总是同意 Allowed always")
REJECTED = Sentence("❌ 已拒绝 Rejected")
EXPIRED = Sentence("⏰ 已过期，视为拒绝 Expired, so refused")
WITHDRAWN = Sentence("⚪ 不再需要 Not needed any more")
RESULT = Sentence("{result} · `{code}` · {title}")
RESULT_BY = Sentence("{result} · `{code}` · {title} · {who} {time}")
HOW_TO_TAKE_BACK = Sentence("收回 Take it back: `/always off`")
DECIDED_BEFORE = Sentence("这个请求已经结束。This request was closed before.")
ONLY_ONCE = Sentence(
    "这个请求不能总是同意。This can be allowed once only: `/approve {code}` `/reject {code}`"
)
NO_SUCH_CODE = Sentence(
    "没有您能回答的请求：只能由提问的人或管理员回答。"
    "No such request for you, {code}: only the person who asked, or an admin, may answer one."
)
LOST = Sentence(
    "这个请求在这里已经不存在，可能是服务重启过，那么它已被拒绝。"
    "This request is not known here any more, perhaps after a restart; then it was refused."
)
NONE_OPEN = Sentence("没有等您批准的请求。No request waits for you.")
OPEN = Sentence("等您批准 Waiting for you:")
OPEN_LINE = Sentence("- `{code}` {source} · {title} ({minutes} min)")
HOW_TO_ANSWER = Sentence("`/approve {code}` 同意 · `/reject {code}` 拒绝 · `/always {code}` 总是")
HOW_TO_ANSWER_ONCE = Sentence("`/approve {code}` 同意 · `/reject {code}` 拒绝")
ALWAYS_OF = Sentence("本会话总是同意 Always allowed in this session: {kinds}")
NO_ALWAYS = Sentence("本会话没有总是同意的工具。Nothing is always allowed in this session.")
TAKEN_BACK = Sentence("已收回，以后会再问。You will be asked again about: {kinds}")
NO_CARD_SCOPE = Sentence(
    "The app may not create cards, so texts ask for approvals. Apply for it, or set"
    " `approval_cards = false`: {link}"
)
TAP_APPROVE = Sentence("同意 Allow")
TAP_REJECT = Sentence("拒绝 Reject")
TAP_ALWAYS = Sentence("总是同意 Always")
QUESTION_TITLE = Sentence("🔐 {code} {title}")
QUESTION = Sentence("🔐 **{source}** 等您批准 asks to:\n\n{title}")
CUT_HERE = Sentence("… 太长，全部内容在 Neovim 中。Cut here; the whole stands in Neovim.")
WHOLE_IN_FILE = Sentence("全部内容在附件和 Neovim 中。The whole is in the file, and in Neovim.")
MASKED = Sentence("密钥已遮盖，Neovim 中可见。Secrets are masked here; Neovim shows them.")
VALID_UNTIL = Sentence("有效至 {time}，之后视为拒绝。Valid until {time}, then refused.")
TO_ROBOT = Sentence("请单聊机器人回复。Answer the robot in a 1:1 chat.")
STATUS_ALWAYS = Sentence("- 总是同意 Always allowed: {kinds} (`/always off`)")
STATUS_OPEN = Sentence("- 待批准 Approvals open: {count}")

# --- in the editor --------------------------------------------------------------------------------

YOU = Sentence("you, in Neovim")
IN_NEOVIM = Sentence("Neovim")
EDITOR_ALLOWED = Sentence("{code} is allowed ({who}): {title}")
EDITOR_ALLOWED_ALWAYS = Sentence(
    "{code} and every `{kind}` of its session is allowed ({who}): {title}"
)
EDITOR_ALLOWED_OWN_ALWAYS = Sentence(
    "{code} and every `{kind}` of {who}'s own turns in its session is allowed: {title}"
)
EDITOR_REJECTED = Sentence("{code} is rejected ({who}): {title}")
EDITOR_EXPIRED = Sentence("{code} was not answered in time, so it is refused: {title}")
EDITOR_WITHDRAWN = Sentence("Nobody waits for {code} any more: {title}")
EDITOR_ALWAYS = Sentence("always allowed in {session}: {kinds} (:Chat always off)")
EDITOR_NO_ALWAYS = Sentence("nothing is always allowed in this session")
EDITOR_TAKEN_BACK = Sentence("You will be asked again about {kinds}")
EDITOR_NONE_OPEN = Sentence("no request waits for your approval")
ASKED_HERE_ALONE = Sentence(
    "{code} is asked in Neovim alone: the person who asked the agent has no 1:1 chat with the robot"
)
REFUSED_SO_HERE_ALONE = Sentence(
    "{code} is asked in Neovim alone: its question could not be sent: {reason}"
)
EDITOR_LATE = Sentence("Nothing changes, this was closed at {time}. {line}")
EDITOR_ONLY_ONCE = Sentence("{code} can be allowed once only")
EDITOR_NO_SUCH_CODE = Sentence("There is no request {code} to approve")
