"""What is declared together with its meaning, in Chinese, by name.

The keys of the chat (`core/commands/chat_keys.py`), the options (`core/options/`), and the commands
that people send from DingTalk (`core/commands/remote_commands.py`), for the tables of `doc/zh`.
"""

from __future__ import annotations

KEYS = {
    "help": "显示按键。",
    "hide": "隐藏聊天，草稿保留。",
    "switch": "切换到草稿，或回到聊天记录。",
    "write": "写草稿。",
    "next": "下一条消息。",
    "previous": "上一条消息。",
    "reply": "回复：在草稿中引用这条消息，并发到它所在的聊天。",
    "yank_code": "复制代码块。",
    "retry": "重发失败的消息。",
    "recall": "从钉钉撤回这条消息。",
    "open": "打开链接，或显示这一步做了什么。",
    "show": "显示链接的地址、消息的状态，或这一步的全部内容。",
    "fold": "展开或折叠智能体的这一步。",
    "go_to_file": "在另一个窗口打开文件。",
    "choose": "选择草稿发到哪个聊天。",
    "answer": "把草稿转给刚刚发来消息的人，或选择。",
    "earlier_text": "草稿为空时：上一次发出的文字。",
    "later_text": "然后：下一次发出的文字。",
}

OPTIONS = {
    "enabled": "是否启用。",
    "webhook": "自定义群机器人的地址，只能向它的群发送消息。",
    "secret": "自定义机器人的密钥，安全设置为“加签”时需要。",
    "keyword": "自定义机器人要求的关键词；消息里没有时自动加在最前面。",
    "app_key": "企业内部应用的 Client ID（AppKey），用于双向聊天。",
    "app_secret": "企业内部应用的 Client Secret（AppSecret）。",
    "robot_code": "机器人编码；回复一条消息时优先用消息自带的编码，除非钉钉拒绝它。",
    "conversation_id": "不是回复任何人的消息发到这个群。",
    "user_id": "不是回复任何人的消息发给这个人（员工编号）。",
    "msgtype": "消息以什么格式发送。",
    "text_chunk_limit": "每段最多的字符数；同时受钉钉的字节上限限制。",
    "table": (
        "表格怎样发送：'native' 由钉钉绘制，有些手机不支持；'text' 是对齐的纯文本；"
        "'code' 是代码块；'auto' 选择所有手机都能显示的形式：含链接的表格用 'text'，"
        "其他用 'code'。"
    ),
    "file_after": "消息超过多少段时，只发送开头，全文作为文件发送；0 表示从不。",
    "mention_asker": "在群里回答时是否 @ 提问的人。",
    "reaction": "回答之前贴在消息上的表情回应；false 表示不贴。",
    "approval_cards": (
        "是否用带按钮的卡片在单聊中请求审批（应用需要有创建卡片的权限）；否则用带链接的文字消息。"
    ),
    "mask_secrets": "发送之前是否遮盖文字中的密钥、token 和密码。",
    "mask_secrets_except": "发到这些聊天 ID 和员工编号的文字不遮盖。",
    "media.size": "收到的图片、文件或语音最大多少 MB。",
    "media.days": "收到的文件保存多少天。",
    "delivery": (
        "消息可能已送达、而钉钉又无法识别重复时怎么做：'at_least_once' 重发，"
        "'at_most_once' 不重发。"
    ),
    "quota.calls": "组织每月的 API 调用额度；用到 80 % 时提醒；0 表示不提醒。",
    "quota.pushes": "组织每月的推送额度；用到 80 % 时提醒；0 表示不提醒。",
    "dm.policy": (
        "谁可以单聊：'pairing' 已配对或在白名单中的人，'allowlist' 白名单中的人，"
        "'open' 所有人，'disabled' 任何人都不可以。"
    ),
    "allow_from": (
        "可以写给会话的员工编号；`'*'` 是所有人，空列表是没有人。"
        "给出了列表时，在 'open' 策略下也有效。"
    ),
    "group_policy": (
        "哪些群可以和机器人说话：'disabled' 没有，'allowlist' 写在 `groups` 中或已配对的群，"
        "'open' 所有群。"
    ),
    "groups": (
        "单个群的设置，以群的聊天 ID 为键；`'*'` 的内容用于各群没有给出的设置，不会准入任何群。"
    ),
    "require_mention": "群里的消息是否必须 @ 机器人。",
    "admins": "可以使用全部远程命令的员工编号；这些人同时已准入。",
    "commands": "已准入的人都可以使用的远程命令，写不写 '/' 都可以；`'*'` 是全部。",
    "jobs": "`/run name` 启动的任务：每个名称对应一个程序及其参数，参数原样传入。",
    "session_scope": (
        "消息进入哪个会话：'bound' 编辑器里绑定的会话；按需建立的会话则 'user' 每人一个，"
        "'conversation' 每个聊天一个，'single' 全部共用一个。"
    ),
    "instructions": "按需建立的会话给自动回复程序的初始说明。",
    "cwd": "按需建立的会话的文件夹；不设置时用编辑器所在的文件夹。",
    "model": "按需建立的会话的自动回复程序使用的模型。",
    "endpoint.api": "OpenAPI 的地址。",
    "endpoint.oapi": "旧版 API 的地址，机器人的 webhook 也在这里。",
    "proxy": "HTTP 和 Stream 连接使用的代理；不设置时用环境变量 HTTPS_PROXY。",
    "python": "插件进程和后台服务使用的 Python 解释器；不设置时用插件自己的。",
    "responder": ("在会话中自动回答的 Lua 函数，或程序及其参数，参数原样传入；不设置时由人回答。"),
    "responder_timeout": "自动回复程序回答一次最多用多少秒。",
    "agent": (
        "在会话中回答的编程智能体：'qwen'、'claude'、'codex'、'gemini'、'opencode'、'copilot'，"
        "或 `{ command = { 'program', 'argument' }, name = 'mine' }`；不设置时没有。"
    ),
    "agent_silence": "智能体多少秒没有任何动静，这一轮就算失败。",
    "agent_progress": (
        "每隔多少分钟向提问的人报告智能体在做什么；0 表示只在 3、10、30 分钟后报告。"
        "一轮最多报告 30 次。"
    ),
    "mirror": "在有智能体的已绑定会话中，您输入的内容和它的回答是否也发到聊天。",
    "language": (
        "Neovim 和机器人使用的语言：'en' 英文，'zh' 中文；'auto' 看系统的语言区域"
        "（`LC_ALL`、`LC_MESSAGES` 或 `LANG`）：中文环境全部用中文，"
        "其他环境在 Neovim 中用英文，在钉钉中两种都用。"
        "共用一个后台服务的编辑器以最后设置的语言为准。"
    ),
    "autostart": (
        "当前文件夹有已绑定的会话，或 `session_scope` 按需建立会话时，是否随 Neovim 启动；"
        "false 表示在第一条命令时启动。"
    ),
    "send_key": "发送草稿的按键，在普通模式和插入模式下有效；false 表示没有。",
    "keys": "聊天的其他按键，以名称为键；false 表示取消该按键。",
    "notify_on": (
        "消息到达而您看不到时，哪些会弹出通知：'mention' 单聊消息和 @ 机器人的群消息；"
        "'all' 还有没有 @ 的群消息；'never' 都不通知。"
    ),
    "notify_when": (
        "任务完成或需要您处理时，什么情况下通知手机：'away' 您不在任何 Neovim 中，"
        "或两分钟没有按键；'always' 总是；'never' 从不。"
    ),
    "quiet_hours": (
        "任务完成时不通知手机的时间段，如 '22:00-08:00'；审批请求照常发送；false 表示没有。"
    ),
    "window.layout": (
        "聊天在哪里打开：'right'、'left' 在其他窗口的左右，'bottom' 在下方，"
        "'float' 浮动在上面，'tab' 在单独的标签页。"
    ),
    "window.width": "左右或浮动的聊天的宽度：不超过 1 是屏幕的比例，超过 1 是列数。",
    "window.height": "下方或浮动的聊天的高度：不超过 1 是屏幕的比例，超过 1 是行数。",
    "verbose": "日志是否记录每一步。",
    "accounts": "多个机器人，以名称为键，各有自己的选项；没有给出的选项取自外层的表。",
    "default_account": (
        "没有指明账号时使用的账号；不设置时是 `default`，否则是按名称排列的第一个已启用的账号。"
    ),
    "env": "给 dingbridge 的环境变量；编辑器的环境变量优先。",
    "env_file": (
        "存放环境变量的文件，每行一个 NAME=text；编辑器的环境变量和 `env` 优先。"
        "没有写在这里的文件都不会读取。"
    ),
    "groups.{id}.require_mention": "这个群里的消息是否必须 @ 机器人。",
    "groups.{id}.users": (
        "可以在这个群里发言的员工编号，代替 `allow_from`；`'*'` 是群里所有人，空列表是没有人。"
    ),
    "groups.{id}.tools": (
        "群成员可以使用的远程命令，代替 `commands`，写不写 '/' 都可以；`'*'` 是全部。"
    ),
    "groups.{id}.instructions": "这个群给自动回复程序的初始说明，代替 `instructions`。",
}

