"""DingTalk's messages, requests, answers, limits and error codes as values."""
