"""Sentences about errors in a line after `:Chat`, in Chinese."""

from __future__ import annotations

NO_RANGE = "{form} 不接受范围"
NO_ARGUMENT = "{form} 不接受参数"
NEEDS_ARGUMENT = "{name} 需要参数：{form}"
ONE_ARGUMENT = "{name} 只接受一个参数：{form}"
TWO_ARGUMENTS = "{name} 只接受两个参数：{form}"
ONE_CODE = "{name} 需要一个 {length} 位的编码：{form}"
UNKNOWN_SUBCOMMAND = "没有子命令 {word}；:Chat help commands 列出全部命令"
UNKNOWN_SUBCOMMAND_NEAR = "没有子命令 {word}，是不是 {nearest}？:Chat help commands 列出全部命令"
UNKNOWN_PLATFORM = "没有平台 {word}；支持 {known}"
UNKNOWN_PLATFORM_NEAR = "没有平台 {word}，是不是 {nearest}？"
