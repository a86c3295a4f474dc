"""Sentences about agents that give no answer, in Chinese."""

from __future__ import annotations

# --- why a turn failed ----------------------------------------------------------------------------

NOT_FOUND = "{agent} 没有安装：PATH 中没有程序 `{program}`"
NOT_STARTED = "{agent} 无法启动"
OTHER_PROTOCOL = "{agent} 使用的 Agent Client Protocol 版本不受支持"
NEEDS_LOGIN = "{agent} 需要登录"
DIED = "{agent} 在工作中途退出了"
SILENT = "{agent} 太久没有输出，已结束"
REFUSED = "{agent} 返回了错误"

# --- what to do -----------------------------------------------------------------------------------

INSTALL_FROM_NPM = "请用 `npm install --global {package}` 安装"
INSTALL_IT = "请安装它，或写出程序的完整路径"
UPDATE_FROM_NPM = "请用 `npm install --global {package}@latest` 更新"
UPDATE_IT = "请更新它"
TRY_IN_TERMINAL = "在终端中运行 `{command}` 可以看到更多信息"
LOG_IN = "请在终端中运行一次 `{command}` 并登录"
LOG_IN_THERE = "请按它的文档登录"
STARTS_AGAIN = "发送下一条消息时会重新启动"
ASK_AGAIN = "请重新提问，或换一个问题"

# --- details --------------------------------------------------------------------------------------

PACKAGE_MISSING = "缺少 Python 包 `agent-client-protocol`；用 `:Chat install` 安装"
NO_FOLDER = "没有文件夹 {folder}"
EXIT_STATUS = "退出状态为 {status}"
VERSION_IS = "它使用版本 {version}"
NO_ANSWER_WITHIN = "`{method}` 在 {seconds:g} 秒内没有响应"
NO_SUCH_MODE = "没有模式 {mode}；可选：{offered}"
NO_SUCH_MODEL = "没有模型 {model}；可选：{offered}"
NO_MODES = "没有可选的模式"
NO_MODELS = "没有可选的模型"
TAKEN_BACK = "已取消所选的 {setting} {name}：智能体不接受"
CANNOT_LIST = "无法列出会话"
ENDED_MEANWHILE = "期间已结束"
ASK_ONCE_MORE = "请再问一次"
BUSY = "它正在回答，这一轮结束后再问"
IS_A_FOLDER = "{path} 是文件夹"
NOT_EXECUTABLE = "{path} 没有执行权限"
SERVICE_ENDED = "{agent} 随 dingbridge 的后台服务一起结束了"
