"""Sentences of the shell command and the installation, in Chinese."""

from __future__ import annotations

INSTALL_PACKAGE = "安装命令：\n  {python} -m pip install {package}"
FETCHING_EXAMPLES = "正在下载 CommonMark 规范的示例"
FETCHING_SDK = "正在下载钉钉的 Node SDK"
NOT_FETCHED = "下载失败：{reason}"
MAKING = "正在用 Python {version} 创建 {folder}"
ASKING_INDEX = "正在查询包索引"
INDEX_UNREACHABLE = "无法访问包索引；本机是否联网？是否需要代理？"
ABOUT = "把 Neovim 的聊天会话接到钉钉，也可以在终端中发送通知。"
USAGE = "用法："
ARGUMENTS = "参数："
OPTIONS = "选项："
SHOWS_HELP = "显示帮助"
SHOWS_VERSION = "显示版本"
NOTIFY = "给机器人所在的群，或设置中的群、人发一条消息"
NOTIFY_ABOUT = "向钉钉发送一条消息。送达时没有任何输出。"
NOTIFY_TEXT = "消息内容；- 表示读取标准输入"
NOTIFY_TITLE = "在钉钉聊天列表中显示的标题"
NOTIFY_AT_USER = "@ 一个员工编号"
NOTIFY_AT_MOBILE = "@ 一个手机号"
NOTIFY_AT_ALL = "@ 群里的所有人"
NOTIFY_CONFIG = "JSON 文件，内容与传给 setup() 的表相同"
NOTIFY_TIMEOUT = "超过这么多秒后不再重试（{seconds:g}）"
NOTIFY_VERBOSE = "说明消息发到了哪里"
STATUS = "不用编辑器，查看绑定、等待和失败的情况"
STATUS_ABOUT = (
    "读取 Neovim 数据文件夹中的文件，不做任何更改。"
    "与 Neovim 一样，数据文件夹由 NVIM_APPNAME 和 XDG_DATA_HOME 决定。"
)
OUTBOX = "不用编辑器，列出等待和失败的消息"
OUTBOX_ABOUT = (
    "读取 Neovim 数据文件夹中的发件箱，不做任何更改。"
    "这些编号可用于 Neovim 中的 `:DingTalk retry` 和 `:DingTalk drop`。"
)
SANDBOX = "在本机模拟一个钉钉，供试用"
SANDBOX_ABOUT = "在本机回环地址上模拟钉钉；以 JSON 输出它的地址和设置。"
SANDBOX_PORT = "默认 0，使用任意空闲端口"
DEMO = "在 Neovim 中和模拟的钉钉聊天；没有终端时自动演示一段对话"
DEMO_ABOUT = (
    "打开 Neovim，旁边是一部聊天用的手机，都在本机上。"
    "没有终端时自动演示一段对话，全部送达才以 0 退出。"
)
NOBODY_TO_NOTIFY = "没有通知对象；请设置 {conversation} 或 {user}"
NOTHING_TO_SEND = "没有可发送的内容；文字为空"
MENTION_NEEDS_WEBHOOK = "@ 需要 webhook；消息照常发送，不带 @"
DELIVERED = "已送达 {place}"
NOT_SET_UP = "还没有设置钉钉；请设置 {webhook}，或 {key} 和 {secret}，或使用 --config"
CANNOT_READ = "无法读取 {path}：{reason}"
NO_OBJECT = "{path} 必须是一个包含选项的 JSON 对象"
ONLY_DINGTALK = "{path}：integrations 中只能有 dingtalk"
NOT_YET = "还没有发出：{reason}；正在重试"
CANNOT_SERVE = "无法在端口 {port} 上提供服务：{reason}"
NEEDS_PACKAGE = "需要 {package} 包；{what_to_do}"
SECONDS_BOUNDS = "必须大于 0，不超过 86400"
PORT_BOUNDS = "必须在 0 到 65535 之间"
NOTIFY_AFTER = """\
设置就是 setup() 的选项，来自以下环境变量或 --config：
{variables}

退出码：0 已送达，1 被拒绝，2 用法或设置有误，3 无法连接。"""
BAD_JSON = "{path} 不是有效的 JSON"
BAD_JSON_AT = "{path} 不是有效的 JSON，第 {line} 行"
DELIVERED_PERHAPS_TWICE = "已送达；可能重复：之前一次尝试没有收到钉钉的响应"
INSTALL_ELSEWHERE = (
    "请建立包含它的环境，并运行其中的 dingbridge：\n"
    "  make -C {project} install WITH={extra}\n  {program}"
)
CANNOT_BE_MADE = "无法创建 {folder}：{reason}"
PIP_FAILED = "pip 安装失败：{reason}"
PIP_FAILED_SILENTLY = "pip 安装失败，没有任何输出"
PIP_LOG = "{reason}（pip 的全部输出在 {log} 中）"
COLLECTING = "正在下载 {package}"
INSTALLING = "正在安装 {count} 个包"
DONE = "完成"
DOCTOR = "检查哪里有问题，怎样解决"
DOCTOR_ABOUT = (
    "检查设置、文件、到钉钉的通路、应用和后台服务，并给出处理办法。"
    "没有错误时返回 0，有错误返回 1，连不上钉钉返回 3。"
)
DOCTOR_PING = "然后给机器人发一条消息，验证往返通路；在终端里，连接已建立时默认进行"
DOCTOR_REPORT = "同时写入一个用于反馈问题的文件，不含密钥、姓名和消息内容"
