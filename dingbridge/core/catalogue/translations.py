"""Pairs the modules of the catalogue with their translations; imported when the first is used."""

from __future__ import annotations

from types import ModuleType
from typing import Literal

from dingbridge.core.catalogue import (
    access,
    agent_choice,
    agents,
    approvals,
    checkhealth,
    chinese,
    commands,
    delivery,
    doctor,
    editor,
    english,
    files,
    health,
    link,
    options,
    programs,
    received,
    refusals,
    remote,
    service,
    sessions,
    settings,
    setup,
    shell,
    status,
    transcript,
    turns,
    values,
)

SOURCES = (
    access,
    agent_choice,
    agents,
    approvals,
    checkhealth,
    commands,
    delivery,
    doctor,
    editor,
    files,
    health,
    link,
    options,
    programs,
    received,
    refusals,
    remote,
    service,
    sessions,
    setup,
    settings,
    shell,
    status,
    transcript,
    turns,
    values,
)
PACKAGES = {"en": english, "zh": chinese}
"""The package of each language. Its modules have the names of those of the catalogue, and in them a
text for a sentence has the name of that sentence."""


def modules(of: Literal["en", "zh"]) -> list[tuple[ModuleType, ModuleType]]:
    """Each module of the catalogue that has translations, with the module of these."""
    translated = vars(PACKAGES[of])
    pairs = ((source, translated.get(source.__name__.rpartition(".")[2])) for source in SOURCES)
    return [(source, found) for source, found in pairs if found is not None]


def texts(of: Literal["en", "zh"]) -> dict[str, str]:
    """All texts of a language, by the text of their sentence in the catalogue."""
    return {
        getattr(source, name).text: text
        for source, translation in modules(of)
        for name, text in vars(translation).items()
        if name.isupper()
    }
