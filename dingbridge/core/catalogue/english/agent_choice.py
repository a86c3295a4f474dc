"""Answers to `/agent`, `/sessions` and `/resume`, for DingTalk in English alone."""

from __future__ import annotations

REMOTE_ANSWERS = "Agent: {agent}"
REMOTE_NONE = "No agent answers in this session."
REMOTE_MODES = "Mode: {mode} ({offered})"
REMOTE_MODELS = "Model: {model} ({offered})"
REMOTE_AGENTS = "There are: {known}, off"
REMOTE_CHOSEN = "{agent} answers from now on."
REMOTE_CHOSEN_NONE = "No agent answers from now on."
REMOTE_NO_AGENT = "There is no agent {name}. {known}"
REMOTE_OWN_SESSIONS = "Sessions of {agent}:"
REMOTE_HOW_TO_RESUME = "`/resume N` goes on with one"
REMOTE_NO_OWN_SESSIONS = "{agent} has no session to go on with."
REMOTE_SESSIONS_FAILED = "{agent} does not list its sessions."
REMOTE_RESUMED = "Goes on, with the next message: {name}"
REMOTE_NO_SUCH_NUMBER = "No such number; `/sessions` lists."
