"""The shell command `dingbridge`, which needs no editor."""
