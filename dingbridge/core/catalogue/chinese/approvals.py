"""Sentences about approvals, in Chinese."""

from __future__ import annotations

# --- in DingTalk ----------------------------------------------------------------------------------

ALLOWED = "✅ 已同意"
ALLOWED_ALWAYS = "✅ 总是同意"
REJECTED = "❌ 已拒绝"
EXPIRED = "⏰ 已过期，视为拒绝"
WITHDRAWN = "⚪ 不再需要"
RESULT = "{result} · `{code}` · {title}"
RESULT_BY = "{result} · `{code}` · {title} · {who} {time}"
HOW_TO_TAKE_BACK = "收回：`/always off`"
DECIDED_BEFORE = "这个审批请求已经结束。"
ONLY_ONCE = "这个请求不能总是同意，只能同意一次：`/approve {code}` `/reject {code}`"
NO_SUCH_CODE = "没有您可以处理的审批请求 {code}：只有提问的人或管理员可以处理。"
LOST = "这个审批请求已不存在，可能是后台服务重启过；如果是这样，它已被拒绝。"
NONE_OPEN = "没有等您批准的请求。"
OPEN = "等您批准："
OPEN_LINE = "- `{code}` {source} · {title}（剩 {minutes} 分钟）"
HOW_TO_ANSWER = "`/approve {code}` 同意 · `/reject {code}` 拒绝 · `/always {code}` 总是同意"
HOW_TO_ANSWER_ONCE = "`/approve {code}` 同意 · `/reject {code}` 拒绝"
ALWAYS_OF = "本会话总是同意：{kinds}"
NO_ALWAYS = "本会话没有总是同意的工具。"
TAKEN_BACK = "已收回，以后会再次询问：{kinds}"
NO_CARD_SCOPE = (
    "应用没有创建卡片的权限，因此用文字消息请求审批。请申请该权限，或设置"
    " `approval_cards = false`：{link}"
)
TAP_APPROVE = "同意"
TAP_REJECT = "拒绝"
TAP_ALWAYS = "总是同意"
QUESTION_TITLE = "🔐 {code} {title}"
QUESTION = "🔐 **{source}** 等您批准：\n\n{title}"
CUT_HERE = "… 内容太长，已截断，全部内容请在 Neovim 中查看。"
WHOLE_IN_FILE = "全部内容见附件，也可以在 Neovim 中查看。"
MASKED = "密钥已遮盖，在 Neovim 中可以看到。"
VALID_UNTIL = "有效期至 {time}，过期视为拒绝。"
TO_ROBOT = "请单聊机器人回复。"
STATUS_ALWAYS = "- 总是同意：{kinds}（`/always off`）"
STATUS_OPEN = "- 待审批：{count}"

# --- in the editor --------------------------------------------------------------------------------

YOU = "您，在 Neovim 中"
IN_NEOVIM = "Neovim"
EDITOR_ALLOWED = "已同意 {code}（{who}）：{title}"
EDITOR_ALLOWED_ALWAYS = "已同意 {code}，该会话中的所有 `{kind}` 以后也直接同意（{who}）：{title}"
EDITOR_ALLOWED_OWN_ALWAYS = (
    "已同意 {code}，该会话中 {who} 发起的所有 `{kind}` 以后也直接同意：{title}"
)
EDITOR_REJECTED = "已拒绝 {code}（{who}）：{title}"
EDITOR_EXPIRED = "{code} 没有及时答复，视为拒绝：{title}"
EDITOR_WITHDRAWN = "{code} 已不再需要：{title}"
EDITOR_ALWAYS = "{session} 中总是同意：{kinds}（:Chat always off）"
EDITOR_NO_ALWAYS = "这个会话没有总是同意的工具"
EDITOR_TAKEN_BACK = "{kinds} 以后会再次询问"
EDITOR_NONE_OPEN = "没有等您批准的请求"
ASKED_HERE_ALONE = "{code} 只在 Neovim 中询问：向智能体提问的人没有与机器人单聊过"
REFUSED_SO_HERE_ALONE = "{code} 只在 Neovim 中询问：审批请求发不出去：{reason}"
EDITOR_LATE = "没有变化，它已在 {time} 结束。{line}"
EDITOR_ONLY_ONCE = "{code} 只能同意一次，不能总是同意"
EDITOR_NO_SUCH_CODE = "没有审批请求 {code}"
