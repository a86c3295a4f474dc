"""Starts to attach to the service before the rest of the host is imported, which takes longer."""

from __future__ import annotations

import os
from collections.abc import Mapping

from dingbridge.editor.service_link import ServiceLink

_begun: list[ServiceLink] = []


def begin(data: str, log_folder: str) -> None:
    """Begin to find or start the service of a data folder. Once per process."""
    attachment = ServiceLink(data, log_folder, dict(os.environ))
    _begun.append(attachment)
    attachment.start()


def link_for(data: str, log_folder: str, environ: Mapping[str, str]) -> ServiceLink:
    """The link that `begin` started for these folders, or a new one."""
    begun = _begun.pop() if _begun else None
    if begun is not None and begun.folders == (data, log_folder):
        return begun
    if begun is not None:
        begun.stop()
    attachment = ServiceLink(data, log_folder, environ)
    attachment.start()
    return attachment
