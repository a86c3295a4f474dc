"""Which links and which characters may leave for DingTalk, whoever wrote the text.

A tap on a link can act: `dtmd://dingtalkclient/sendMessage?content=…` sends a message in the name
of the person who taps (doc/dingtalk.md §8.6), and an app's own scheme opens that app. Only http,
https and mailto stay links; any other address stays readable and is a link no more.
"""

from __future__ import annotations

import html
import re
from typing import Final

from dingbridge.core.markdown import code_regions
from dingbridge.core.regex import found_in, regex
from dingbridge.core.text import by_lines, tame

_INVISIBLE: Final = "\u00ad\u034f\u180e\u200b-\u200f\u2060-\u2064\ufeff"
_OF_A_WORD: Final = r"[A-Za-z0-9:/&#;%.+\\-]"
_IN_A_WORD: Final = regex(
    # What it begins with comes first: `re` searches for that at full speed.
    rf"[{_INVISIBLE}](?<={_OF_A_WORD}.)[{_INVISIBLE}]*(?={_OF_A_WORD})"
)
_MAY_LINK: Final = regex(
    r"https?://[^\s/\\?#<>\"'`][^\s\\<>\"`]*|mailto:[^\s\\<>\"`]+", re.IGNORECASE
)
_MAY_SHOW: Final = regex(r"@[A-Za-z0-9+/=_.-]+")

_BREAK: Final = "："
"""In the place of a colon: a reader sees an address, a client none."""
_BREAK_IN_URL: Final = "%3A"
"""The same inside an address that may be a link: for the web it is still a colon."""

_COLON: Final = r"&(?:#0{0,9}58|#x0{0,9}3a|colon);?"
_SLASH: Final = r"(?:[/\\]|&(?:#0{0,9}47|#x0{0,9}2f|sol);?)"
_JUNK: Final = rf"\t\r\n\\*_~`{_INVISIBLE}"
"""What a client drops, or draws as nothing, inside an address."""
_DROPPED: Final = regex(f"[{_JUNK}]+")
_PLACE: Final = regex(
    # Of an address of the web, the part that no client takes for the end of it.
    r"(?P<url>(?<![A-Za-z0-9+-])https?://[^\s<>\"'`()\[\]，。；！？、（）「」《》]*)"
    # A colon that may end a scheme, as what follows is a slash, or what is before ends one of those
    # that act without.
    rf"|(?P<colon>:(?=[/&{_JUNK}])|(?<=[dkta;{_JUNK}]):(?=\S)|{_COLON})"
    rf"|(?P<link>\]\(\s{{0,9}}<?(?!https?:|mailto:)[a-z&][a-z0-9+.&#;\-{_JUNK}]{{0,80}}:(?=\S))"
    rf"|(?<=\]\()(?P<same_scheme>\s{{0,9}}<?\s{{0,9}}\\?{_SLASH}(?=\\?{_SLASH}))",
    re.IGNORECASE,
)
_SIGNS: Final = (":", "&", "](")
"""One of these is in every place that `_PLACE` or `_PADDING` finds."""
_IN_URL: Final = regex(f":|{_COLON}", re.IGNORECASE)
_BEFORE: Final = 160
_AFTER: Final = 64
"""Characters around a colon that tell whether it ends the scheme of a link."""
_FEW: Final = 32
"""Of these, characters that a client shows: with less, what tells it may be further away."""
_PADDING: Final = regex(r"(?<=&#)(x?)0{7,}(?=[0-9a-f])", re.IGNORECASE)
"""Zeros of an entity that no text needs; some clients count them, some take any number."""
_SCHEME: Final = regex(r"(?:^|[^a-z0-9+.-])([a-z0-9+.-]+)\Z")
_LINK_MAY_BEGIN: Final = regex(
    r"(?:\]\(|\]:|<|(?:href|src)\s?=\s?[\"']?)\s*<?[^\s()<>]*\Z", re.IGNORECASE
)
_MEDIA_TYPE: Final = regex(r"[;,]|[a-z]+/[a-z0-9.+-]+[;,]")
_WEB: Final = ("http", "https")
_RUNS: Final = ("dtmd", "javascript", "vbscript")
"""Schemes that act without any slashes after them."""
_PLATFORM: Final = ("dtmd", "dingtalk")


def characters(text: str) -> str:
    """Return `text` without characters that act or disguise: those that `text.tame` takes out of
    what arrives, and those without width inside a word or an address of ASCII letters.

    Line ends, tabs, emoji with their joiners and the joiners of other scripts stay. Idempotent,
    never raises.
    """
    tamed = tame(text)
    return tamed if tamed.isascii() else by_lines(lambda lines: _IN_A_WORD.sub("", lines), tamed)


