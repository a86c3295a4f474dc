"""Only links to the web and to mail leave: no text makes somebody else act by a tap."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dingbridge.core.delivery import outgoing_text
from dingbridge.core.delivery.compose import ComposeContext, written
from dingbridge.core.delivery.outgoing_text import may_link, may_show, without_acting_links
from dingbridge.core.delivery.routing import custom_robot
from dingbridge.core.markdown import rendering
from dingbridge.core.markdown.chunking import split
from dingbridge.core.messages import Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.options.settings import read
from dingbridge.sandbox.links import TappableLink, links, sent_by_tap
from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM
from dingbridge.shell.notify import deliver
from tests.support.acting_links import SEND, acting, texts
from tests.support.growth import assert_in_proportion


def options(**changes: Any) -> Options:
    return read({"app_key": "dingabc", "app_secret": "an-app-secret", **changes}, {})


def left(text: str, title: str = "", **changes: Any) -> tuple[str, str]:
    """Text and title of what leaves."""
    target = Target(conversation_id=TEAM)
    made = written("m", text, target, options(**changes), ComposeContext(), title=title)
    return made.outbound.text, made.outbound.title


def words(text: str) -> str:
    """The letters and digits of a text, as a reader sees them."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(character for character in plain if character.isalnum())


TRICKS = {
    "inline": f"[docs]({SEND})",
    "in angle brackets": f"[docs](<{SEND}>)",
    "with a title": f'[docs]({SEND} "click")',
    "title in parentheses": f"[docs]({SEND} (click))",
    "reference": f"[docs][d]\n\n[d]: {SEND}",
    "collapsed reference": f"[docs][]\n\n[docs]: {SEND}",
    "shortcut reference": f"[docs]\n\n[docs]: <{SEND}> 'x'",
    "definition alone": f"[docs]: {SEND}",
    "definition that nothing refers to and another": f"[a]: {SEND}\n[b]: https://x.test",
    "autolink": f"<{SEND}>",
    "image": f"![docs]({SEND})",
    "image by reference": f"![docs][d]\n\n[d]: {SEND}",
    "image in a link": f"[![docs](https://x.test/a.png)]({SEND})",
    "link in an image": f"![[docs]({SEND})](https://x.test/a.png)",
    "image that leads away in a link": f"[![docs]({SEND})](https://x.test)",
    "link in a link": f"[[docs](https://x.test)]({SEND})",
    "link in a link the other way": f"[[docs]({SEND})](https://x.test)",
    "tag": f'<a href="{SEND}">docs</a>',
    "tag without quotes": f"<a href={SEND}>docs</a>",
    "block of tags": f'<div>\n<a href="{SEND}">docs</a>\n</div>',
    "tag of a picture": f"<img src='{SEND}'>",
    "unfinished tag": f'<a href="{SEND}',
    "bare": SEND,
    "bare in a sentence": f"see {SEND}, please",
    "bare after a word": f"see:{SEND}",
    "bare after Chinese": f"点击{SEND}",
    "capitals": f"[docs]({SEND.replace('dtmd', 'DtMd')})",
    "entity for a letter": f"[docs]({SEND.replace('d', '&#100;', 1)})",
    "hexadecimal entity": f"[docs]({SEND.replace('t', '&#x74;', 1)})",
    "entity for the colon": f"[docs]({SEND.replace(':', '&#58;')})",
    "named colon": f"[docs]({SEND.replace(':', '&colon;')})",
    "entities for slashes": f"[docs]({SEND.replace('//', '&sol;&#47;')})",
    "everything as entities": "[docs](" + "".join(f"&#{ord(c)};" for c in SEND) + ")",
    "tab as an entity": f"[docs]({SEND.replace('tm', 't&Tab;m')})",
    "line end as an entity": f"[docs]({SEND.replace('tm', 't&NewLine;m')})",
    "bare entities": SEND.replace("t", "&#116;", 1),
    "entity with many zeros for the colon": f"[docs]({SEND.replace(':', '&#' + '0' * 30 + '58;')})",
    "bare entity with many zeros": SEND.replace(":", "&#x" + "0" * 300 + "3a;"),
    "entity with many zeros for a letter": f"&#{'0' * 300}100;{SEND[1:]}",
    "many entities without width": SEND.replace(":", "&ZeroWidthSpace;" * 15 + ":"),
    "many entities without width in a link": f"[docs]({SEND.replace(':', '&#8203;' * 40 + ':')})",
    "many entities in the scheme": SEND.replace("tm", "t" + "&shy;" * 40 + "m"),
    "many entities before the slashes": "alipays:" + "&NoBreak;" * 10 + "//platformapi/startapp",
    "many entities between the slashes": SEND.replace("//", "/" + "&zwj;" * 20 + "/"),
    "many tabs": SEND.replace(":", "\t" * 200 + ":"),
    "percent in the scheme": f"[docs]({SEND.replace('t', '%74', 1)})",
    "percent colon": f"[docs]({SEND.replace(':', '%3A')})",
    "backslash before the colon": f"[docs]({SEND.replace(':', chr(92) + ':')})",
    "backslash before the slashes": f"[docs]({SEND.replace('//', chr(92) + '/' + chr(92) + '/')})",
    "backslash before a bare colon": SEND.replace(":", "\\:"),
    "backslash in the label": f"[do\\]cs]({SEND})",
    "zero-width space in the scheme": f"[docs]({SEND.replace('tm', 't' + chr(0x200B) + 'm')})",
    "zero-width space before the colon": SEND.replace(":", "\u200b:"),
    "word joiner": SEND.replace("tm", "t\u2060m"),
    "soft hyphen": SEND.replace("tm", "t\u00adm"),
    "byte order mark": SEND.replace("tm", "t\ufeffm"),
    "control character": f"[docs]({SEND.replace('tm', 't' + chr(1) + 'm')})",
    "control character in front": f"[docs](\x01{SEND})",
    "NUL": SEND.replace("tm", "t\x00m"),
    "escape sequence in the scheme": SEND.replace("tm", "t\x1b[0mm"),
    "direction override": "\u202e" + SEND,
    "tab in the scheme": f"[docs](<{SEND.replace('tm', 't' + chr(9) + 'm')}>)",
    "line end in the scheme": f"[docs]({SEND.replace('tm', 't' + chr(10) + 'm')})",
    "blanks in front": f"[docs](   {SEND})",
    "line end in front": f"[docs](\n{SEND})",
    "emphasis in the scheme": SEND.replace("tm", "t**m**"),
    "emphasis around the scheme": f"**dtmd**{SEND[4:]}",
    "code in the scheme": f"`dtmd`{SEND[4:]}",
    "struck out": f"~~[docs]({SEND})~~",
    "heading": f"# [docs]({SEND})",
    "underlined heading": f"[docs]({SEND})\n===",
    "quote": f"> [docs]({SEND})",
    "list": f"- a\n  - [docs]({SEND})",
    "table": f"| a | b |\n|---|---|\n| [docs]({SEND}) | {SEND} |",
    "code span": f"`[docs]({SEND})`",
    "fence": f"```\n[docs]({SEND})\n{SEND}\n```",
    "fence in entities": "```\n[docs](" + "".join(f"&#{ord(c)};" for c in SEND) + ")\n```",
    "indented code": f"words\n\n    [docs]({SEND})",
    "unfinished fence": f"```\n[docs]({SEND})",
    "unfinished code span": f"`[docs]({SEND})",
    "after an address of the web": f"https://x.test/?a={SEND}",
    "after an address of the web and a comma": f"https://x.test,{SEND}",
    "in a link to the web": f"[docs](https://x.test/?a={SEND})",
    "in a mail": f"[docs](mailto:a@x.test?body={SEND})",
    "dingtalk": "[docs](dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fx.test)",
    "dingtalk bare": "dingtalk://dingtalkclient/page/link?url=x",
    "javascript": "[docs](javascript:alert(1))",
    "javascript over a line end": "[docs](java\nscript:alert(1))",
    "javascript with an entity": "[docs](&#106;avascript:alert(1))",
    "javascript as an autolink": "<javascript:alert(1)>",
    "javascript by reference": "[docs]\n\n[docs]: javascript:alert(1)",
    "vbscript": "[docs](vbscript:x)",
    "data": "[docs](data:text/html;base64,PHNjcmlwdD4=)",
    "data picture": "![docs](data:image/png;base64,iVBORw0KGgo=)",
    "file": "[docs](file:///etc/passwd)",
    "other host without a scheme": "[docs](//evil.test/x)",
    "other host without a scheme by entities": "[docs](&#47;/evil.test/x)",
    "telephone": "[docs](tel:+4912345)",
    "another app": "[docs](weixin://x) alipays://platformapi/startapp?appId=1",
    "relative": "[docs](../docs/a.md) and [line](src/a.py:12)",
    "anchor": "[docs](#clear)",
    "nothing": "[docs]()",
    "web without slashes": "[docs](https:evil.test)",
}


