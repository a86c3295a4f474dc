"""The status of an account: for the editor's tables, and in words."""

from __future__ import annotations

from dingbridge.core.catalogue import sessions
from dingbridge.core.catalogue import status as status_words
from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.sessions import status_text
from dingbridge.protocol import updates
from dingbridge.service.editors.account import Account


def status(account: Account) -> updates.AccountStatus:
    """The status as the editor shows it."""
    state, link, settings = account.state, account.link, account.settings
    unusable = settings.why_no_target() if settings.is_unusable else ""
    return updates.AccountStatus(
        account=account.name,
        mode=account.options.mode,
        connected=link.state is LinkState.CONNECTED,
        session="" if account.bindings.pending[0] else account.bound,
        link=link.state.value,
        target=account.describe_target() if account.bound else "",
        queued=state.queued + len(account.member.unanswered),
        failed=state.failed,
        refused=state.refused,
        asking=state.asking,
        last_error=unusable or link.trouble or state.last_error,
        cool_down_until=state.cool_down_until,
        cool_down=state.cool_down_reason,
        quota=state.quota,
    )


def why_no_target(account: Account) -> str:
    """Why a message of the bound session has no target, in words: the first thing to mend."""
    settings, trouble = account.settings, account.link.trouble
    if trouble and not settings.is_unusable and account.options.mode == "api":
        return sessions.NOBODY_CONNECTED(reason=trouble)
    return settings.why_no_target()


def describe(account: Account, now: float) -> str:
    """The status in words, for `:Chat status`. `now` is in Unix seconds."""
    if account.settings.is_unusable:
        return status_text.with_problems(account.settings.problems)
    shown, link = status(account), account.link
    text = status_text.describe(
        account.name,
        account.options,
        account.state,
        status_text.LinkReport(shown.link, link.trouble, link.next_try),
        session=account.title_of_bound(),
        target=shown.target,
        now=now,
    )
    talking = len(account.destinations.of(account.bound).known) if account.bound else 0
    is_shared = account.options.session_scope == "bound" and talking > 1
    return f"{text}\n{status_words.SHARED(count=talking)}" if is_shared else text
