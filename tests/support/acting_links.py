"""Links that would trigger actions in DingTalk."""

from __future__ import annotations

from hypothesis import strategies as st

from dingbridge.sandbox.links import TappableLink, links

SEND = "dtmd://dingtalkclient/sendMessage?content=%2Fclear"
WEB = ("http", "https", "mailto")


def acting(*texts: str) -> list[TappableLink]:
    """The links that open anything other than a web page or a mail."""
    return [
        link
        for text in texts
        for link in links(text)
        if (link.scheme and link.scheme not in WEB) or link.address.startswith("//")
    ]


SCHEMES = st.sampled_from(["dtmd", "dingtalk", "javascript", "weixin", "https", "mailto", "x", ""])
BETWEEN = st.sampled_from(
    ["", "", "", "\t", "\n", "\\", "\u200b", "\x01", "&Tab;", "*", "`", "\x1b[1m", "\u202e", "%"]
)
COLONS = st.sampled_from([":", ":", "&#58;", "&colon;", "\\:", "%3a", "：", "\u200b:"])
SLASHES = st.sampled_from(["//", "//", "/", "", "\\/\\/", "&sol;/", "\\\\"])
REST = st.sampled_from(["dingtalkclient/sendMessage?content=%2Fclear", "x.test/a", "alert(1)", ""])


@st.composite
def addresses(draw: st.DrawFn) -> str:
    scheme = draw(SCHEMES)
    at = draw(st.integers(0, len(scheme)))
    scheme = scheme[:at] + draw(BETWEEN) + scheme[at:]
    if draw(st.booleans()) and scheme:
        scheme = f"&#{ord(scheme[0])};" + scheme[1:]
    return scheme + draw(COLONS) + draw(SLASHES) + draw(REST)


FORMS = st.sampled_from(
    [
        *("{}", "[a]({})", "[a](<{}>)", "![a]({})", "<{}>", "[a]\n\n[a]: {}\n", "`{}`"),
        *("[a]({} 'b')", "<a href='{}'>", "[[a]({})]({})", "[![a]({})]({})", "```\n{}\n```"),
        *(
            "# [a]({})",
            "> {}",
            "- [a]({})\n  - {}",
            "| a | {} |\n|---|---|\n| {} | b |",
            "`[a]({})",
        ),
        *("**[a]({})**", "[a] ({})", "[a\\]({})", "\\[a]({})", "    {}", "{}{}", "https://h/{}"),
    ]
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    found = []
    for form in draw(st.lists(FORMS, min_size=1, max_size=4)):
        for _ in range(form.count("{}")):
            form = form.replace("{}", draw(addresses()), 1)
        found.append(form)
    return draw(st.sampled_from([" ", "\n\n", "\n", ""])).join(found)
