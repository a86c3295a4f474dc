"""Markdown: cut into chunks, and rendered for DingTalk's dialect."""
