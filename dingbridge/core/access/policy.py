"""Access policy: decides who may talk to the robot, and who may use which remote command."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from msgspec import Struct

from dingbridge.core.access import refusal_texts
from dingbridge.core.access.pairing_state import AccessKind, Pairings, is_paired
from dingbridge.core.access.refusal_texts import lua_text
from dingbridge.core.catalogue import access as say
from dingbridge.core.catalogue.access import RefusalSentence
from dingbridge.core.commands.remote_commands import COMMANDS, Users
from dingbridge.core.listing import comma_list
from dingbridge.core.messages import SENDER_IDS, ConversationKind, Inbound
from dingbridge.core.options.declarations import Options
from dingbridge.core.options.groups import GroupOptions, group_of

EVERYBODY = "*"
"""Everybody (in a list of people), or every command (in a list of commands)."""

DEFAULTS = "*"
"""The key of `groups` with the defaults for all groups. It admits no group."""

ALWAYS = tuple(one.name for one in COMMANDS if one.users is Users.ALL)
"""The remote commands that everybody with access may use."""


class Rules(Struct, frozen=True, kw_only=True):
    """The access rules of one account. The defaults admit nobody.

    `allow_from` is `None` when it was not given, which matters to the policy 'open' only.
    """

    dm_policy: Literal["pairing", "allowlist", "open", "disabled"] = "pairing"
    allow_from: tuple[str, ...] | None = None
    group_policy: Literal["disabled", "allowlist", "open"] = "disabled"
    groups: dict[str, GroupOptions] = {}
    require_mention: bool = True
    admins: tuple[str, ...] = ()


class Admitted(Struct, frozen=True):
    """The message may reach the session. An `admin` may use every remote command."""

    role: Literal["admin", "member"] = "member"


class NotForUs(Struct, frozen=True):
    """The message is not addressed to the robot; it is ignored silently."""

    reason: str


class Stranger(Struct, frozen=True):
    """Not allowed.

    - `refusal`: the reply to the sender, with what would help
    - `setting`: the option to change
    - `reason`: for the log
    """

    refusal: str
    setting: str
    reason: str


class MayPair(Struct, frozen=True):
    """Not allowed, but the sender may request access, for themselves or the group (`pairing.ask`).

    `refusal` is the reply to a sender with too many open requests; `setting` and `reason` as in
    `Stranger`.
    """

    kind: AccessKind
    refusal: str
    setting: str
    reason: str


Verdict = Admitted | NotForUs | Stranger | MayPair


def rules_of(options: Options) -> Rules:
    """The access rules in an account's settings."""
    return Rules(
        dm_policy=options.dm_policy,
        allow_from=options.allow_from,
        group_policy=options.group_policy,
        groups=options.groups,
        require_mention=options.require_mention,
        admins=options.admins,
    )


def staff_ids(options: Options) -> tuple[str, ...]:
    """The people who may write 1:1 by their staff id, whom the robot can write to as well."""
    people = options.allow_from or ()
    return tuple(one for one in people if one != EVERYBODY and not one.startswith(SENDER_IDS))


def admit(inbound: Inbound, rules: Rules, pairings: Pairings, now: float) -> Verdict:
    """Decide on one message at `now` (Unix seconds).

    Both must be allowed: speaking in this conversation at all, and this sender. The sender's
    identity is the staff id, or the exact `senderId` outside the organisation; the nick is chosen
    freely and decides nothing. Group messages that do not mention the robot never get a refusal.
    """
    if not inbound.sender.identity:
        return NotForUs("a message of nobody")
    if inbound.conversation.kind is ConversationKind.GROUP:
        return _in_group(inbound, rules, pairings, now)
    return _one_to_one(inbound, rules, pairings, now)


def _one_to_one(inbound: Inbound, rules: Rules, pairings: Pairings, now: float) -> Verdict:
    if rules.dm_policy == "disabled":
        line = "dm = { policy = 'pairing' }"
        return _stranger(inbound, say.NO_ONE_TO_ONE, "dm.policy", line)
    if _is_welcome(inbound, rules, pairings, now):
        return _admitted(inbound, rules)
    line = f"allow_from = {{ {lua_text(inbound.sender.identity)} }}"
    if rules.dm_policy == "pairing":
        return _may_pair(inbound, AccessKind.PERSON, "allow_from", line)
    return _stranger(inbound, say.NOT_LISTED, "allow_from", line)


def _in_group(inbound: Inbound, rules: Rules, pairings: Pairings, now: float) -> Verdict:
    required = rules.require_mention
    group = group_of(rules.groups, inbound.conversation.id, require_mention=required)
    if group.require_mention and not inbound.mentioned:
        return NotForUs("a group message that does not mention the robot")
    verdict = _group_first(inbound, rules, pairings, now) or _sender_second(
        inbound, rules, group, pairings, now
    )
    if isinstance(verdict, Stranger | MayPair) and not inbound.mentioned:
        return NotForUs(f"a group message that does not mention the robot: {verdict.reason}")
    return verdict


