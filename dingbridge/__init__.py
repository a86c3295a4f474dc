"""dingbridge puts a Neovim chat session on DingTalk."""

__version__ = "0.1.0"
