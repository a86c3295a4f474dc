"""A small DingTalk in the browser: what people see of a sandbox, and what they do in it."""