@pytest.mark.parametrize("msgtype", ["markdown", "text"])
@pytest.mark.parametrize("trick", TRICKS)
def test_no_other_link_than_to_the_web_leaves(trick: str, msgtype: str) -> None:
    text, title = left(TRICKS[trick], msgtype=msgtype)
    assert msgtype == "text" or acting(text, title) == []
    # What is drawn as text has no links but bare addresses.
    bare = [link for link in acting(text, title) if link.label == link.address]
    assert bare == []
    assert not [link for link in links(text) + links(title) if sent_by_tap(link)]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_given_title_holds_no_link(trick: str) -> None:
    assert not [link for link in links(left("x", TRICKS[trick])[1]) if sent_by_tap(link)]


@pytest.mark.parametrize("trick", TRICKS)
def test_no_cut_makes_a_link(trick: str) -> None:
    text, _ = left(f"some words before it {TRICKS[trick]} and after")
    for size in (20, 33, 50):
        for piece in split(text, size, 4 * size):
            assert not [link for link in links(piece) if sent_by_tap(link)]


@pytest.mark.parametrize("size", [100, 150, 200])
def test_no_cut_makes_a_link_of_what_was_code(size: int) -> None:
    text, _ = left(f"`{'a b ' * 30}alipays://platformapi/startapp {'c d ' * 30}`")
    assert acting(*split(text, size, 4 * size)) == []
    text, _ = left(f"```{'i' * 300}\n{'a b ' * 30}\nalipays://platformapi/x\n{'c d ' * 30}\n```")
    assert acting(*split(text, size, 4 * size)) == []


