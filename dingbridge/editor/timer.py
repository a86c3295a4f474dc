"""Timers of the host."""

from __future__ import annotations

import threading

from dingbridge.protocol.command_queue import Action, Post


def after(seconds: float, post: Post, call: Action) -> None:
    """Run `call` on the loop of `post` after `seconds`, unless the process ends before."""
    timer = threading.Timer(seconds, lambda: post(call))
    timer.daemon = True
    timer.start()
