"""The question in DingTalk: who wants to do what, and how to answer.

The agent's words go through all that removes links and secrets; the sentences and links of the
bridge follow them, also when the words are cut.
"""

from __future__ import annotations

from datetime import tzinfo

from msgspec import structs

from dingbridge.core.approvals import tap_links
from dingbridge.core.approvals.answer_text import clock
from dingbridge.core.approvals.approval import OpenApproval
from dingbridge.core.catalogue import approvals as say
from dingbridge.core.delivery import long_text
from dingbridge.core.delivery.compose import ComposeContext, written
from dingbridge.core.markdown.blocks import Blocks
from dingbridge.core.markdown.code_blocks import code_span
from dingbridge.core.messages import Outbound, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.text import clean, clean_name, shorten

MOST = 12_000
"""Characters of a question that cannot have a file; the rest is in Neovim only."""

FILE_AFTER = 3
"""Messages of a question after which it becomes a file, where the settings name no number."""

TITLE = 60
"""Characters of the request's title in the message's title."""


def question(
    message_id: str,
    approval: OpenApproval,
    target: Target,
    options: Options,
    now: float,
    zone: tzinfo | None = None,
) -> tuple[Outbound, ...]:
    """The messages that ask for a decision, in order: the question, and a file with all of it if
    that is too long. `now` is Unix seconds; times are in `zone`, by default the local one."""
    request = approval.request
    title = shorten(clean(request.title), TITLE)
    wants = say.QUESTION(source=clean_name(request.source), title=code_span(request.title))
    made = written(
        message_id,
        f"{wants}\n\n{request.detail.strip()}".strip(),
        target,
        options,
        ComposeContext(options.secrets),
        title=say.QUESTION_TITLE(code=approval.code, title=title),
    )
    # Also where the settings have no files for answers.
    allowed = structs.replace(options, file_after=options.file_after or FILE_AFTER)
    first, *files = long_text.parted(allowed, made.outbound, now)
    text, notes = first.text, []
    if files:
        notes.append(say.WHOLE_IN_FILE())
    elif len(text) > MOST:
        text = text[:MOST]
        notes.append(say.CUT_HERE())
    if made.masked:
        notes.append(say.MASKED())
    if target.conversation_id or not target.place:
        notes.append(say.TO_ROBOT())
    how = say.HOW_TO_ANSWER if request.can_always else say.HOW_TO_ANSWER_ONCE
    notes += [how(code=approval.code), say.VALID_UNTIL(time=clock(approval.until, zone))]
    taps = tap_links.commands(approval.code, can_always=request.can_always)
    asked = structs.replace(first, text="\n\n".join([_closed(text), *notes]), taps=taps)
    return (asked, *files)


def _closed(text: str) -> str:
    """`text` with the block closed that is open at its end, so that what follows is prose."""
    frame = Blocks(text).frame_at(len(text))
    return f"{text.rstrip()}\n{frame.closing}" if frame else text.rstrip()
