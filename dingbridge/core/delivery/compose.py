"""Composes an outgoing message from the text that somebody wrote.

In order: characters and links that act are removed, secrets are masked, names become mentions, and
the Markdown is rendered for DingTalk.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from dingbridge.core.delivery import mentions, outgoing_text
from dingbridge.core.dingtalk.limits import TITLE_CHARACTERS
from dingbridge.core.markdown import code_blocks
from dingbridge.core.markdown.plain import is_plain
from dingbridge.core.messages import At, Outbound, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.secrets import excerpts, masking
from dingbridge.core.secrets.excerpts import Around
from dingbridge.core.secrets.masking import Finding
from dingbridge.core.text import shorten

LONGER = 1000
"""Characters by which a text may grow when names replace ids; beyond that the ids stay, so that
there is room for the text."""


class ComposeContext(Struct, frozen=True):
    """What composing needs besides the text and the settings.

    - `secrets`: values of the settings
    - `environment`: the process's variables
    - `members`: staff ids by the names of a conversation's people (`mentions.members`)
    """

    secrets: Collection[str] = ()
    environment: Mapping[str, str] = {}
    members: Mapping[str, str] = {}


class ComposedText(Struct, frozen=True):
    """A message ready to send, and what was masked in it."""

    outbound: Outbound
    masked: tuple[Finding, ...] = ()


def written(
    message_id: str,
    text: str,
    target: Target,
    options: Options,
    context: ComposeContext,
    *,
    title: str = "",
    at: At = At(),
    around: Around = Around(),
) -> ComposedText:
    """The message to `target` that is composed from `text`.

    The title is taken from the text unless one is given, and is masked as well: phones show it in
    the push. `around` is the context of an excerpt from a file.
    """
    # First: invisible characters would hide a secret or an address from the next steps.
    text, title = outgoing_text.characters(text), outgoing_text.characters(title)
    masked: tuple[Finding, ...] = ()
    if options.mask_secrets and not is_excepted(options, target):
        # Before the title is cut: half a secret is not recognised.
        own, environment = context.secrets, context.environment
        body = excerpts.mask(text, around, own, environment)
        entitled = masking.mask(title, own, environment)
        text, title = body.text, entitled.text
        masked = masking.counted_together(body.found, entitled.found)
    title = shorten(title, TITLE_CHARACTERS) or code_blocks.title(text)
    title = outgoing_text.without_acting_links(title)
    if not at.all:
        text = mentions.without_everybody(text)
    text, found = mentions.with_known(text, context.members)
    people = mentions.together(at, found)
    names = tuple(
        (name, staff_id)
        for name, staff_id in context.members.items()
        if staff_id and staff_id in people.user_ids
    )
    text = _drawn(text, options)
    named = mentions.readable(text, people, dict(names))
    if len(named) - len(text) > LONGER:
        names = ()
    everyone = At(people.user_ids, people.mobiles, all=at.all)
    return ComposedText(Outbound(message_id, target, text, title, everyone, names=names), masked)


def _drawn(text: str, options: Options) -> str:
    """`text` rendered for DingTalk, without links that act."""
    if options.msgtype == "markdown" and not is_plain(text):
        # Imported late: the parser adds tens of milliseconds to a start.
        from dingbridge.core.markdown import rendering

        text = rendering.for_dingtalk(text, table=options.table)
    return outgoing_text.without_acting_links(text)


def is_excepted(options: Options, target: Target) -> bool:
    """Whether the settings exempt this target from masking."""
    return bool({target.conversation_id, target.user_id} & {*options.mask_secrets_except} - {""})


def told(masked: Collection[Finding], target: Target) -> str:
    """A line for the editor: what was masked and why; empty when nothing was."""
    if not masked:
        return ""
    who = target.conversation_id or target.user_id
    return masking.describe(
        masked, f"mask_secrets_except = {{ '{who}' }}" if who else "mask_secrets"
    )
