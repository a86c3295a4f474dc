"""Lists names in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from dingbridge.core.catalogue import delivery as say


def comma_list(names: Iterable[str]) -> str:
    """The names in the punctuation of the language in use; empty without any.

    >>> comma_list(["stop", "restart"])
    'stop, restart'
    """
    found = list(names)
    return reduce(lambda before, name: say.LISTED(names=before, name=name), found) if found else ""
