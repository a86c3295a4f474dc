"""Which options apply when several Neovims use a robot: each Neovim's own ones (`Option.is_own`),
and for all others those of the latest `setup()`."""

from __future__ import annotations

from msgspec import structs

from dingbridge.core.options.declarations import OPTIONS, Options


def ruled(own: Options, latest: Options) -> Options:
    """A Neovim's options in effect, when `latest` are those of a later `setup()`."""
    kept = {option.field: getattr(own, option.field) for option in OPTIONS if option.is_own}
    sources = {
        option.name: (own if option.is_own else latest).sources[option.name] for option in OPTIONS
    }
    return structs.replace(latest, account=own.account, sources=sources, **kept)


def differing(one: Options, other: Options) -> tuple[str, ...]:
    """The names of the options whose values differ."""
    return tuple(
        option.name
        for option in OPTIONS
        if getattr(one, option.field) != getattr(other, option.field)
    )
