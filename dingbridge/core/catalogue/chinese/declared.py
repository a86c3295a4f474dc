"""What the keys of the chat do (`core/commands/chat_keys.py`), in Chinese, by name."""

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
