"""Sentences about errors in the table given to `setup()`, in Chinese."""

from __future__ import annotations

UNKNOWN_OPTION = "没有这个选项"
UNKNOWN_OPTION_NEAR = "没有这个选项，是不是 {near}？"
ENTRY_UNNAMED = "每一项都需要名称"
EXPECTED = "应为：{expected}；实际为：{found}"
MUST_BE = "应为：{expected}"
MUST_BE_NEAR = "应为：{expected}；是不是 '{near}'？"
IS_EMPTY = "是空的；请填写或删去"
CONTROL_CHARACTER = "含有换行等控制字符"
IS_PLACEHOLDER = '"{text}" 是占位文字；请在这里填写{belongs}'
PROGRAM_NAME = "程序的名称只能是一个词"
AGENT_NAME = "智能体的名称由字母、数字、_、. 和 - 组成（最多 40 个字符），且不能是 off"
EDITOR_WIDE = "对所有账号生效；请写在各账号之外，不要写在某个账号里"
ACCOUNT_NAME = "账号的名称由字母、数字、_ 和 - 组成（最多 40 个字符），且不能是 dingtalk"
OTHER_TYPE = "这里只支持 'dingtalk'"
BELONGS_INSIDE = "应写在 integrations = {{ dingtalk = {{ … }} }} 里"
