"""Removes links and characters that act from outgoing text.

A tap on `dtmd://dingtalkclient/sendMessage?content=…` sends a message in the name of the person who
taps (doc/dingtalk.md §8.6), and an app's own scheme opens that app. Only http, https and mailto
stay links; other addresses become plain text.
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
    # Alternatives start with literals, which `re` finds at full speed.
    rf"[{_INVISIBLE}](?<={_OF_A_WORD}.)[{_INVISIBLE}]*(?={_OF_A_WORD})"
)
_MAY_LINK: Final = regex(
    r"https?://[^\s/\\?#<>\"'`][^\s\\<>\"`]*|mailto:[^\s\\<>\"`]+", re.IGNORECASE
)
_MAY_SHOW: Final = regex(r"@[A-Za-z0-9+/=_.-]+")

_BREAK: Final = "："
"""Replaces a colon: still readable as an address, but not a link."""
_BREAK_IN_URL: Final = "%3A"
"""Replaces a colon inside a web address, where it means the same."""

_COLON: Final = r"&(?:#0{0,9}58|#x0{0,9}3a|colon);?"
_SLASH: Final = r"(?:[/\\]|&(?:#0{0,9}47|#x0{0,9}2f|sol);?)"
_JUNK: Final = rf"\t\r\n\\*_~`{_INVISIBLE}"
"""Characters that a client drops or hides inside an address."""
_DROPPED: Final = regex(f"[{_JUNK}]+")
_PLACE: Final = regex(
    # The part of a web address that no client takes for its end.
    r"(?P<url>(?<![A-Za-z0-9+-])https?://[^\s<>\"'`()\[\]，。；！？、（）「」《》]*)"
    # A colon that may end a scheme: a slash follows, or one of `_RUNS` precedes.
    rf"|(?P<colon>:(?=[/&{_JUNK}])|(?<=[dkta;{_JUNK}]):(?=\S)|(?<=dtmd):|{_COLON})"
    rf"|(?P<link>\]\(\s{{0,9}}<?(?!https?:|mailto:)[a-z&][a-z0-9+.&#;\-{_JUNK}]{{0,80}}:(?=\S))"
    rf"|(?<=\]\()(?P<same_scheme>\s{{0,9}}<?\s{{0,9}}\\?{_SLASH}(?=\\?{_SLASH}))",
    re.IGNORECASE,
)
_SIGNS: Final = (":", "&", "](")
"""Every match of `_PLACE` and `_PADDING` contains one of these."""
_IN_URL: Final = regex(f":|{_COLON}", re.IGNORECASE)
_BEFORE: Final = (160, 1024)
_AFTER: Final = (64, 1024)
"""Characters around a colon that are searched for the scheme of a link: the second number if the
first gives few."""
_FEW: Final = 32
"""Visible characters that are enough. A colon with fewer around it counts as one that acts."""
_PADDING: Final = regex(r"(?<=&#)(x?)0{7,}(?=[0-9a-f])", re.IGNORECASE)
"""Padding zeros of an entity, which some clients accept in any number."""
_SCHEME: Final = regex(r"(?:^|[^a-z0-9+.-])([a-z0-9+.-]+)\Z")
_LINK_MAY_BEGIN: Final = regex(
    r"(?:\]\(|\]:|<|(?:href|src)\s?=\s?[\"']?)\s*<?[^\s()<>]*\Z", re.IGNORECASE
)
_MEDIA_TYPE: Final = regex(r"[;,]|[a-z]+/[a-z0-9.+-]+[;,]")
_WEB: Final = ("http", "https")
_RUNS: Final = ("dtmd", "javascript", "vbscript")
"""Schemes that act without slashes after the colon."""
_PLATFORM: Final = ("dtmd", "dingtalk")


def characters(text: str) -> str:
    """Return `text` without characters that act or disguise.

    Removes what `text.tame` removes, and zero-width characters inside ASCII words and addresses.
    Line ends, tabs, emoji and the joiners of other scripts stay. Idempotent, never raises.
    """
    tamed = tame(text)
    return tamed if tamed.isascii() else by_lines(lambda lines: _IN_A_WORD.sub("", lines), tamed)


def may_link(address: str) -> bool:
    """Whether a link to `address`, as written or as parsed from Markdown, is allowed: http or https
    with a host, or mailto.
    """
    return _MAY_LINK.fullmatch(address) is not None


def may_show(address: str) -> bool:
    """Whether a picture from `address` is allowed: http, https, or an uploaded file's id (§6)."""
    return _MAY_SHOW.fullmatch(address) is not None or (
        may_link(address) and address[:4].lower() == "http"
    )


