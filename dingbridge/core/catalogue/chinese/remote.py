"""The robot's replies to remote commands, and its replies instead of the responder, in Chinese."""

from __future__ import annotations

# --- help and how a command is written ------------------------------------------------------------

NO_COMMANDS = "没有您可以使用的命令。"
COMMANDS = "命令："
HELP_LINE = "- `{form}` {chinese} · {meaning_chinese}"
UNKNOWN = "没有命令 {command}\n\n`/help` 查看帮助"
UNKNOWN_NEAR = "没有命令 {command}\n\n您是不是要用 `/{nearest}`？`/help` 查看帮助"
USAGE = "用法：`{form}`{note}\n\n{meaning_chinese}"
USAGE_OF_LINES = "用法：`{form}`（最多 {most} 行）\n\n{meaning_chinese}"
NOT_ALLOWED = (
    "您不能使用 `/{name}`。\n\n您的编号：{identity}\n\n设置：{setting}（`'{name}'`）或 `admins`"
)

# --- sessions -------------------------------------------------------------------------------------

NOTHING_BOUND = "没有绑定的会话。"
NONE_FOUND = "没有标题或文件夹含“{text}”的会话。"
HOW_TO_SWITCH = "/session N 切换会话"
SESSION = "{title} · {folder}"
SESSION_BUSY = "{title} · {folder}（忙）"
NONE = "没有"
NO_SUCH_SESSION = "没有这个会话。"
NEW_SESSION = "新会话已开始。"
NEW_SESSION_NAMED = "新会话已开始：{title}"
CLEARED = "会话已清空。"
STOPPED = "已停止。"
NOTHING_TO_STOP = "没有可停止的回答。"
NO_MESSAGES = "还没有消息。"
PONG = "pong {digits}"
NOBODY_THERE = "现在没有打开的会话。"
PERHAPS_DONE = "执行时中断了，请检查后再试。"

# --- status and who is who ------------------------------------------------------------------------

STATUS_SESSION = "- 会话：{session}"
STATUS_LINK = "- 连接：{link}"
STATUS_EDITORS = "- 编辑器：{editors}"
STATUS_COUNTS = "- 待发：{queued} · 失败：{failed}"
STATUS_PROBLEM = "- 问题：{problem}"
MUTED = "通知暂停至 {time:%m-%d %H:%M}。`/mute off` 恢复通知。"
NOT_MUTED = "通知照常发送。"
ADMIN = "管理员"
MEMBER = "成员"
WHO_AM_I = "- 员工编号：{staff}\n- senderId：{sender}\n- 角色：{role}\n- 命令：{may}"
GROUP = "- 群聊"
GROUP_NAMED = "- 群聊 · {title}"
SINGLE = "- 单聊"
SINGLE_NAMED = "- 单聊 · {title}"
CONVERSATION_ID = "- conversationId：{id}"
TARGET = "- 地址：{target}"

# --- the editor -----------------------------------------------------------------------------------

ANSWER_UNREADABLE = "编辑器的回答无法读取。"
PLACE = "- {place}"
PLACE_MODIFIED = "- {place}（未保存）"
FUNCTION = "- 函数：{function}"
BRANCH = "- 分支：{branch}"
FILETYPE = "- 类型：{filetype}"
NO_DIAGNOSTICS = "没有诊断信息。"
DIAGNOSTICS = "诊断：{total}（❌ {errors} · ⚠️ {warnings}）"
QUICKFIX_EMPTY = "快速修复列表是空的。"
QUICKFIX = "快速修复：{total}"
IN_SECRET_FILES = "- {hidden} 项在机密文件中，不显示"
MORE_ITEMS = "- … 还有 {rest} 项"
OPENED = "已在编辑器中打开：{place}"

# --- files, changes and jobs ----------------------------------------------------------------------

CUT = "… 太长，已截断"
MORE_OF_FILE = "… 后面还有：{command}"
NO_CHANGES = "没有改动。"
NO_CHANGES_IN = "{path} 没有改动。"
CHANGES = "改动"
CHANGES_IN = "改动 {path}"
MORE_LINES = "… 还有 {rest} 行"
NO_SUCH_JOB = "没有任务 {job}"
NO_JOBS = "设置中没有任务（`jobs`）。"
JOBS = "任务：{jobs}"
JOB_ENDED = "{sign} {job} 已结束，状态 {status}"
JOB_NOT_STARTED = "任务无法启动。"
JOB_TOO_LONG = "任务超过 {seconds:g} 秒，已停止。"
JOB_STOPPED = "任务已停止。"
OUTSIDE = "这个路径不在会话的项目文件夹内。"
HIDDEN = "可能含有密钥的文件（密钥、`.env`、`.git`）不会显示。"
NO_PATH = "这不是文件路径。"
NO_FILE = "没有这个文件。"
NOT_A_FILE = "这不是普通文件（是文件夹、设备或管道）。"
BINARY = "这是二进制文件，不会显示。"
TOO_FAR = "这一行太靠后了。"
FILE_UNREADABLE = "这个文件读不了。"
NO_FOLDER = "会话没有可以显示的项目文件夹。"
FEWER_LINES = "这个文件只有 {count} 行。"
NO_REPOSITORY = "这里没有 git 仓库。"
NO_GIT = "这台电脑上没有安装 git。"
GIT_FAILED = "git 没有成功（状态 {status}）。"
GIT_TOO_SLOW = "git 用时太长。"
ODD_REPOSITORY = "这个仓库的过滤器设置不寻常，不显示改动。"

# --- answers of the responder ---------------------------------------------------------------------

SORRY = "抱歉，处理您的消息时出错了。"
LOST = "抱歉，服务在回答之前中断，回答丢失了，您可以再问一次。"
CLOSED = "抱歉，编辑器在回答之前关闭了。"
WAITING_WITHDRAWN = "已撤回您排队的 {count} 条消息。"
