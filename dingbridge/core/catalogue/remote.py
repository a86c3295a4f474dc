"""The robot's replies to remote commands, and its replies instead of the responder.

Chinese and English, in short lines of Markdown for a phone.
"""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

# --- help and how a command is written ------------------------------------------------------------

NO_COMMANDS = Sentence("没有您可以使用的命令。There is no command that you may use.")
COMMANDS = Sentence("命令 Commands:")
HELP_LINE = Sentence("- `{form}` {chinese} · {meaning_chinese} {meaning}")
UNKNOWN = Sentence("没有命令 No such command: {command}\n\n`/help` 帮助")
UNKNOWN_NEAR = Sentence(
    "没有命令 No such command: {command}\n\n您是不是要 Did you mean `/{nearest}`? `/help` 帮助"
)
USAGE = Sentence("用法 Usage: `{form}`{note}\n\n{meaning_chinese} {meaning}")
USAGE_OF_LINES = Sentence(
    "用法 Usage: `{form}` (最多 {most} 行 at most {most} lines)\n\n{meaning_chinese} {meaning}"
)
NOT_ALLOWED = Sentence(
    "您不能使用 You may not use `/{name}`.\n\n"
    "您的编号 Your id: {identity}\n\n"
    "设置 Setting: {setting} (`'{name}'`), 或 or `admins`"
)

# --- sessions -------------------------------------------------------------------------------------

NOTHING_BOUND = Sentence("没有绑定的会话。No session is bound.")
NONE_FOUND = Sentence("没有含 {text} 的会话。No session has that in its title or folder.")
HOW_TO_SWITCH = Sentence("/session N 切换会话 switches")
SESSION = Sentence("{title} · {folder}")
SESSION_BUSY = Sentence("{title} · {folder} (忙 busy)")
NONE = Sentence("没有 none")
NO_SUCH_SESSION = Sentence("没有这个会话。There is no such session.")
NEW_SESSION = Sentence("新会话已开始。A new session has begun.")
NEW_SESSION_NAMED = Sentence("新会话已开始。A new session has begun: {title}")
CLEARED = Sentence("会话已清空。The session is empty now.")
STOPPED = Sentence("已停止。Stopped.")
WAITING_WITHDRAWN = Sentence(
    "已撤回排队的 {count} 条消息。{count} of your messages that waited are withdrawn.",
    one="已撤回排队的 1 条消息。Your message that waited is withdrawn.",
)
NOTHING_TO_STOP = Sentence("没有可停止的回答。There is nothing to stop.")
NO_MESSAGES = Sentence("还没有消息。There are no messages yet.")
PONG = Sentence("pong {digits}")
NOBODY_THERE = Sentence("现在没有打开的会话。No session is bound at the moment.")
PERHAPS_DONE = Sentence(
    "执行时中断了，请检查后再试。"
    "This was interrupted while it was carried out; check, and try again."
)

# --- status and who is who ------------------------------------------------------------------------

STATUS_SESSION = Sentence("- 会话 Session: {session}")
STATUS_LINK = Sentence("- 连接 Link: {link}")
STATUS_EDITORS = Sentence("- 编辑器 Editors: {editors}")
STATUS_COUNTS = Sentence("- 待发 Queued: {queued} · 失败 Failed: {failed}")
STATUS_PROBLEM = Sentence("- 问题 Problem: {problem}")
MUTED = Sentence(
    "通知暂停至 Notices are held back until {time:%m-%d %H:%M}。`/mute off` 恢复 ends that."
)
NOT_MUTED = Sentence("通知照常发送。Notices are sent as usual.")
ADMIN = Sentence("管理员 admin")
MEMBER = Sentence("成员 member")
WHO_AM_I = Sentence(
    "- 员工编号 Staff id: {staff}\n- senderId: {sender}\n"
    "- 角色 Role: {role}\n- 命令 Commands: {may}"
)
GROUP = Sentence("- 群聊 group")
GROUP_NAMED = Sentence("- 群聊 group · {title}")
SINGLE = Sentence("- 单聊 1:1")
SINGLE_NAMED = Sentence("- 单聊 1:1 · {title}")
CONVERSATION_ID = Sentence("- conversationId: {id}")
TARGET = Sentence("- 地址 Target: {target}")

# --- the editor -----------------------------------------------------------------------------------