def test_a_text_too_long_to_be_parsed_holds_no_acting_link_either() -> None:
    filler = "words and words\n\n" * (rendering.LARGEST // 17 + 1)
    tricks = "\n\n".join(trick for trick in TRICKS.values() if "`" not in trick)
    text, _ = left(f"{tricks}\n\n{filler}")
    start = text[: 2 * len(tricks)]
    assert "evil.test" in start
    assert not [link for link in links(start) if sent_by_tap(link)]
    assert acting(start) == []


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        (f"[docs]({SEND})", "docs (dtmd：//dingtalkclient/sendMessage?content=%2Fclear)"),
        (f"<{SEND}>", "&lt;dtmd：//dingtalkclient/sendMessage?content=%2Fclear>"),
        (f"![x]({SEND})", "🖼 x (dtmd：//dingtalkclient/sendMessage?content=%2Fclear)"),
        ("[main.py](src/main.py)", "main.py (src/main.py)"),
        ("[src/main.py](src/main.py)", "src/main.py"),
        ("[文档](文档/说明.md)", "文档 (文档/说明.md)"),
        ("[x](javascript:alert(1))", "x (javascript：alert(1))"),
        ("[x](//evil.test/a)", "x (//evil.test/a)"),
        ("redis://localhost:6379/0", "redis：//localhost:6379/0"),
        ("dtmd: a scheme, or `Dtmd: x`, dtmd:", "dtmd： a scheme, or `Dtmd： x`, dtmd："),
    ],
)
def test_where_a_link_would_have_led_can_be_read(text: str, leaves: str) -> None:
    assert left(text)[0] == leaves


@pytest.mark.parametrize(
    "text",
    [
        "[docs](https://x.test/a_b?c=d&e=f#g)",
        "[docs](HTTPS://X.test)",
        "![shot](https://x.test/a.png)",
        "![shot](@lADPDetfXH_Pn3HNAbrNBDg)",
        "<https://x.test/?a=b>",
        "<mailto:a@x.test>",
        "<a@x.test>",
        "see https://x.test/a:b, or http://y.test:8080/x",
        "done.https://x.test",
        "链接https://x.test。",
        "https://web.archive.org/web/2020/http://x.test/",
        "[mail](mailto:a@x.test?subject=hi)",
        "std::map and a::b, key: value, 12:30, C:/Users/x, DingTalk: connected",
        "JavaScript: the good parts; data: 5 rows; file: a.py; dingtalk: a scheme",
        "@张三: `redis://localhost:6379/0` and `a[i](x: Int)`",
        "```python\nconnect('postgres://app@db/x')\n# see file:///etc/hosts\nx = {'a': 1}\n```",
        "```scala\ndef f[A](x: Int): A\n```",
        # Much behind the colon that a client would not show.
        f"```\n{'def f():' + chr(10)}```\n\n````\n```\ninner\n```\ndef f():\ndef f():\n````\n"
        + "\n"
        + "x" * 40,
        f"```\ntest_queue.py:12:\n{'*' * 80}\nResult:\n{'~' * 300}\n{'x' * 40}\n```",
        f"```yaml\nsteps:\n{chr(9) * 70}- run: make\n{'x ' * 40}\n```",
    ],
)
def test_what_leads_to_the_web_and_what_is_no_link_stays_as_it_is(text: str) -> None:
    assert left(text)[0] == text


