"""Sentences about the background service, and about dingbridge itself, in Chinese."""

from __future__ import annotations

NO_SOCKET = "无法打开本地套接字（{reason}）"
FOLDER_MISSING = "文件夹 {folder} 不存在，没有在其中打开套接字"
FOLDER_NO_FOLDER = "{folder} 是链接或文件，不是文件夹，没有在其中打开套接字"
FOLDER_OF_ANOTHER = "文件夹 {folder} 属于其他用户，没有在其中打开套接字"
FOLDER_OPEN = "其他用户可以访问文件夹 {folder}，没有在其中打开套接字"
REMOVE_FOLDER = "请删除 {folder}，或把 XDG_RUNTIME_DIR 设为只有您能访问的文件夹。"
NO_SOCKETS = "系统无法提供套接字（{reason}）"
UNEXPECTED = "意外错误 {error}；请在 :Chat log 中查找 {reference}"
NO_SETTINGS = "编辑器没有发来设置"
RESTART = "请重新启动 Neovim"
LOG_NOT_WRITTEN = "日志文件 {path} 无法写入（{reason}）；程序继续运行，不写日志"
SETTINGS_WAIT = "设置正在等待 {names}"
SETTINGS_WAIT_FILE = "设置正在等待 env_file"
CANNOT_USE = "无法使用 {name}：{reason}"
NOT_SAVED = "{name} 无法写入（{reason}）：新的内容还没有保存"
UNKNOWN_EVENT = "编辑器发来了未知的内容：{name}"
UNUSABLE_EVENT = "{name} 收到的参数无法使用：{reason}"
FOLDER_UNWRITABLE = "{path} 无法写入（{reason}），因此不收发任何消息"
LET_WRITE = "请允许您的用户在那里写入，dingbridge 随后会继续。"
ROBOT_HELD = (
    "这个机器人正由另一个数据文件夹的后台服务使用（进程 {pid}，{data}）；等它结束后即可接管"
)
ROBOT_HELD_BY_OLD = (
    "这个机器人正由运行 dingbridge 0.1 的 Neovim 使用（进程 {pid}）；退出那个 Neovim 后即可接管"
)
ROBOT_HELD_BY_SERVICE = "这个机器人正由后台服务使用（进程 {pid}），但它没有响应"
ROBOT_HELD_BY_NOTIFY = "这个机器人正由 dingbridge notify 使用（进程 {pid}）；等它发完消息后即可接管"
ROBOT_HELD_BY_UNKNOWN = "这个机器人正由一个未知的进程使用；等那个进程结束后即可接管"
FATE_NOT_TOLD = "后台服务没有告知消息的结果"
SERVICE_CANNOT_START = "后台服务无法启动：{words}"
SERVICE_ENDS_AT_ONCE = "后台服务无法启动：启动后立即退出，没有任何输出"
SERVICE_UNFIT = "正在运行的后台服务是另一个版本（{version}）"
SERVICE_ANSWERS = (
    "后台服务：进程 {pid}，版本 {version}，启动于 {since:%Y-%m-%d %H:%M}；已连接的 Neovim：{count}"
)
SERVICE_STARTS = "后台服务：正在启动"
SERVICE_SILENT = "后台服务已 {seconds:.0f} 秒没有响应（进程 {pid}）"
RESTART_SERVICE = "用 :Chat service restart 结束它并启动新的后台服务"
SERVICE_STOPPED = "后台服务已停止；下一条需要它的命令会重新启动它"
SERVICE_RESTARTS = "正在重新启动后台服务"
SERVICE_NOT_RUNNING = "后台服务：没有运行；下一条需要它的命令会启动它"
UNKNOWN_ACTION = "未知的操作 {action}"
KNOWN_ACTIONS = "可用：stop、restart"
PERHAPS_NOT_CARRIED_OUT = "后台服务中途结束：:Chat {command} 可能没有执行"
EARLIER_NOT_SENT = "之前的 Neovim 有一条消息没有发出：“{text}”"
LEFT_TOO_LATE = (
    "之前的 Neovim 有 {count} 条消息超过一天没有发出；内容在 {path} 中，处理完后请删除该文件"
)
LEFT_OTHER_SETTINGS = (
    "之前的 Neovim 有 {count} 条消息没有发出，因为设置已经改变；"
    "内容在 {path} 中，处理完后请删除该文件"
)
