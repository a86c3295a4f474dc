"""Every sentence that people read, in Neovim, in DingTalk and in a shell, once and by name.

A module holds the sentences of one subject. Code names a sentence and gives its parts by name:

    from dingbridge.core.catalogue import sessions as say

    say.SAVED(path=path)

No sentence is put together from pieces of others, so that another language can order its words as
it likes; what depends on a number has its forms here. What the robot says in DingTalk stands in
Chinese and English, everything else in English. Sentences write `:Chat`, which the editor shows as
`:DingTalk` where another plugin has that command. Lua takes what it says from `editor.py`,
`health.py`, `options.py` and `values.py`, by way of the generated `lua/dingbridge/sentences.lua`.
"""
