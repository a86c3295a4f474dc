"""Shows the bridge at work on one machine: Neovim, and a DingTalk to chat with."""
