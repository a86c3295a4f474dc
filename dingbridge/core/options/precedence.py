"""Which options hold where several Neovims use a robot: those of the latest `setup()`, but for what
is each one's own."""

from __future__ import annotations

from msgspec import structs

from dingbridge.core.options.declarations import OPTIONS, Options


def ruled(own: Options, latest: Options) -> Options:
    """The options of a Neovim as they hold when `latest` are those of a later `setup()`."""
    kept = {option.field: getattr(own, option.field) for option in OPTIONS if option.is_own}
    sources = {
        option.name: (own if option.is_own else latest).sources[option.name] for option in OPTIONS
    }
    return structs.replace(latest, account=own.account, sources=sources, **kept)


def differing(one: Options, other: Options) -> tuple[str, ...]:
    """The names of the options that have other values."""
    return tuple(
        option.name
        for option in OPTIONS
        if getattr(one, option.field) != getattr(other, option.field)
    )
