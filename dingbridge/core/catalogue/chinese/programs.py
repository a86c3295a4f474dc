"""Sentences about programs that gave no answer, in Chinese."""

from __future__ import annotations

NOT_STARTED = "命令 {program} 无法启动（{reason}）"
TOOK_TOO_LONG = "命令 {program} 运行超过了 {seconds:g} 秒"
STOPPED = "命令 {program} 已停止"
ENDED_WITH = "命令 {program} 以状态 {status} 退出"
NO_TEXT = "命令 {program} 的输出不是文本"
NO_ANSWER = "命令 {program} 没有输出"
NOT_RUN_CLOSING = "没有运行命令 {program}：编辑器正在退出"
