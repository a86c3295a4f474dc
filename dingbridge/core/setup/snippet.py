"""The settings that a setup ends with: a table, its Lua text, and the file of the secrets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypeAlias

from dingbridge.core.catalogue import setup as say
from dingbridge.core.options.declarations import OPTIONS
from dingbridge.core.setup.progress import Progress

Table: TypeAlias = "dict[str, str | list[str] | Table]"
"""A table of options, as `setup()` takes it."""

Secrets = Mapping[str, str]
"""Values by the names of their options."""


def robot_name(secrets: Secrets) -> str:
    """The name under which the secrets of a robot are stored; reveals nothing of a webhook."""
    if "app_key" in secrets:
        return secrets["app_key"]
    return "webhook-" + hashlib.sha256(secrets["webhook"].encode()).hexdigest()[:8]


def table_of(progress: Progress, lookups: Table, endpoints: Table) -> Table:
    """The smallest table for `setup()`. `lookups` refer to what is stored, `endpoints` are those
    that are not the platform's own."""
    table: Table = {**lookups}
    if progress.keyword:
        table["keyword"] = progress.keyword
    if progress.admitted:
        table["allow_from"] = [progress.admitted]
    if endpoints:
        table["endpoint"] = endpoints
    return table


def lines_of(table: Table) -> list[str]:
    """The call of `setup()` with this table, as lines of Lua.

    >>> for line in lines_of({"env_file": "~/x.env", "allow_from": ["manager01"]}):
    ...     print(line)
    require('dingbridge').setup({
      env_file = '~/x.env',
      allow_from = { 'manager01' },
    })
    """
    fields = [f"  {name} = {_lua(value)}," for name, value in table.items()]
    return ["require('dingbridge').setup({", *fields, "})"]


def _lua(value: str | list[str] | Table) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_lua(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list):
        return "{ " + ", ".join(map(_lua, value)) + " }"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def file_of(secrets: Secrets) -> bytes:
    """The content of an `env_file` with these secrets, each under the variable of its option."""
    variables = {option.name: option.env for option in OPTIONS}
    lines = [f"{variables[name]}={_quoted(value)}\n" for name, value in secrets.items()]
    return f"# {say.FILE_HEADER()}\n{''.join(lines)}".encode()


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
