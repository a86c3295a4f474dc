"""Objects that live on a thread of their own: pynvim and Playwright both run an event loop, and one
thread has room for one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class OwnThread:
    """A thread on which everything is done that concerns some objects."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "browser")

    def do(self, work: Callable[[], Any]) -> Any:
        """The result of work on that thread; objects of Playwright are wrapped."""
        future: Future[Any] = self._pool.submit(work)
        return self._wrapped(future.result())

    def close(self) -> None:
        """Ends the thread."""
        self._pool.shutdown()

    def _wrapped(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._wrapped(each) for each in value]
        return OnThread(value, self) if type(value).__module__.startswith("playwright") else value


class OnThread:
    """An object of Playwright, whose attributes are read and whose methods run on its thread."""

    def __init__(self, thing: Any, thread: OwnThread) -> None:
        self._thing = thing
        self._thread = thread

    def __getattr__(self, name: str) -> Any:
        found = self._thread.do(lambda: getattr(self._thing, name))
        if not callable(found) or isinstance(found, OnThread):
            return found

        def call(*arguments: Any, **words: Any) -> Any:
            given = [bare(each) for each in arguments]
            named = {key: bare(each) for key, each in words.items()}
            return self._thread.do(lambda: found(*given, **named))

        return call


def bare(value: Any) -> Any:
    """An argument as Playwright knows it."""
    if isinstance(value, OnThread):
        return value._thing
    return {key: bare(each) for key, each in value.items()} if isinstance(value, dict) else value