REMOTE_COMMANDS = {
    "help": "您可以使用的命令。",
    "status": "dingbridge 的状态。",
    "whoami": "您的 ID，以及您可以做什么。",
    "whereami": "这个聊天的 ID，以及它连到哪个会话。",
    "mute": "在一段时间内暂停“已完成，用时 4 分钟”之类的通知；`off` 恢复。",
    "list": "列出会话并编号；给出文字时只列出包含它的会话。",
    "session": "把这个聊天切换到第 `n` 个会话，或该 ID 的会话。",
    "approve": "同意智能体要做的事，仅这一次；不写编码则列出等您批准的请求。",
    "reject": "拒绝；不写编码则列出等您批准的请求。",
    "always": "同意，并且本会话中同类工具以后也直接同意；`off` 收回。",
    "new": "新建一个会话，代替现在的会话。",
    "clear": "清空会话的全部消息；原来的聊天记录进入回收站。",
    "stop": "停止正在为您回答的程序；`admins` 可以停止任何人的。",
    "agent": "换一个编程智能体在这个会话中回答；`off` 表示不用智能体。",
    "sessions": "列出智能体自己的会话并编号，最近的在前。",
    "resume": "让智能体继续 `/sessions` 列出的第 `n` 个会话。",
    "history": "最近 5 条消息，或 `n` 条，最多 50 条。",
    "where": "光标的位置：文件、行、函数、分支。",
    "diag": "诊断信息，最严重的在前，最多 20 条。",
    "qf": "快速修复列表，最多 20 条，不含机密文件中的。",
    "diff": "上次提交之后的改动，最多 12,000 个字符。",
    "file": "文件中的若干行，最多 200 行；不写末行则为 40 行。",
    "open": "在 Neovim 中打开文件的这一行；光标不动。",
    "run": "运行任务并报告结果；不写名称则列出任务。",
    "btw": "插队的消息，排在其他等待的消息之前回答。",
}
