"""Sentences about the agent of a session, in Chinese."""

from __future__ import annotations

# --- in Neovim ------------------------------------------------------------------------------------

ANSWERS_HERE = "智能体：{agent}"
NONE_ANSWERS = "智能体：“{title}”中没有智能体"
MODES = "模式：{mode}，可选 {offered}（:Chat agent mode …）"
MODELS = "模型：{model}，可选 {offered}（:Chat agent model …）"
AGENTS = "可选的智能体：{known}（:Chat agent …，或 off）"
CHOSEN = "从现在起，“{title}”由 {agent} 回答"
CHOSEN_NONE = "从现在起，“{title}”中没有智能体回答"
NO_AGENT = "没有智能体 {name}；可选 {known}"
NO_AGENT_NEAR = "没有智能体 {name}，是不是要用 {near}？"
NO_AGENT_HERE = "这个会话没有智能体"
AGENT_CHOOSES = "用 :Chat agent 加名称选择一个"
SETTING_CHANGED = "从现在起，{agent} 使用 {name}"
SETTING_NEXT = "从下一轮起，{agent} 使用 {name}"
SETTING_REFUSED = "{agent} 没有改用 {name}：{reason}"
OWN_SESSIONS = "{agent} 的会话："
NO_OWN_SESSIONS = "{agent} 没有可以继续的会话"
OWN_SESSIONS_FAILED = "{agent} 无法列出自己的会话：{reason}"
RESUMED = "从下一条消息起，{agent} 继续“{name}”"
NO_SUCH_NUMBER = "没有这个编号的会话"
LIST_THEM_FIRST = "用 :Chat agent sessions 列出会话"
USAGE = ":Chat agent 后面写名称、off、mode …、model …、sessions，或 resume 加编号"

# --- on DingTalk ----------------------------------------------------------------------------------

REMOTE_ANSWERS = "智能体：{agent}"
REMOTE_NONE = "这个会话没有智能体。"
REMOTE_MODES = "模式：{mode}（{offered}）"
REMOTE_MODELS = "模型：{model}（{offered}）"
REMOTE_AGENTS = "可选：{known}, off"
REMOTE_CHOSEN = "从现在起由 {agent} 回答。"
REMOTE_CHOSEN_NONE = "从现在起没有智能体回答。"
REMOTE_NO_AGENT = "没有智能体 {name}。{known}"
REMOTE_OWN_SESSIONS = "{agent} 的会话："
REMOTE_HOW_TO_RESUME = "用 `/resume N` 继续其中一个"
REMOTE_NO_OWN_SESSIONS = "{agent} 没有可以继续的会话。"
REMOTE_SESSIONS_FAILED = "{agent} 无法列出自己的会话。"
REMOTE_RESUMED = "从下一条消息起继续：{name}"
REMOTE_NO_SUCH_NUMBER = "没有这个编号，用 `/sessions` 查看。"