def without_acting_links(text: str) -> str:
    """Return `text` (plain or Markdown) without links of other schemes than http, https and mailto.

    The colon of such an address, bare or in a link's syntax, becomes `：`, or `%3A` inside a web
    address. Entities, backslashes, emphasis marks, line ends and zero-width characters do not hide
    an address.

    In code, only DingTalk's own and script links and link syntax are changed: some clients render
    code as prose, but the address of a database must survive copying. Idempotent, linear, never
    raises.

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
    for match in found_in(_PLACE, text):
        while region is not None and region[1] <= match.start():
            region = next(regions, None)
        in_code = region is not None and region[0] <= match.start()
        broken = _broken(text, match, in_code=in_code)
        if broken != match[0]:
            pieces += [text[position : match.start()], broken]
            position = match.end()
    return "".join([*pieces, text[position:]])


def _broken(text: str, match: re.Match[str], *, in_code: bool) -> str:
    found = match[0]
    if match["url"]:
        return _one_address(found, in_code=in_code)
    if match["link"]:
        # In code as well: some clients render code as prose.
        return found[:-1] + _BREAK
    if match["same_scheme"]:
        return found if in_code else found[:-1] + "／"
    return _BREAK if _acts(text, match.start(), match.end(), in_code=in_code) else found


def _one_address(url: str, *, in_code: bool) -> str:
    """A web address without another address inside it."""
    pieces = []
    position = 0
    for colon in _IN_URL.finditer(url):
        if _acts(url, colon.start(), colon.end(), in_code=in_code):
            pieces += [url[position : colon.start()], _BREAK_IN_URL]
            position = colon.end()
    return "".join([*pieces, url[position:]])


def _acts(text: str, start: int, end: int, *, in_code: bool) -> bool:
    """Whether the colon at `text[start:end]` ends the scheme of a forbidden address."""
    written, before = _before(text, start)
    if before is None:
        return True
    found = _SCHEME.search(before)
    if found is None:
        return False
    after = _after(text, end)
    if after is None:
        return True
    scheme, follows = found[1], bool(after) and not after[0].isspace()
    if scheme.endswith("dtmd"):
        # No other word ends so, and what nothing follows here may be put before something.
        return True
    if scheme.endswith(_RUNS):
        return follows or bool(text[end : end + 1].strip())
    if not follows:
        return False
    if scheme.endswith(_PLATFORM) and (after[0] == "/" or _LINK_MAY_BEGIN.search(written)):
        return True
    slashes = after.startswith("//")
    # Some clients ignore a tab or mark inside an address, some do not: check both readings.
    apart = _SCHEME.search(written.lower())
    web = (apart or found)[1].rpartition(".")[2] in _WEB
    if in_code:
        platform = any(name in scheme for name in _PLATFORM)
        begins = bool(_LINK_MAY_BEGIN.search(written))
        is_hidden = end - start > 1 and begins  # an entity, which `_PLACE` sees in no link
        return not web and (is_hidden or (slashes and (platform or begins)))
    if slashes:
        return not web
    if end - start > 1 or (scheme.endswith("file") and after[0] == "/"):
        return True
    return scheme.endswith("data") and _MEDIA_TYPE.match(after) is not None


def _before(text: str, end: int) -> tuple[str, str | None]:
    """What stands before `end`, as written and as read; not read if that shows too little."""
    for reach in _BEFORE:
        written = text[max(0, end - reach) : end]
        read = _plain(written)
        if len(read) >= _FEW or end <= reach:
            return written, read
    return written, None


def _after(text: str, start: int) -> str | None:
    """What stands behind `start`, as read; None if that shows too little."""
    for reach in _AFTER:
        read = _plain(text[start : start + reach])
        if len(read) >= _FEW or len(text) - start <= reach:
            return read
    return None


def _plain(text: str) -> str:
    """A part of an address as a lenient client reads it."""
    return _DROPPED.sub("", html.unescape(text) if "&" in text else text).lower()
