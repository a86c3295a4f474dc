"""Which shapes are secrets: keys and tokens of known kinds.

A pattern begins with its literal `hint` where possible and has no nested repetition, so that the
search is linear and a text without the hint costs next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from dingbridge.core.regex import found_in, regex
from dingbridge.core.secrets.heuristics import is_stand_in


class Shape(Struct, frozen=True):
    """One kind of secret.

    - `kind`: its name, shown to the user
    - `pattern`: matches it; the secret is the last group, or the whole match without groups
    - `hint`: a literal in every text with such a secret
    - `folded`: the pattern is for text in lower case
    - `accepts`: whether a match is a secret
    - `begin`: the beginning of `pattern`, for patterns that may read far before they match
    - `sign`: another literal in every such text, for a `hint` that is common
    """

    kind: str
    hint: str
    pattern: re.Pattern[str]
    folded: bool = False
    accepts: Callable[[str], bool] | None = None
    begin: re.Pattern[str] | None = None
    sign: re.Pattern[str] | None = None

    def found_in(self, text: str) -> Iterator[re.Match[str]]:
        """The matches of `pattern` in `text` (in lower case for a `folded` shape), in order."""
        if self.hint not in text:
            return
        if self.sign is not None and next(found_in(self.sign, text), None) is None:
            return
        if self.begin is None:
            yield from found_in(self.pattern, text)
            return
        end = 0
        for beginning in found_in(self.begin, text):
            match = self.pattern.match(text, beginning.start())
            if match is not None and match.start() >= end:
                end = match.end()
                yield match

    def is_secret(self, value: str) -> bool:
        """Whether a match is a secret."""
        return self.accepts(value) if self.accepts else not is_stand_in(value)


def _shape(kind: str, hint: str, pattern: str, begin: str = "") -> Shape:
    return Shape(kind, hint, regex(pattern), begin=regex(begin) if begin else None)


def _alone(literal: str) -> str:
    """A pattern for `literal` at the start of a run of key characters.

    The literal comes first and a lookbehind follows: `re` finds a leading literal at full speed.
    """
    return f"{literal}(?<![A-Za-z0-9]{literal})"


_END: Final = r"(?![A-Za-z0-9])"

KNOWN: Final = (
    _shape("AWS access key", "AKIA", _alone("AKIA") + "[0-9A-Z]{16}" + _END),
    _shape("AWS access key", "ASIA", _alone("ASIA") + "[0-9A-Z]{16}" + _END),
    _shape("GitHub token", "gh", r"gh[pousr]_[A-Za-z0-9]{36,}"),
    _shape("GitHub token", "github_pat_", r"github_pat_[A-Za-z0-9_]{36,}"),
    _shape(
        "GitLab token", "gl", r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas|imt)-[A-Za-z0-9_-]{20,}"
    ),
    _shape("Slack token", "xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    _shape("Slack token", "xapp-", r"xapp-[0-9]-[A-Za-z0-9-]{20,}"),
    _shape(
        "Slack webhook",
        "hooks.slack.com/",
        r"hooks\.slack\.com/(?:services|workflows)/"
        r"([A-Za-z0-9]{6,}/[A-Za-z0-9]{6,}/[A-Za-z0-9/]{16,})",
        begin=r"hooks\.slack\.com/(?:services|workflows)/",
    ),
    _shape("Google API key", "AIza", _alone("AIza") + "[0-9A-Za-z_-]{35}(?![A-Za-z0-9_-])"),
    _shape("Google client secret", "GOCSPX-", r"GOCSPX-[0-9A-Za-z_-]{20,}"),
    _shape("Google access token", "ya29.", r"ya29\.[0-9A-Za-z_-]{20,}"),
    _shape("Anthropic key", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{20,}"),
    _shape(
        "OpenAI key",
        "sk-",
        _alone("sk-")
        + r"(?:(?:proj|svcacct|admin|or-v1)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{32}[A-Za-z0-9_-]*)",
    ),
    _shape("Stripe key", "k_", r"[sr]k_(?:live|test)_[0-9A-Za-z]{16,}"),
    _shape("Stripe key", "whsec_", r"whsec_[A-Za-z0-9+/=]{24,}"),
    _shape("npm token", "npm_", r"npm_[A-Za-z0-9]{36,}"),
    _shape("PyPI token", "pypi-", r"pypi-[A-Za-z0-9_-]{50,}"),
    _shape("RubyGems key", "rubygems_", r"rubygems_[0-9a-f]{48,}"),
    _shape("Docker token", "dckr_", r"dckr_[op]at_[A-Za-z0-9_-]{24,}"),
    _shape("Hugging Face token", "hf_", _alone("hf_") + r"[A-Za-z0-9]{30,}"),
    _shape("Groq key", "gsk_", _alone("gsk_") + r"[A-Za-z0-9]{40,}"),
    _shape("xAI key", "xai-", _alone("xai-") + r"[A-Za-z0-9]{60,}"),
    _shape(
        "JSON web token",
        "eyJ",
        # Only at the start of a run: the rest would be read again for each "eyJ" inside it.
        r"eyJ(?<![A-Za-z0-9_-]eyJ)[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}",
        begin=r"eyJ(?<![A-Za-z0-9_-]eyJ)[A-Za-z0-9_-]{10}",
    ),
    _shape("DingTalk webhook", "access_token=", r"access_token=([0-9a-f]{64})(?![0-9A-Za-z])"),
    _shape("DingTalk webhook", "session=", r"sendBySession\?session=([A-Za-z0-9]{16,})"),
    _shape("DingTalk robot secret", "SEC", _alone("SEC") + "[0-9a-f]{64}" + _END),
    _shape("Feishu webhook", "/bot/v2/hook/", r"/bot/v2/hook/([0-9a-f-]{36,})"),
    _shape("WeCom webhook", "/webhook/send?key=", r"/webhook/send\?key=([0-9a-f-]{36,})"),
    _shape("Aliyun access key", "LTAI", _alone("LTAI") + "[A-Za-z0-9]{12,26}" + _END),
    _shape("Tencent Cloud key", "AKID", _alone("AKID") + "[A-Za-z0-9]{32}" + _END),
    _shape("Volcengine key", "AKLT", _alone("AKLT") + "[A-Za-z0-9]{40,60}={0,2}" + _END),
    _shape("Azure signature", "sig=", r"sig=(?<=[?&;]sig=)([A-Za-z0-9%+/]{43,}={0,2})"),
    _shape("Azure client secret", "8Q~", r"[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,}"),
    _shape("Telegram bot token", ":AA", r"(?<![0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{33,}"),
    _shape(
        "Discord webhook",
        "/api/webhooks/",
        r"/api/webhooks/([0-9]{17,20}/[A-Za-z0-9_-]{60,})",
    ),
    _shape(
        "Discord bot token",
        ".",
        r"(?:M[TjzD]|N[DTjz]|O[DT])[A-Za-z0-9]{21,24}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}",
    ),
    _shape("SendGrid key", "SG.", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43,}"),
    _shape("DigitalOcean token", "do", r"do[opr]_v1_[0-9a-f]{64,}"),
    _shape("Shopify token", "shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32,}"),
    _shape("Databricks token", "dapi", _alone("dapi") + "[0-9a-f]{32}(?:-[0-9])?" + _END),
    _shape("Vault token", "hv", r"hv[sbr]\.[A-Za-z0-9_-]{24,}"),
    _shape("Terraform token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}"),
    _shape("Grafana token", "gl", r"gl(?:sa|c)_[A-Za-z0-9+/_]{32,}={0,2}"),
    _shape("Linear key", "lin_", r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
    _shape("Notion token", "ntn_", _alone("ntn_") + r"[A-Za-z0-9]{40,}"),
    _shape("Atlassian token", "ATATT3", r"ATATT3[A-Za-z0-9_=-]{60,}"),
    _shape("Figma token", "figd_", r"figd_[A-Za-z0-9_-]{36,}"),
    _shape("Postman key", "PMAK-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34,}"),
    _shape("Sentry token", "sntr", r"sntry[su]_[A-Za-z0-9+/=_]{40,}"),
    _shape("age key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{50,}"),
    _shape(
        "PuTTY private key",
        "Private-Lines:",
        r"Private-Lines: [0-9]+\s+((?:[A-Za-z0-9+/=]{24,}\s+)+"
        r"(?:[A-Za-z0-9+/=]{1,64}(?=\s+Private-MAC))?)",
        begin="Private-Lines: [0-9]",
    ),
)
"""The shapes of keys that services give out."""