ANSWER_UNREADABLE = Sentence("编辑器的回答无法读取。The editor's answer cannot be read.")
PLACE = Sentence("- {place}")
PLACE_MODIFIED = Sentence("- {place} (未保存 modified)")
FUNCTION = Sentence("- 函数 Function: {function}")
BRANCH = Sentence("- 分支 Branch: {branch}")
FILETYPE = Sentence("- 类型 Type: {filetype}")
NO_DIAGNOSTICS = Sentence("没有诊断信息。No diagnostics.")
DIAGNOSTICS = Sentence("诊断 Diagnostics: {total} (❌ {errors} · ⚠️ {warnings})")
QUICKFIX_EMPTY = Sentence("快速修复列表是空的。The quickfix list is empty.")
QUICKFIX = Sentence("快速修复 Quickfix: {total}")
IN_SECRET_FILES = Sentence("- {hidden} 项在机密文件中，不显示 in secret files, not shown")
MORE_ITEMS = Sentence("- … 还有 and {rest} 项 more")
OPENED = Sentence("已在编辑器中打开 Opened in the editor: {place}")

# --- files, changes and jobs ----------------------------------------------------------------------

CUT = Sentence("… 太长，已截断 too long, cut here")
MORE_OF_FILE = Sentence("… 后面还有 there is more: {command}")
NO_CHANGES = Sentence("没有改动 No changes.")
NO_CHANGES_IN = Sentence("没有改动 No changes {path}.")
CHANGES = Sentence("改动 Changes")
CHANGES_IN = Sentence("改动 Changes {path}")
MORE_LINES = Sentence("… 还有 and {rest} 行 more lines")
NO_SUCH_JOB = Sentence("没有任务 No such job: {job}")
NO_JOBS = Sentence("设置中没有任务。The settings name no jobs (`jobs`).")
JOBS = Sentence("任务 Jobs: {jobs}")
JOB_ENDED = Sentence("{sign} {job} 结束，状态 ended with status {status}")
JOB_NOT_STARTED = Sentence("任务无法启动。The job could not be started.")
JOB_TOO_LONG = Sentence("任务超时，已停止。The job took longer than {seconds:g} s and was stopped.")
JOB_STOPPED = Sentence("任务已停止。The job was stopped.")
OUTSIDE = Sentence(
    "这个路径不在项目文件夹内。This path is not inside the session's project folder."
)
HIDDEN = Sentence(
    "这个文件可能含有密钥，不会显示。"
    "Files that may hold secrets (keys, `.env`, `.git`) are not shown."
)
NO_PATH = Sentence("这不是文件路径。This is not a path of a file.")
NO_FILE = Sentence("没有这个文件。There is no such file.")
NOT_A_FILE = Sentence("这不是普通文件。This is not a regular file (a folder, a device or a pipe).")
BINARY = Sentence("这是二进制文件，不会显示。This is a binary file; it is not shown.")
TOO_FAR = Sentence("这一行太靠后了。That line is too far into the file.")
FILE_UNREADABLE = Sentence("这个文件读不了。This file cannot be read.")
NO_FOLDER = Sentence(
    "会话没有可用的项目文件夹。The session has no project folder that may be shown."
)
FEWER_LINES = Sentence("这个文件只有 {count} 行。The file has {count} lines only.")
NO_REPOSITORY = Sentence("这里没有 git 仓库。There is no git repository here.")
NO_GIT = Sentence("这台电脑上没有 git。git is not installed here.")
GIT_FAILED = Sentence("git 没有成功。git did not succeed (status {status}).")
GIT_TOO_SLOW = Sentence("git 花的时间太长了。git took too long.")
ODD_REPOSITORY = Sentence(
    "这个仓库的设置不寻常，不显示改动。This repository's filters are odd; no diff is shown."
)

# --- answers of the responder ---------------------------------------------------------------------

SORRY = Sentence("抱歉，处理您的消息时出错了。Sorry, something went wrong processing your message.")
LOST = Sentence(
    "抱歉，服务在回答之前中断，回答丢失了，您可以再问一次。"
    "Sorry, the service was interrupted and the answer is lost; you may ask again."
)
CLOSED = Sentence(
    "抱歉，编辑器在回答之前关闭了。Sorry, the editor was closed before the answer came."
)
