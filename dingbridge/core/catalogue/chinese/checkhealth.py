"""Sentences of `:checkhealth dingbridge` about settings and agents, in Chinese."""

from __future__ import annotations

SAID_BY_PROGRAM = "{option}：由程序 `{program}` 给出"
PROGRAM_CANNOT_BE_RUN = "{option}：程序 `{program}` 无法运行"
INSTALL_PROGRAM = "请安装它，或在 `cmd` 的第一个词写出它的绝对路径"
FROM_ENVIRONMENT = "{option}：来自环境变量 {variable}"
IN_SETTINGS = "{option}：写在设置中"
ENV_FILE = "env_file：`{path}`"
NAME_STAFF_IDS = (
    "请列出员工编号：allow_from = {{ 'manager01' }}；拒绝对方时的回复里有其编号，"
    "详见 :Chat help staff-ids"
)
EVERYBODY_LET_IN = "能给机器人发消息的人都已准入"
LET_IN = "已准入：{people}"
CODES_ONLY = (
    "设置没有准入任何人：给机器人发消息的人会收到配对码，`:Chat pair` 显示谁在申请，"
    "`:Chat pair {{code}}` 准入"
)
NOBODY_LET_IN = "没有准入任何人：allow_from 为空"
LET_ASK = "也可以让对方申请：dm = {{ policy = 'pairing' }}，然后用 `:Chat pair {{code}}` 准入"
POLICIES = "单聊：{dm}；群聊：{groups}"
API_MODE = "API 模式，可收可发（账号 {account}）"
API_MODE_OF_APP = "API 模式，可收可发，应用 {app}（账号 {account}）"
WEBHOOK_MODE = "Webhook 模式，只能发送：消息发到机器人所在的群"
SWITCHED_OFF = "已关闭"
SWITCH_ON = "设置 enabled = true 即可打开"
SET_WEBHOOK_OR_APP = "设置 `webhook` 可以向群发送；设置 `app_key` 和 `app_secret` 可以收发"
HELP_CONFIGURE = "设置方法见 :help dingbridge-configure"
OFF_UNTIL_THEN = "在此之前钉钉不可用，编辑器里的会话可以照常使用"
FROM_PLACE = "{option}：来自 `{place}` 的变量 {variable}"

# --- coding agents --------------------------------------------------------------------------------

NO_AGENTS = "没有安装编程智能体；支持 {known}"
NO_AGENT_PACKAGE = "无法启动智能体：缺少包 agent-client-protocol"
INSTALL_PACKAGES = "`:Chat install` 会安装缺少的包"
AGENT_ANSWERS = "{agent} 有响应：{name}"
AGENT_FAILS = "{agent} 没有响应：{reason}"
INSTALL_IMAGES = "请用 `:Chat install images` 安装所需的包"
NO_PICTURES = "`:Chat send-image` 还不能画图：缺少包 {package}"
