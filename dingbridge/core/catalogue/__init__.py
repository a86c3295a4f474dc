"""All sentences for people, in Neovim, in DingTalk and in a shell, by name.

Each module has the sentences of one subject. Code names a sentence and passes its parts by name:

    from dingbridge.core.catalogue import sessions as say

    say.SAVED(path=path)

No sentence is composed of others, so that it can be translated; singular and plural forms are
separate. Texts of the robot in DingTalk are in Chinese and English, all others in English.
Sentences write `:Chat`, which the editor replaces by `:DingTalk` if another plugin defines `:Chat`.
Lua uses `editor.py`, `transcript.py`, `health.py`, `options.py` and `values.py`, through the
generated `lua/dingbridge/sentences.lua`.
"""
