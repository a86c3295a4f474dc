"""Cutting, masking and drawing large texts: the processor's time, and how it grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from dingbridge.core.dingtalk.limits import MSG_PARAM_BYTES
from dingbridge.core.markdown.chunking import split
from dingbridge.core.markdown.rendering import for_dingtalk
from dingbridge.core.options.settings import read
from dingbridge.core.secrets import masking
from tests.bench.figures import OURS, Figure
from tests.bench.processes import Server

UNITS = {
    "Markdown": "## 标题 title\n\nSome words of a paragraph, 还有中文。And more of it.\nA line.\n\n"
    "- an item\n- [a link](https://example.com/path) in another\n\n```python\ndef f():\n"
    "    return 1\n```\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |\n\n",
    "Chinese prose": "这是一个没有换行的中文句子，后面还有。",
    "one line": "x",
    "code": "```python\n" + "    some = code + 1\n" * 20_000 + "```\n\n",
    "fences": "```\nx\n```\n",
    "links of 30 KB": f"[text](https://example.com/{'a' * 30_000})\n",
    "combining marks": "\u0301",
    "10,000 nested quotes": ">" * 10_000 + " deep\n",
    "curl": "curl ",
    "password=": "password=",
}
"""What a text is made of, over and over up to its size."""

OPTIONS = read({}, {})

SEARCHED = ("Markdown", "Chinese prose", "code", "curl", "password=")
SIZE = 1_000_000
"""Bytes of a text."""

DRAWN = 90_000
"""Bytes of the Markdown that is drawn."""


def one_round(_: Server) -> Iterator[Figure]:
    """MB a second of each act on each text, and how the time grows from a tenth to the whole."""
    environment = {f"V{number}_TOKEN": f"v4lue-{number}-of-a-token" for number in range(20)}
    for name in UNITS:
        yield from _grown(
            f"cut: {name}",
            name,
            lambda text: split(text, OPTIONS.text_chunk_limit, MSG_PARAM_BYTES),
        )
    for name in SEARCHED:
        yield from _grown(
            f"searched for secrets: {name}",
            name,
            lambda text: masking.mask(text, ("an-app-secret",), environment),
        )
    milliseconds = _took(lambda: for_dingtalk(_text("Markdown", DRAWN)))
    yield Figure(f"{DRAWN // 1000} KB of Markdown drawn", OURS, "ms of CPU", milliseconds)


def _text(name: str, size: int) -> str:
    unit = UNITS[name]
    return (unit * (size // len(unit.encode()) + 1)).encode()[:size].decode(errors="ignore")


def _took(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1000


def _grown(what: str, name: str, act: Callable[[str], object]) -> Iterator[Figure]:
    tenth, whole = (_text(name, size) for size in (SIZE // 10, SIZE))
    first, second = _took(lambda: act(tenth)), _took(lambda: act(whole))
    yield Figure(what, OURS, "MB/s", SIZE / 1000 / second)
    yield Figure(f"{what}, ten times the text", OURS, "times as long", second / first)
