"""DingTalk's messages, requests, answers, limits and error codes as values.

`§5.1` in a docstring or comment is a row of `doc/dingtalk.md`, which lists the facts about DingTalk
that the code uses, with the public page that each comes from.
"""