def may_link(address: str) -> bool:
    """Whether a link may lead to `address`, as it is written or as a parser of Markdown reads it:
    to a host by http or https, or to a mail address."""
    return _MAY_LINK.fullmatch(address) is not None


def may_show(address: str) -> bool:
    """Whether a picture may be shown from `address`: http, https, or an uploaded file's id (section
    6).
    """
    return _MAY_SHOW.fullmatch(address) is not None or (
        may_link(address) and address[:4].lower() == "http"
    )


def without_acting_links(text: str) -> str:
    """Return `text`, plain or Markdown, with the colon broken in each address that a client could
    take for a link of another scheme than http, https and mailto, bare or in a link's syntax.

    The colon becomes `：`, and `%3A` inside an address of the web. Disguises are looked through:
    entities, backslashes, marks of emphasis, line ends, characters without width.
    In code, which clients draw as text, only links of DingTalk's own and of script, and the syntax
    of links are broken: a client that does not know code draws it as prose, and the address of a
    database has to survive copying. Idempotent, linear, never raises.

    >>> without_acting_links("[docs](dtmd://dingtalkclient/sendMessage?content=%2Fclear)")
    '[docs](dtmd：//dingtalkclient/sendMessage?content=%2Fclear)'
    """
    if not any(sign in text for sign in _SIGNS):
        return text
    text = _PADDING.sub(r"\1", text)
    pieces: list[str] = []
    position = 0
    regions = code_regions.code(text)
    region = next(regions, None)
    for place in found_in(_PLACE, text):
        while region is not None and region[1] <= place.start():
            region = next(regions, None)
        in_code = region is not None and region[0] <= place.start()
        broken = _broken(text, place, in_code=in_code)
        if broken != place[0]:
            pieces += [text[position : place.start()], broken]
            position = place.end()
    return "".join([*pieces, text[position:]])


def _broken(text: str, place: re.Match[str], *, in_code: bool) -> str:
    found = place[0]
    if place["url"]:
        return _one_address(found, in_code=in_code)
    if place["link"]:
        # In code as well: a client that does not know code reads a link here.
        return found[:-1] + _BREAK
    if place["same_scheme"]:
        return found if in_code else found[:-1] + "／"
    return _BREAK if _acts(text, place.start(), place.end(), in_code=in_code) else found


def _one_address(url: str, *, in_code: bool) -> str:
    """An address of the web without another one inside it."""
    pieces = []
    position = 0
    for colon in _IN_URL.finditer(url):
        if _acts(url, colon.start(), colon.end(), in_code=in_code):
            pieces += [url[position : colon.start()], _BREAK_IN_URL]
            position = colon.end()
    return "".join([*pieces, url[position:]])


def _acts(text: str, start: int, end: int, *, in_code: bool) -> bool:
    """Whether the colon at `text[start:end]` ends the scheme of an address to be broken."""
    after = _plain(text[end : end + _AFTER])
    written = text[max(0, start - _BEFORE) : start]
    before = _plain(written)
    if (len(before) < _FEW and start > _BEFORE) or (len(after) < _FEW and len(text) - end > _AFTER):
        return True
    found = _SCHEME.search(before)
    if found is None:
        return False
    scheme, follows = found[1], bool(after) and not after[0].isspace()
    if scheme.endswith(_RUNS):
        return follows or bool(text[end : end + 1].strip())
    if not follows:
        return False
    if scheme.endswith(_PLATFORM) and (after[0] == "/" or _LINK_MAY_BEGIN.search(written)):
        return True
    slashes = after.startswith("//")
    # Some clients join what a tab or a mark parts, some do not: it has to be harmless for both.
    apart = _SCHEME.search(written.lower())
    web = (apart or found)[1].rpartition(".")[2] in _WEB
    if in_code:
        platform = any(name in scheme for name in _PLATFORM)
        return slashes and not web and (platform or bool(_LINK_MAY_BEGIN.search(written)))
    if slashes:
        return not web
    if end - start > 1 or (scheme.endswith("file") and after[0] == "/"):
        return True
    return scheme.endswith("data") and _MEDIA_TYPE.match(after) is not None


def _plain(text: str) -> str:
    """What a client may make of a part of an address."""
    return _DROPPED.sub("", html.unescape(text) if "&" in text else text).lower()
