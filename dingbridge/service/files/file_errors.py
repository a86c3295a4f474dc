"""Sentences about errors with files."""

from __future__ import annotations

from pathlib import Path

from dingbridge.core.catalogue import files
from dingbridge.core.catalogue import service as say


def cannot_use(error: Exception) -> str:
    """The sentence for a file that cannot be used."""
    name, reason = _name_and_reason(error)
    return say.CANNOT_USE(name=name, reason=reason)


def not_saved(error: Exception) -> str:
    """The sentence for a disk that refuses writes."""
    name, reason = _name_and_reason(error)
    return say.NOT_SAVED(name=name, reason=reason)


def _name_and_reason(error: Exception) -> tuple[str, str]:
    name = Path(getattr(error, "filename", None) or files.FILE()).name
    return name, getattr(error, "strerror", None) or type(error).__name__