def _group_first(
    inbound: Inbound, rules: Rules, pairings: Pairings, now: float
) -> Stranger | MayPair | None:
    """The objection to this group, if there is one."""
    group = inbound.conversation.id
    entry = f"groups = {{ [{lua_text(group)}] = {{}} }}"
    if rules.group_policy == "disabled":
        line = f"group_policy = 'allowlist', {entry}"
        return _stranger(inbound, say.NO_GROUPS, "group_policy", line)
    if rules.group_policy == "open" or is_paired(pairings, AccessKind.GROUP, group, now):
        return None
    if group != DEFAULTS and group in rules.groups:
        return None
    return _may_pair(inbound, AccessKind.GROUP, f"groups[{lua_text(group)}]", entry)


def _sender_second(
    inbound: Inbound, rules: Rules, group: GroupOptions, pairings: Pairings, now: float
) -> Admitted | Stranger:
    """Whether this sender may speak in a group that is allowed."""
    identity = inbound.sender.identity
    if group.users is None:
        if _is_welcome(inbound, rules, pairings, now):
            return _admitted(inbound, rules)
        reason = say.NOT_PAIRED if rules.dm_policy == "pairing" else say.NOT_LISTED
        line = f"allow_from = {{ {lua_text(identity)} }}"
        return _stranger(inbound, reason, "allow_from", line)
    if identity in rules.admins or _names(group.users, identity):
        return _admitted(inbound, rules)
    key = lua_text(_giver_of_users(rules, inbound.conversation.id))
    line = f"groups = {{ [{key}] = {{ users = {{ {lua_text(identity)} }} }} }}"
    return _stranger(inbound, say.NOT_A_USER, f"groups[{key}].users", line)


def _is_welcome(inbound: Inbound, rules: Rules, pairings: Pairings, now: float) -> bool:
    """Whether the sender may speak wherever no list of a group decides."""
    identity = inbound.sender.identity
    return (
        identity in rules.admins
        or _names(rules.allow_from or (), identity)
        or (rules.dm_policy == "open" and rules.allow_from is None)
        or is_paired(pairings, AccessKind.PERSON, identity, now)
    )


def _giver_of_users(rules: Rules, conversation_id: str) -> str:
    own = rules.groups.get(conversation_id)
    return DEFAULTS if own is None or own.users is None else conversation_id


def describe(rules: Rules, paired: int) -> str:
    """Who has access, on one line for the status; `paired` counts those admitted by a code."""
    people = dict.fromkeys((*rules.admins, *(rules.allow_from or ())))
    everybody = rules.dm_policy == "open" and rules.allow_from is None
    named = [say.EVERYBODY()] if everybody or EVERYBODY in people else [*people]
    if paired:
        named.append(say.BY_A_CODE(count=paired))
    told = comma_list(named) or say.NOBODY()
    if rules.group_policy == "disabled":
        return say.ADMITTED(people=told, dm=rules.dm_policy, groups=rules.group_policy)
    return say.ADMITTED_LISTED(
        people=told,
        dm=rules.dm_policy,
        groups=rules.group_policy,
        count=len(rules.groups.keys() - {DEFAULTS}),
    )


def may_use(
    command: str,
    role: Literal["admin", "member"],
    tools: Collection[str] | None,
    commands: Collection[str],
) -> bool:
    """Whether an admitted sender may use a remote command, written with or without its '/'.

    `tools` are those of the group; if it is `None` (1:1 chats, groups without the option), the
    account's `commands` apply.
    """
    name = _command(command)
    if role == "admin" or name in ALWAYS:
        return True
    allowed = {_command(each) for each in (commands if tools is None else tools)}
    return EVERYBODY in allowed or name in allowed


def _command(text: str) -> str:
    return text.removeprefix("/").casefold()


def _names(people: Collection[str], identity: str) -> bool:
    return EVERYBODY in people or identity in people


def _admitted(inbound: Inbound, rules: Rules) -> Admitted:
    return Admitted("admin" if inbound.sender.identity in rules.admins else "member")


def _stranger(inbound: Inbound, reason: RefusalSentence, setting: str, line: str) -> Stranger:
    return Stranger(refusal_texts.refusal(inbound, reason, line), setting, reason.reason)


def _may_pair(inbound: Inbound, kind: AccessKind, setting: str, line: str) -> MayPair:
    words = refusal_texts.refusal(inbound, say.TOO_MANY_REQUESTS, line)
    reason = say.GROUP_NOT_LISTED if kind is AccessKind.GROUP else say.NOT_LISTED
    return MayPair(kind, words, setting, reason.reason)
