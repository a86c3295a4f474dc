"""Which agent a session has, and what it offers: in Neovim, and in answers to `/agent`.

These answers are in Chinese and English.
"""

from __future__ import annotations

from dingbridge.core.catalogue.sentence import Sentence

# --- in Neovim ------------------------------------------------------------------------------------

ANSWERS_HERE = Sentence("agent: {agent}")
NONE_ANSWERS = Sentence("agent: none answers in “{title}”")
MODES = Sentence("its mode: {mode}, of the modes {offered} (:Chat agent mode …)")
MODELS = Sentence("its model: {model}, of the models {offered} (:Chat agent model …)")
NOT_KNOWN_YET = Sentence("{agent} says which {setting} it offers once it has been asked something")
NOTHING_OFFERED = Sentence("{agent} offers no {setting} to choose")
AGENTS = Sentence("agents: {known} (:Chat agent …, or off)")
CHOSEN = Sentence("“{title}” is answered by {agent} from now on")
CHOSEN_NONE = Sentence("no agent answers in “{title}” from now on")
NO_AGENT = Sentence("there is no agent {name}; there are {known}")
NO_AGENT_NEAR = Sentence("there is no agent {name}, did you mean {near}?")
NO_AGENT_HERE = Sentence("no agent answers in this session")
AGENT_CHOOSES = Sentence(":Chat agent and a name chooses one")
SETTING_CHANGED = Sentence("{agent} uses {name} from now on")
SETTING_NEXT = Sentence("{agent} uses {name} from its next turn on")
SETTING_REFUSED = Sentence("{agent} does not use {name}: {reason}")
OWN_SESSIONS = Sentence("sessions of {agent}:")
NO_OWN_SESSIONS = Sentence("{agent} has no session to go on with")
OWN_SESSIONS_FAILED = Sentence("{agent} does not list its sessions: {reason}")
RESUMED = Sentence("{agent} goes on with “{name}”, with the next message")
NO_SUCH_NUMBER = Sentence("there is no session of that number")
LIST_THEM_FIRST = Sentence(":Chat agent sessions lists them")
USAGE = Sentence(":Chat agent takes a name, off, mode …, model …, sessions or resume and a number")

# --- on DingTalk ----------------------------------------------------------------------------------

REMOTE_ANSWERS = Sentence("代理 Agent: {agent}")
REMOTE_NONE = Sentence("这个会话没有代理。No agent answers in this session.")
REMOTE_MODES = Sentence("模式 Mode: {mode} ({offered})")
REMOTE_MODELS = Sentence("模型 Model: {model} ({offered})")
REMOTE_AGENTS = Sentence("可选 There are: {known}, off")
REMOTE_CHOSEN = Sentence("从现在起由 {agent} 回答。{agent} answers from now on.")
REMOTE_CHOSEN_NONE = Sentence("从现在起没有代理回答。No agent answers from now on.")
REMOTE_NO_AGENT = Sentence("没有代理 There is no agent {name}. {known}")
REMOTE_OWN_SESSIONS = Sentence("{agent} 的会话 Sessions of {agent}:")
REMOTE_HOW_TO_RESUME = Sentence("`/resume N` 继续 goes on with one")
REMOTE_NO_OWN_SESSIONS = Sentence("{agent} 没有可继续的会话。{agent} has no session to go on with.")
REMOTE_SESSIONS_FAILED = Sentence("{agent} 无法列出会话。{agent} does not list its sessions.")
REMOTE_RESUMED = Sentence("下一条消息起继续 Goes on, with the next message: {name}")
REMOTE_NO_SUCH_NUMBER = Sentence(
    "没有这个编号，`/sessions` 列出。No such number; `/sessions` lists."
)
