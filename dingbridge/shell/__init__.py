"""What the `dingbridge` command does without an editor."""
