"""The sentences of the catalogue in Chinese: modules and names are those of the catalogue."""

from dingbridge.core.catalogue.chinese import (
    link,
)

__all__ = ("link",)
