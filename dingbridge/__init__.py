"""dingbridge puts a Neovim chat session on DingTalk."""

import logging

__version__ = "0.1.0"

# Where the log goes is decided by the plugin and the shell command; nowhere, by default.
logging.getLogger(__name__).addHandler(logging.NullHandler())