DISGUISES = [
    *(("weixin&#58//x", "weixin：//x"), ("weixin&#00058;//x", "weixin：//x")),
    *(("weixin&#X0000000000003A;//x", "weixin：//x"), ("weixin&colon;x", "weixin：x")),
    *(
        (f"weixin{junk}://x", f"weixin{junk}：//x")
        for junk in "\t\r\n\\*_~`\u00ad\u034f\u200b\ufeff"
    ),
    *((f"weixin&#{code};://x", f"weixin&#{code};：//x") for code in (13, 173, 847, 6158)),
    *((f"weixin&#{code};://x", f"weixin&#{code};：//x") for code in (8203, 8288, 65279)),
    *(("weixin:\\/\\/x", "weixin：\\/\\/x"), ("WEIXIN://x", "WEIXIN：//x")),
    *(("javascrip&#116;:x", "javascrip&#116;：x"), ("*javascript*:x", "*javascript*：x")),
    *(("DTMD:x", "DTMD：x"), ("dtmd:**", "dtmd：**"), ("vbscript:x", "vbscript：x")),
    *(("<dingtalk:x>", "<dingtalk：x>"), ("dingtalk:/x", "dingtalk：/x")),
    *(("file:/etc/passwd", "file：/etc/passwd"), ("file:x", "file:x")),
    *(("data:text/html,x", "data：text/html,x"), ("data:,x", "data：,x")),
    *(("[a](WEIXIN:x)", "[a](WEIXIN：x)"), ("[a](  weixin:x)", "[a](  weixin：x)")),
    *(("[a](<weixin:x>)", "[a](<weixin：x>)"), ("[a](/\\x.test)", "[a](／\\x.test)")),
    *(("[a](  //x.test)", "[a](  ／/x.test)"), ("[a](&#x2f;/x.test)", "[a](&#x2f／/x.test)")),
    *(("[a](&sol;/x.test)", "[a](&sol／/x.test)"), ("[a](&#47;/x.test)", "[a](&#47／/x.test)")),
    # In code, too.
    *(("`dtmd-x://y`", "`dtmd-x：//y`"), ("`dingtalk-x://y`", "`dingtalk-x：//y`")),
    *(("`<weixin://x>`", "`<weixin：//x>`"), ("`[a](x/weixin://y)`", "`[a](x/weixin：//y)`")),
    *(("`href=weixin://x`", "`href=weixin：//x`"), ("`weixin://x`", "`weixin://x`")),
    ("```\n[a]: weixin://x\n```", "```\n[a]: weixin：//x\n```"),
    # Beside and inside an address of the web.
    *(("xhttps://a.test", "xhttps：//a.test"), ("see\thttps&#58;//x", "see\thttps&#58;//x")),
    ("https://x.test)[c](weixin:x)", "https://x.test)[c](weixin：x)"),
    ("https://x.test，weixin://y", "https://x.test，weixin：//y"),
    ("https://x.test?a=weixin&#58;//y", "https://x.test?a=weixin%3A//y"),
]


@pytest.mark.parametrize(("text", "harmless"), DISGUISES)
def test_every_disguise_of_an_address_is_looked_through(text: str, harmless: str) -> None:
    assert without_acting_links(text) == harmless


def test_an_address_inside_one_of_the_web_still_leads_to_the_same_place() -> None:
    text, _ = left("[x](https://x.test/?next=dtmd://dingtalkclient/page)")
    assert text == "[x](https://x.test/?next=dtmd%3A//dingtalkclient/page)"


