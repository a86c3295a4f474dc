"""What is said about the turns of an agent: in the session and to the one who asked, in
Chinese."""

from __future__ import annotations

THOUGHT = "思考"
ASKED_UNKNOWN = "提出了无法识别的请求；已拒绝"
ASKED_AMBIGUOUS = "给出了两个无法区分的选项；已拒绝"
ASKED_TOO_LONG = "请求的内容太长，无法完整显示；已拒绝"
ASKED_TOO_MANY = "一次提出的请求太多；已拒绝"
WRITTEN_OUT = "看不见的字符以 `\\u200b` 的形式写出。"
WHOLE_TITLE = "全文："
PLACES = "位置："

# --- while it waits or works ----------------------------------------------------------------------

QUEUED = "已排队，前面还有 {count} 条。`/stop` 停止正在进行的一轮。"
DROPPED = "您的消息没有得到处理：这里不再有智能体回答。"
DROPPED_HERE = "“{text}”所在的会话不再有智能体回答"
DROPPED_OF = "{author} 的“{text}”所在的会话不再有智能体回答；已告知对方"
QUEUED_HERE = "已排队，前面还有 {count} 条"
NOBODY_ANSWERS = "这个会话没有自动回复"
CHOOSE_AGENT = "用 :Chat agent 为它选择智能体"
STILL_WORKING = "仍在处理，已 {minutes} 分钟。"
STILL_WORKING_ON = "仍在处理，已 {minutes} 分钟：{step}"
DONE_AFTER = "已完成，用时 {span}：{title}"
STILL_WAITING = "等待批准 {code}，已 {minutes} 分钟：{step}"

MANY_CALLS = "这一轮已发出 {count} 条消息，会计入本月额度；`/stop` 停止。"
MANY_MESSAGES = "这一轮已向钉钉发出 {count} 条消息；用 :Chat stop 停止"

# --- how it ended ---------------------------------------------------------------------------------

EMPTY = "{agent} 没有给出文字回答。"
EMPTY_AFTER = "{agent} 没有给出文字回答（{count} 步）。"
CUT = "… 回答太长，其余已丢弃。"
OUT_OF_TOKENS = "{agent} 的回答因达到长度上限而中断，可以请它继续。"
OUT_OF_REQUESTS = "{agent} 这一轮的请求次数已用完，可以请它继续。"
REFUSED = "{agent} 拒绝了这个请求，请换一种问法。"
FAILED = "没有回答：{reason}。{remedy}。"
FAILED_AFTER = "回答中断了：{reason}。{remedy}。"
FAILED_BECAUSE = "{agent}：{detail}"
WITHDRAWN_HERE = "等待中的“{text}”已撤回"
WITHDRAWN_OF = "{author} 撤回了等待中的“{text}”"
