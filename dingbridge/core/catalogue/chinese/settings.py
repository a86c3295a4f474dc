"""Sentences about settings that only Python uses, in Chinese."""

from __future__ import annotations

IS_OFF = "{path}enabled 为 false；请设为 true"
NO_WEBHOOK = "没有设置 {path}webhook；设置后可以单向发消息到群"
NO_APP = "没有设置 {path}app_key 和 {path}app_secret；设置后可以双向聊天"
NO_VARIABLE = "{path} 第 {line} 行不是 NAME=text 的格式"
OTHERS_CAN_READ = "其他用户可以读取 {path}，其中可能有密钥；用 chmod 600 可禁止他们读取"

# --- what is wrong with an option, after its path -------------------------------------------------

VARIABLE_NOT_SET = "没有设置环境变量 {name}"
DIFFERS = "与 {path} 是同一个选项，值却不同"
NEEDS_OPTION = "还需要 {option}"
HTTPS_ONLY = "必须以 https:// 开头"
FOREIGN_HOST = (
    "{host} 不是钉钉的域名（dingtalk.com、dingtalk.io），"
    "也不是 endpoint.api 或 endpoint.oapi 指定的域名"
)
ROBOT_SEND_ONLY = "路径必须是 /robot/send"
NO_ACCESS_TOKEN = "缺少 access_token"
NO_REMOTE_COMMAND = "不是远程命令；可用的有 {known}"
NO_REMOTE_COMMAND_NEAR = "不是远程命令，您是不是要 {near}？"
WOULD_BE_EVERYBODY = "'*' 会包括所有人；请逐个列出"
FILE_NOT_ABSOLUTE = "必须是绝对路径：以 / 或 ~ 开头"
FILE_IS_NONE = "读不了（不是文件）"
FILE_TOO_LARGE = "读不了（超过 {most} 字节）"
FILE_NO_TEXT = "读不了（不是 UTF-8 文本）"
FILE_NO_SUCH_PATH = "读不了（路径不存在）"
FILE_UNREADABLE = "读不了（{reason}）"
FILE_UNREAD_CLOSING = "没有读取：编辑器正在关闭"
NO_ACCOUNT = "不是账号；已有 {known}"
NO_AGENT = "不是已知的智能体；可用的有 {known}，其他智能体用 {{ command = {{ … }} }} 启动"
NO_AGENT_NEAR = "不是已知的智能体，您是不是要 {near}？"
EITHER_ANSWERS = "不能与 {other} 同时回答；请去掉其中一个"
SAME_ROBOT = "{first} 和 {other} 是同一个机器人；请分别设置各自的 app_key 或 webhook"

# --- what is in force -----------------------------------------------------------------------------

BY_DEFAULT = "默认值"
BY_SETUP = "setup()"
BY_PROGRAM = "命令 {program}"
BY_VARIABLE = "${name}"
BY_ENV = "env 中的 ${name}"
BY_ENV_FILE = "env_file 中的 ${name}"
VALUE_AND_SOURCE = "{option}：{value}（{source}）"
LUA_FUNCTION = "Lua 函数"
