"""Names of expected and of given values, in Chinese."""

from __future__ import annotations

TRUE_OR_FALSE = "true 或 false"

# --- what it must be ------------------------------------------------------------------------------

TEXT_IN_QUOTES = "引号中的文字"
NUMBER_WITHIN = "{least} 到 {most} 的数字"
WHOLE_NUMBER_WITHIN = "{least} 到 {most} 的整数"
CHOICE = "'{choice}'"
EITHER = "{first} 或 {other}"
LIST_OF_TEXT = "文字列表，如 {{ 'zhangsan' }}"
LIST_OF_COMMANDS = "远程命令列表，如 'status'"
WEBHOOK_ADDRESS = "机器人的地址 https://oapi.dingtalk.com/robot/send?access_token=..."
ENDPOINT_ADDRESS = "地址，如 https://api.dingtalk.com（http:// 只能用于本机）"
PROXY_ADDRESS = "地址，如 http://127.0.0.1:8080"
FUNCTION_OR_PROGRAM = "Lua 函数，或由程序及其参数组成的列表"
AGENT_OR_COMMAND = "智能体的名称，如 'qwen'，或含 command 和 name 的表"
KEY_OR_FALSE = "按键，如 '<C-s>'，或 false"
SIGN_OR_FALSE = "短文字，如 '👀'，或 false"
HOURS_OR_FALSE = "时间段，如 '22:00-08:00'，或 false"
PROGRAM_WITH_ARGUMENTS = "由程序及其参数组成的列表"
TABLE_OF_OPTIONS = "选项表"
TABLE_OF_CONVERSATIONS = "以聊天 ID 为键的选项表"
TABLE_OF_KEYS = "以名称为键的按键表"
TABLE_OF_PROGRAMS = "以名称为键的程序表"
TABLE_OF_VARIABLES = "以名称为键的文字表"
TABLE_OF_ACCOUNTS = "以名称为键的账号表"
TABLE_WITH_DINGTALK = "含 dingtalk 的表"

# --- what to put instead of a placeholder ---------------------------------------------------------

WHOLE_ADDRESS = "钉钉显示的机器人完整地址"
SIGNING_SECRET = "机器人的加签密钥（以 SEC 开头）"
CLIENT_ID = "应用的 Client ID（AppKey）"
CLIENT_SECRET = "应用的 Client Secret（AppSecret）"
ROBOT_CODE = "机器人编码"
GROUPS_ID = "群的聊天 ID"
PERSONS_ID = "对方的员工编号"
EITHER_ID = "聊天 ID 或员工编号"
STAFF_ID = "员工编号（:Chat help staff-ids）"

# --- what it is -----------------------------------------------------------------------------------

A_FUNCTION = "函数"
NO_VALUE = "空值"
A_NUMBER = "数字"
SOME_TEXT = "文字"
EMPTY_TABLE = "空表"
A_TABLE = "表"
A_LIST = "列表"
SOMETHING_ELSE = "其他内容"
