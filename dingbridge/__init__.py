"""dingbridge puts a Neovim chat session on DingTalk."""

import logging

__version__ = "0.1.0"

# The plugin and the shell command decide where the log goes; by default nowhere.
logging.getLogger(__name__).addHandler(logging.NullHandler())
