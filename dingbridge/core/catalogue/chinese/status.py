"""The lines of `:Chat status` and `dingbridge status`, in Chinese."""

from __future__ import annotations

MODE = "模式：{mode}"
NOT_SET_UP = "模式：关闭（未设置）"
HAS_PROBLEMS = "模式：关闭（设置有问题）"
APP = "应用：{app}（账号 {account}）"
LINK = "连接：{state}"
DOWN = "{link}：{trouble}"
NEXT_TRY = "{link}；{seconds} 秒后重试"
ADMITTED = "已准入：{people}"
NOBODY_KNOWN = "还没有认识的人"
ASKING = "申请访问权限：{count}（:Chat pair）"
REFUSED = "被拒绝的消息：{count}"
SESSION = "会话：{title}"
NONE = "无"
GOES_TO = "消息发给：{target}"
QUEUED = "排队：{queued}，失败：{failed}"
COOLING_DOWN = "等待：{reason}"
MUTED = "手机通知：暂停至 {time:%m-%d %H:%M}"
LAST_ERROR = "最近的错误：{error}"

# --- without an editor ----------------------------------------------------------------------------

BOUND = "已绑定：{title}（在 {folder}）"
BOUND_TO = "已绑定：{title} → {place}（在 {folder}）"
MADE = "按需建立的会话：{count}"
ASKED = "申请访问权限：{count}"
WAITING = "等待：{waiting}，失败：{failed}"
LATEST_FAILURE = "  最近的失败：{reason}"
DATA = "数据：{folder}"
LOG = "日志：{file}"
SHARED = (
    "这个会话中有 {count} 个聊天（`session_scope` 可以让每个聊天有自己的会话：:Chat help scopes）"
)
