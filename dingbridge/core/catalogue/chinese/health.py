"""Sentences of `:checkhealth dingbridge` that Lua writes, in Chinese."""

from __future__ import annotations

PART_EDITOR = "dingbridge：Neovim 和 Python"
PART_SETTINGS = "dingbridge：设置"
PART_FILES = "dingbridge：文件"
PART_AGENTS = "dingbridge：编程智能体"
PART_HOST = "dingbridge：插件进程和后台服务"
OF_ACCOUNT = "{account}：{row}"

# --- Neovim and Python ----------------------------------------------------------------------------

NEOVIM_OLD = "Neovim {version} 版本太低"
INSTALL_NEOVIM = "请安装 Neovim {version} 或更高版本"
NO_ANSWER_WITHIN = "{seconds} 秒内没有响应"
NO_PYTHON = "它不是 Python"
CHOSEN_BY = "`{program}`（依据：{why}）"
HANDS_OVER = "`{program}`（依据：{why}），由它转到 `{other}`"
PYTHON_CANNOT_BE_RUN = "Python 无法运行：{python}：{problem}"
PYTHON_CANNOT_RUN_HOST = "Python 无法运行插件进程：{python}：{problem}"
PYTHON = "Python {version}：{python}"
PACKAGES_THERE = "需要的 Python 包都已安装"
CALL_SETUP = "请在 init.lua 中调用 `require('dingbridge').setup({{ … }})`"
NO_COMMANDS = "没有定义命令"
COMMANDS_OURS = "`:Chat` 和 `:DingTalk` 是 dingbridge 的命令"
CHAT_OF_OTHER = "`:Chat` 是另一个插件的命令"
USE_DINGTALK = "请改用 `:DingTalk`，用法相同"
MODULE_OF_OTHER = (
    "`require('chat')` 是另一个插件的模块 `{file}`；dingbridge 的模块是 `require('dingbridge')`"
)

# --- settings -------------------------------------------------------------------------------------

CORRECT_SEE = "请在 `setup()` 中改正；见 {help}"
NOT_SET_UP = "没有设置钉钉"
CHECKED_LATER = "Python 可以运行之后才会完整检查设置"

FILES_LATER = "Python 可以运行之后才会检查文件"
AGENTS_LATER = "Python 可以运行之后才会检查智能体"

# --- files ----------------------------------------------------------------------------------------

DATA = "数据"
LOG = "日志"
FOLDER = "{what}：`{folder}`"
FOLDER_LATER = "{what}：`{folder}`，需要时创建"
NO_FOLDER = "{what}：`{folder}` 不是文件夹"
MOVE_FILE = "请移走那个文件"
FOLDER_UNWRITABLE = "{what}：`{folder}` 无法写入"
MAKE_YOURS = "请把它改为您所有，例如用 chown 和 chmod u+rwx"
OTHERS_CAN_REPLACE = "其他用户可以替换 `{folder}` 中保存的内容"
MAKE_FOLDER_YOURS = "请把那个文件夹改为您所有，并执行：chmod go-w {folder}"
ALL_PRIVATE = "其中保存的内容只有您能访问"
OTHERS_CAN_READ = "其他用户可以读取或修改 {paths}"
OTHERS_CAN_READ_MORE = "其他用户可以读取或修改 {paths}，以及另外 {count} 个"
LOG_FILE = "日志是 `{path}`（{size} KB，用 `:Chat log` 打开）"
LOG_FILE_LATER = "日志是 `{path}`（还没有写入）"

# --- the host and the service ---------------------------------------------------------------------

HOST_OFF = "插件进程没有运行；第一次执行 `:Chat` 时启动，必要时一并启动后台服务"
HOST_READING = "插件进程正在运行；后台服务还没有读取设置"
HOST_RUNS = "插件进程正在运行，后台服务已读取设置"
SERVICE_AWAY = "后台服务没有运行，或没有响应"
SERVICE_TELLS = "`:Chat service` 显示是哪一种，`:Chat service restart` 重新启动"
HOST_SAYS = "后台服务报告：{trouble}"
CORRECT_OUTSIDE = "请在 `setup()` 或它从外部读取的内容中改正"
STATUS_SAYS = "`:Chat status` 显示还缺什么"
CONNECTED = "已连接钉钉"
NO_REASON = "原因不明"
NOT_CONNECTED = "未连接钉钉：{reason}"
STATUS_SAYS_WHEN = "会自动重试；`:Chat status` 显示什么时候"
HELP_REASONS = "各种原因的说明见 :help dingbridge-trouble"
CONNECTING = "正在连接钉钉"
LINK_OFF = "没有连接：没有绑定会话"
BRIDGE_BINDS = "用 `:Chat bridge dingtalk` 绑定当前会话"
MESSAGES_HELD = "消息还要等待 {seconds} 秒：{reason}"
LEAVE_BY_THEMSELVES = "不需要处理：之后会自动发送"
MESSAGES_WAIT = "{count} 条消息在排队；用 `:Chat outbox` 查看"
MESSAGES_FAILED = "{count} 条消息发送失败"
OUTBOX_SHOWS = "`:Chat outbox` 显示每一条及其原因"
RETRY_OR_DROP = "用 `:Chat retry` 重试，或用 `:Chat drop {{id}}` 放弃一条"
LAST_ERROR = "最近的错误：{reason}"
HELP_AND_LOG = "见 :help dingbridge-trouble 和 `:Chat log`"
ASKING = "{count} 个访问申请待处理"
PAIR_SHOWS = "`:Chat pair` 显示是谁"
QUOTA = "调用额度：{quota}"
BY_A_CODE = "凭配对码准入：{people}"
