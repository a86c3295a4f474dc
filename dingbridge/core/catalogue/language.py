"""The language of a process: which translation of the catalogue its sentences use.

    language.use("auto", os.environ)

Imports only the standard library, because the installer uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from dingbridge.core.catalogue.sentence import Sentence

Language = Literal["auto", "en", "zh"]
"""`auto`: Chinese if the environment asks for it, otherwise the texts of the catalogue itself.

Those for the editor are English, those for DingTalk Chinese and English."""


def of_environment(environ: Mapping[str, str]) -> Language:
    """The language that the locale asks for; the first variable that is not empty decides.

    >>> of_environment({"LANG": "zh_CN.UTF-8"})
    'zh'
    >>> of_environment({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"})
    'auto'
    """
    given = (environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, given), "").startswith("zh") else "auto"


def use(language: Language, environ: Mapping[str, str]) -> None:
    """Let the sentences of this process be in `language` from now on."""
    chosen = of_environment(environ) if language == "auto" else language
    if chosen == "auto":
        Sentence.translated = {}
        return
    # Imported late: it imports the whole catalogue.
    from dingbridge.core.catalogue import translations

    Sentence.translated = translations.texts(chosen)
