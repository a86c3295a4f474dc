"""What an agent's process gets of the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping

_OURS = re.compile(r"(?i:DINGTALK|DINGBRIDGE)_\w+|NVIM\w*|VIM|VIMRUNTIME|VIMINIT|MYVIMRC")


def for_agent(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that an agent gets: without secrets and settings of ours, and
    without the address of an editor.

    >>> for_agent({"HOME": "/home/me", "DINGTALK_CLIENT_SECRET": "s", "NVIM": "/run/nvim"})
    {'HOME': '/home/me'}
    """
    return {name: text for name, text in environ.items() if not _OURS.fullmatch(name)}
