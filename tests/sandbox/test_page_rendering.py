"""Messages as HTML: drawn as DingTalk draws them, and nothing in them that acts."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingbridge.sandbox.page.rendering import ATTRIBUTES, SCHEMES, TAGS, markdown_html, text_html

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&#58;alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "![x](javascript:alert(1))",
    "![x](https://elsewhere.example/pixel.gif)",
    "<iframe src=//elsewhere.example></iframe>",
    "<style>*{display:none}</style>",
    "<p style='position:fixed;inset:0'>x</p>",
    "<form action=/say><input name=user><button>x</button></form>",
    "<math><mtext></p><img src=x onerror=alert(1)>",
    '"><b onmouseover=alert(1)>',
    "<font color='red;background:url(//elsewhere.example)'>x</font>",
    "`<script>alert(1)</script>`",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "| a |\n| - |\n| <img src=x onerror=alert(1)> |",
    "<!--><script>alert(1)</script>-->",
    "https://a.example/<script>alert(1)</script>\"onclick='x'",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<base href=//elsewhere.example><link rel=stylesheet href=//elsewhere.example>",
    "<a href='dtmd://dingtalkclient/sendMessage?content=/allow' onclick=alert(1) target=_top>x</a>",
)
PIECES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=20),
    st.sampled_from(
        ["\n", "\n\n", "> ", "- ", "# ", "```\n", "**", "[", "](", ")", "<", ">", "&", "|"]
    ),
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)


class Found(HTMLParser):
    """The tags and attributes of a page, as a browser reads them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_harmless(page: str) -> None:
    for tag, attributes in Found(page).tags:
        assert tag in TAGS
        assert {*attributes} <= ATTRIBUTES.get(tag, set())
        address = attributes.get("href")
        if address and ":" in address.partition("/")[0]:
            assert address.partition(":")[0].lower() in SCHEMES


@given(TEXTS)
def test_no_markdown_makes_anything_that_acts(text: str) -> None:
    assert_harmless(markdown_html(text))


@given(TEXTS)
def test_no_text_makes_anything_but_links(text: str) -> None:
    page = text_html(text)
    assert_harmless(page)
    assert {tag for tag, _ in Found(page).tags} <= {"a"}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_every_character_of_a_text_is_shown(text: str) -> None:
    assert Found(text_html(text)).text == text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_as_it_was_written(text: str) -> None:
    assert Found(text_html(text)).text == text.replace("\x00", "")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# 标题", "<h1>标题</h1>"),
        ("**bold** *italic* ~~gone~~", "<strong>bold</strong> <em>italic</em> <s>gone</s>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("2. a\n3. b", '<ol start="2">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
        ("one\ntwo", "one\ntwo"),
        ("one  \ntwo", "one<br>\ntwo"),
        ("`a < b`", "<code>a &lt; b</code>"),
        ("```py\nx = 1\n```", "<pre><code>x = 1\n</code></pre>"),
        ("|a|b|\n|:-:|-:|\n|1|2|", '<td align="center">1</td>\n<td align="right">2</td>'),
        ("![shot](@lABC)", '<img src="@lABC" alt="shot">'),
        ("[go](https://a.example/x)", '<a href="https://a.example/x">go</a>'),
        ("[ok](dtmd://dingtalkclient/sendMessage?content=%2Fok)", "sendMessage?content=%2Fok"),
        ("see https://a.example/x.", '<a href="https://a.example/x.">https://a.example/x.</a>'),
        ("<font color=#ff0000>red</font>", '<font color="#ff0000">red</font>'),
        ("a<br>b", "a<br>b"),
    ],
)
def test_markdown_is_drawn_as_dingtalk_draws_it(text: str, html: str) -> None:
    assert html in markdown_html(text)


def test_an_address_in_code_or_in_a_link_is_no_link_of_its_own() -> None:
    assert "<a" not in markdown_html("`https://a.example`")
    assert markdown_html("[https://a.example](https://b.example)").count("<a") == 1
