"""What is said about the turns of an agent: in the session, and to the one who asked.

What the one who asked reads is in Chinese and English.
"""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

THOUGHT = Sentence("thoughts")
ASKED_UNKNOWN = Sentence("asked for something in a form that is not known; refused")
ASKED_AMBIGUOUS = Sentence("offered two answers that cannot be told apart; refused")
ASKED_TOO_LONG = Sentence("asked for more than a question can show; refused")
ASKED_TOO_MANY = Sentence("asked for too much at a time; refused")
WRITTEN_OUT = Sentence(
    "看不见的字符以 `\\u200b` 的形式写出。Characters that are not seen are written as `\\u200b`."
)
WHOLE_TITLE = Sentence("全文 In full:")
PLACES = Sentence("位置 At:")

# --- while it waits or works ----------------------------------------------------------------------

QUEUED = Sentence(
    "已排队，前面还有 {count} 条；`/stop` 停止并撤回您的消息。"
    "Queued, {count} before you; `/stop` ends or withdraws what is yours."
)
DROPPED = Sentence(
    "您的消息没有得到处理：这里不再有代理回答。"
    "Your message was not answered: no agent answers here any more."
)
DROPPED_HERE = Sentence("no agent answers any more where “{text}” waited")
DROPPED_OF = Sentence("no agent answers any more where “{text}” of {author} waited; they were told")
WITHDRAWN_HERE = Sentence("“{text}”, which waited, is withdrawn")
WITHDRAWN_OF = Sentence("{author} has withdrawn “{text}”, which waited")
QUEUED_HERE = Sentence("queued, {count} before this one", one="queued, one before this one")
NOBODY_ANSWERS = Sentence("nothing answers in this session")
CHOOSE_AGENT = Sentence(":Chat agent chooses an agent for it")
STILL_WORKING = Sentence("仍在处理，已 {minutes} 分钟。Still working, {minutes} min.")
STILL_WORKING_ON = Sentence("仍在处理，已 {minutes} 分钟。Still working, {minutes} min: {step}")
DONE_AFTER = Sentence("已完成，用时 {span}。Done after {span}: {title}")
STILL_WAITING = Sentence(
    "等待批准 {code}，已 {minutes} 分钟。Waiting for approval {code}, {minutes} min: {step}"
)

MANY_CALLS = Sentence(
    "这一轮已发出 {count} 条消息，会计入本月额度；`/stop` 停止。"
    "This turn has sent {count} messages, which count in the month's quota; `/stop` ends it."
)
MANY_MESSAGES = Sentence("this turn has sent {count} messages to DingTalk; :Chat stop ends it")

# --- how it ended ---------------------------------------------------------------------------------

EMPTY = Sentence("代理没有给出文字回答。{agent} ended without any text.")
EMPTY_AFTER = Sentence(
    "代理没有给出文字回答（{count} 步）。{agent} ended without any text ({count} steps)."
)
CUT = Sentence("… 回答太长，其余已丢弃。The answer was too long; the rest was dropped.")
OUT_OF_TOKENS = Sentence(
    "回答因达到长度上限而中断。{agent} reached its token limit; ask it to go on."
)
OUT_OF_REQUESTS = Sentence(
    "本轮请求次数已用完。{agent} reached its limit of requests for a turn; ask it to go on."
)
REFUSED = Sentence("代理拒绝了这个请求。{agent} refused this request; ask in another way.")
FAILED = Sentence("没有回答 No answer: {reason}. {remedy}.")
FAILED_AFTER = Sentence("回答中断了 The answer broke off: {reason}. {remedy}.")
FAILED_BECAUSE = Sentence("{agent}: {detail}")