@pytest.mark.parametrize(
    ("address", "link", "picture"),
    [
        ("https://x.test", True, True),
        ("http://x.test:80/a?b#c", True, True),
        ("mailto:a@b.test", True, False),
        ("@lADPDetfXH_Pn3HNAbrNBDg", False, True),
        ("https://", False, False),
        ("https:///x", False, False),
        ("https:x.test", False, False),
        (" https://x.test", False, False),
        ("https://x.test\n", False, False),
        ("ftp://x.test", False, False),
        ("//x.test", False, False),
        ("x.md", False, False),
        ("", False, False),
    ],
)
def test_where_links_and_pictures_may_lead(address: str, link: bool, picture: bool) -> None:
    assert (may_link(address), may_show(address)) == (link, picture)


# The same examples each time: an address of the web that is disguised twice is still read otherwise
# by the sandbox than by DingTalk, and no tap on it acts.
@settings(derandomize=True)
@example(f"[a](dingtalk\\:/{SEND[7:]})", "text", "native")
@example(f"[a](&#100;ingtalk:/{SEND[7:]})", "text", "native")
@example(f"{SEND} <dingtalk:/{SEND[7:]}>", "text", "native")
@example(f"{SEND} <dingtalk:{SEND[7:]}>", "text", "native")
@example(f"{SEND} `[a](dingtalk:{SEND[7:]}) `[a]({SEND})", "markdown", "native")
@example(f"    {SEND} [a](weixin:/{SEND[7:]})", "markdown", "native")
@example(f"`[a](weixin&#58;/{SEND[7:]})`", "markdown", "native")
@given(texts(), st.sampled_from(["markdown", "text"]), st.sampled_from(["native", "text", "code"]))
def test_whatever_is_written_nothing_of_it_acts_when_it_is_tapped(
    text: str, msgtype: str, table: str
) -> None:
    arrived, title = left(text, msgtype=msgtype, table=table)
    for link in links(arrived) + links(title):
        assert sent_by_tap(link) is None
        # A scheme with nothing behind it leads nowhere.
        if link.address.partition(":")[2].strip():
            assert link.scheme not in ("dtmd", "dingtalk", "javascript", "vbscript")
    if msgtype == "markdown":
        assert acting(arrived) == []


@given(texts())
def test_what_has_left_once_would_leave_again_as_it_is(text: str) -> None:
    once = without_acting_links(outgoing_text.characters(text))
    assert without_acting_links(once) == once
    assert outgoing_text.characters(once) == once


@given(texts())
def test_the_words_of_links_survive(text: str) -> None:
    clean = outgoing_text.characters(text)
    assert words(html.unescape(without_acting_links(clean)).replace("%3A", ":")) == words(
        html.unescape(clean).replace("%3A", ":")
    )


def test_a_text_of_nothing_but_colons_and_brackets_takes_time_in_proportion() -> None:
    def work(text: str) -> None:
        assert len(without_acting_links(text)) >= len(text) // 5

    for piece in ("dtmd:", "](", "://", "&#58;", "https://a:", "`dtmd:`", "[a](dtmd:", "\\:"):
        assert_in_proportion(work, piece, 20_000)


@pytest.mark.parametrize("msgtype", ["markdown", "text"])
def test_what_reaches_dingtalk_in_pieces_holds_no_acting_link_and_no_control(
    sandbox: Sandbox, msgtype: str
) -> None:
    given = {"webhook": sandbox.webhook_url, "endpoint": sandbox.settings()["endpoint"]}
    settings = read({**given, "msgtype": msgtype, "text_chunk_limit": 700}, {})
    target = Target(custom_robot=custom_robot(settings.webhook))
    tricks = "\n\n".join(trick for name, trick in TRICKS.items() if "unfinished" not in name)
    deliver(settings, target, tricks, title=SEND, seconds=60, waiting=lambda _: None)
    arrived = sandbox.client.arrived()
    assert len(arrived) > 5
    for message in arrived:
        assert not [link for link in links(message.text + message.title) if sent_by_tap(link)]
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", message.text + message.title)


@pytest.mark.parametrize(
    "address",
    [
        "https://x.test",
        "dtmd://DingTalkClient/sendMessage?content=x",
        "dtmd://dingtalkclient/other?content=x",
        "dtmd://dingtalkclient/sendMessage?content=",
    ],
)
def test_a_tap_on_anything_else_says_nothing(address: str) -> None:
    assert sent_by_tap(TappableLink("x", address)) is None
