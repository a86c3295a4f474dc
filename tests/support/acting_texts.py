"""Texts that would control a terminal or change how a screen reads."""

from __future__ import annotations

import re

ACTING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
TRICKS = {
    "colours": ("\x1b[31mFAIL\x1b[0m ok", "FAIL ok"),
    "window title": ("\x1b]0;owned\x07ok", "ok"),
    "clipboard": ("\x1b]52;c;b3duZWQ=\x1b\\ok", "ok"),
    "8-bit introducer": ("\x9b31mred\x9b0m", "red"),
    "device control": ("\x90q\x9cok", "ok"),
    "bell, backspace, NUL": ("a\x07b\x08c\x00d", "abcd"),
    "carriage return": ("rm -rf /\recho ok", "rm -rf /\necho ok"),
    "Windows line ends": ("a\r\nb", "a\nb"),
    "line and paragraph separators": ("a\u2028b\u2029c", "a\nb\nc"),
    "next line, vertical tab, form feed": ("a\x85b\x0bc\x0cd", "abcd"),
    "override": ("user\u202etxt.exe", "usertxt.exe"),
    "isolates": ("\u2066a\u2069 \u2067b\u2069 \u2068c\u2069", "a b c"),
    "marks of direction": ("a\u200eb\u200fc\u061cd", "abcd"),
    "tags": ("hi\U000e0068\U000e0069", "hi"),
    "byte order mark": ("\ufeffhi", "hi"),
    "half a pair": ("a\ud83db", "a\ufffdb"),
    "tab and line end": ("a\tb\nc", "a\tb\nc"),
    "emoji": ("👩\u200d👩\u200d👧 👍🏽 🇩🇪 ☺\ufe0f", "👩\u200d👩\u200d👧 👍🏽 🇩🇪 ☺\ufe0f"),
    "joiners of Persian": ("می\u200cخواهم", "می\u200cخواهم"),
    "combining marks": ("e\u0301 ỹ", "e\u0301 ỹ"),
}
HIDDEN = ("\u180e", "\u2060", "\u2064", "\u206a", "\ufeff", "\ufff9", "\U0001bca0", "\U0001d173")
TRICKS.update({f"hidden {ord(one):x}": (f"一{one}二", "一二") for one in (*HIDDEN, "\U000e01f0")})
