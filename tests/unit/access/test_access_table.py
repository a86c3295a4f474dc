"""Who is admitted, over every combination of settings, against a table that a person can check.

The first row that fits decides. `*` in a column stands for anything, `a/b` for a or b; the last
test holds the table to its form: each combination has a row, and each row has its combinations.

allow_from, users    -  not given; {} empty; other: everything that looks like the sender but is
                     not (their nick, their id in capitals, the senderId of a member);
                     sender: the sender's id; all: '*'
paired, admin        whether the sender is; if not, everything that looks like the sender is
entry                no: only groups['*'] is there; listed: groups[id] gives `users` and `required`,
                     groups['*'] gives the opposite; empty: groups[id] is there but gives nothing,
                     groups['*'] does; paired: as no, but the group was paired by a code
required             what the group's settings say of `require_mention`; the account says the
                     opposite
@                    whether the message mentions the robot
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from typing import Any, cast

import pytest
from msgspec import structs

from dingbridge.core.access.pairing_state import AccessKind, Paired, Pairings
from dingbridge.core.access.policy import (
    Admitted,
    MayPair,
    NotForUs,
    Rules,
    Stranger,
    Verdict,
    admit,
)
from dingbridge.core.messages import Conversation, ConversationKind, Inbound, Sender
from dingbridge.core.options.groups import GroupOptions

ONE_TO_ONE = """
dm.policy  allow_from  paired  admin  ->  result
disabled   *           *       *          refused: dm.policy
*          *           *       yes        admin
*          sender/all  *       *          member
*          *           yes     *          member
open       -           *       *          member
pairing    *           *       *          may ask for themselves
*          *           *       *          refused: allow_from
"""

IN_A_GROUP = """
group_policy entry users      dm.policy allow_from paired admin required @  -> result
*            *     *          *         *          *      *     yes     no    silent
disabled     *     *          *         *          *      *     *        no    silent
disabled     *     *          *         *          *      *     *        yes   refused: group_policy
allowlist    no    *          *         *          *      *     *        no    silent
allowlist    no    *          *         *          *      *     *        yes   may ask for the group
*            *     *          *         *          *      yes   *        *     admin
*            *     sender/all *         *          *      *     *        *     member
*            *     {}/other   *         *          *      *     *        no    silent
*            *     {}/other   *         *          *      *     *        yes   refused: users
*            *     -          *         sender/all *      *     *        *     member
*            *     -          *         *          yes    *     *        *     member
*            *     -          open      -          *      *     *        *     member
*            *     -          *         *          *      *     *        no    silent
*            *     -          *         *          *      *     *        yes   refused: allow_from
"""

LISTS = ("-", "{}", "other", "sender", "all")
YES_NO = ("yes", "no")
VALUES = {
    "dm.policy": ("pairing", "allowlist", "open", "disabled"),
    "allow_from": LISTS,
    "paired": YES_NO,
    "admin": YES_NO,
    "group_policy": ("disabled", "allowlist", "open"),
    "entry": ("no", "listed", "empty", "paired"),
    "users": LISTS,
    "required": YES_NO,
    "@": YES_NO,
}

NOW = 1_800_000_000.0
GROUP_ID = "cidGroup=="
MEMBER_ID = "$:LWCP_v1:$member=="
SENDERS = {
    "a member of the organisation": Sender("zhangsan", MEMBER_ID, "张三"),
    "somebody outside": Sender("", "$:LWCP_v1:$outside==", "Ann"),
    "somebody with another's id for a nick": Sender("wangwu", MEMBER_ID, "boss"),
    "somebody with a star for a nick": Sender("wangwu", MEMBER_ID, "*"),
}

Case = dict[str, str]


def rows(table: str) -> tuple[list[str], list[tuple[Case, str]]]:
    """The columns of a table, and its rows as condition and result."""
    head, *lines = table.strip().splitlines()
    columns = head.split("->")[0].split()
    found = []
    for line in lines:
        cells = line.split(None, len(columns))
        found.append((dict(zip(columns, cells, strict=False)), cells[-1]))
    return columns, found


def fits(condition: Case, case: Case) -> bool:
    return all(cell == "*" or case[name] in cell.split("/") for name, cell in condition.items())


@cache
def cases(table: str) -> list[tuple[Case, int | None]]:
    """Every combination of settings, with the number of the row that decides it."""
    columns, written = rows(table)
    found: list[tuple[Case, int | None]] = []
    for values in product(*(VALUES[column] for column in columns)):
        case = dict(zip(columns, values, strict=True))
        deciding = (n for n, (condition, _) in enumerate(written) if fits(condition, case))
        found.append((case, next(deciding, None)))
    return found


def imitations(sender: Sender) -> tuple[str, ...]:
    """What is not the sender's identity, however much it looks like it."""
    found = ("lisi", sender.nick, sender.identity.upper(), sender.identity + "=", MEMBER_ID, "")
    return tuple(each for each in found if each not in (sender.identity, "*"))


def listed(value: str, sender: Sender) -> tuple[str, ...] | None:
    return {
        "-": None,
        "{}": (),
        "other": imitations(sender),
        "sender": ("lisi", sender.identity),
        "all": ("*",),
    }[value]


def inbound_of(case: Case, sender: Sender, *, group: bool) -> Inbound:
    kind = ConversationKind.GROUP if group else ConversationKind.SINGLE
    conversation = Conversation(GROUP_ID if group else "cidSingle==", kind, "Title")
    mentioned = case.get("@") == "yes"
    return Inbound("m1", "robot", conversation, sender, mentioned, "text", "hello", NOW)


def rules_for(case: Case, sender: Sender) -> Rules:
    """The settings of a case, as unfavourable to the result as they can be."""
    admins = imitations(sender)
    rules = Rules(
        dm_policy=cast(Any, case["dm.policy"]),  # one of the four, see VALUES
        allow_from=listed(case["allow_from"], sender),
        admins=(*admins, sender.identity) if case["admin"] == "yes" else admins,
    )
    if "group_policy" not in case:
        # A group's settings are nothing to a 1:1 chat.
        everybody = GroupOptions(require_mention=False, users=("*",))
        return structs.replace(rules, group_policy="open", groups={"*": everybody})
    users, required = listed(case["users"], sender), case["required"] == "yes"
    given = GroupOptions(require_mention=required, users=users)
    opposite = GroupOptions(
        require_mention=not required,
        users=None if users is None else () if sender.identity in users else ("*",),
    )
    groups = {
        "no": {"*": given},
        "listed": {GROUP_ID: given, "*": opposite},
        "empty": {GROUP_ID: GroupOptions(), "*": given},
        "paired": {"*": given},
    }[case["entry"]]
    return structs.replace(
        rules,
        group_policy=cast(Any, case["group_policy"]),  # one of the three, see VALUES
        groups={**groups, "cidOther==": GroupOptions(require_mention=False, users=("*",))},
        require_mention=not required,
    )


def pairings_for(case: Case, sender: Sender) -> Pairings:
    paired = [Paired(AccessKind.PERSON, each, sender.nick, NOW) for each in imitations(sender)]
    paired += [Paired(AccessKind.GROUP, sender.identity, sender.nick, NOW)]
    paired += [Paired(AccessKind.PERSON, GROUP_ID, "Title", NOW)]
    paired += [Paired(AccessKind.GROUP, GROUP_ID.lower(), "Title", NOW)]
    if case["paired"] == "yes":
        paired.append(Paired(AccessKind.PERSON, sender.identity, "?", NOW))
    if case.get("entry") == "paired":
        paired.append(Paired(AccessKind.GROUP, GROUP_ID, "?", NOW))
    return Pairings(tuple(paired))


def in_words(verdict: Verdict) -> str:
    match verdict:
        case Admitted(role=role):
            return role
        case NotForUs():
            return "silent"
        case MayPair(kind=kind):
            return "may ask for the group" if kind is AccessKind.GROUP else "may ask for themselves"
        case Stranger(setting=setting):
            return f"refused: {'users' if setting.endswith('.users') else setting}"


TABLES = {"in a 1:1 chat": ONE_TO_ONE, "in a group": IN_A_GROUP}


@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_combination_of_settings_is_decided_as_the_table_says(
    table: str, sender: Sender
) -> None:
    _, written = rows(table)
    group = table is IN_A_GROUP
    for case, row in cases(table):
        assert row is not None
        inbound = inbound_of(case, sender, group=group)
        verdict = admit(inbound, rules_for(case, sender), pairings_for(case, sender), NOW)
        assert in_words(verdict) == written[row][1], case
        if isinstance(verdict, Stranger | MayPair):
            assert f"`{sender.identity}`" in verdict.refusal
            assert (f"`{GROUP_ID}`" in verdict.refusal) is group


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_the_table_leaves_nothing_open_and_has_no_row_too_many(table: str) -> None:
    _, written = rows(table)
    for condition, _ in written:
        for name, cell in condition.items():
            assert cell == "*" or set(cell.split("/")) <= set(VALUES[name]), (name, cell)
    assert {row for _, row in cases(table)} == set(range(len(written)))


# --- require_mention, key by key ------------------------------------------------------------------

REQUIRED = """
groups[id]  groups['*']  account  ->  a mention is needed
yes         *            *            yes
no          *            *            no
-           yes          *            yes
-           no           *            no
-           -            yes          yes
-           -            no           no
"""


def test_the_group_then_all_groups_then_the_account_say_whether_a_mention_is_needed() -> None:
    columns, written = ["own", "star", "account"], rows(REQUIRED)[1]
    sender = SENDERS["a member of the organisation"]
    inbound = inbound_of({"@": "no"}, sender, group=True)
    truth = {"yes": True, "no": False, "-": None}
    for own, star, account in product(truth, truth, YES_NO):
        case = dict(zip(columns, (own, star, account), strict=True))
        expected = next(
            result
            for condition, result in written
            if fits(dict(zip(columns, condition.values(), strict=True)), case)
        )
        rules = Rules(
            allow_from=("*",),
            group_policy="allowlist",
            groups={GROUP_ID: GroupOptions(truth[own]), "*": GroupOptions(truth[star])},
            require_mention=account == "yes",
        )
        silent = isinstance(admit(inbound, rules, Pairings(), NOW), NotForUs)
        assert silent is (expected == "yes"), case


# --- the setting that a refusal names -------------------------------------------------------------

LINES = re.compile(
    r"(?P<policy>dm = \{ policy = 'pairing' \})"
    r"|allow_from = \{ '(?P<allowed>[^']+)' \}"
    r"|(?P<groups>group_policy = 'allowlist', )?groups = \{ \['(?P<group>[^']+)'\] ="
    r" \{(?: users = \{ '(?P<user>[^']+)' \} )?\} \}"
)


def changed(rules: Rules, line: str) -> Rules:
    """The rules after their owner changed the one setting that a refusal shows."""
    found = LINES.fullmatch(line)
    assert found, line
    if found["policy"]:
        return structs.replace(rules, dm_policy="pairing")
    if found["allowed"]:
        return structs.replace(rules, allow_from=(*(rules.allow_from or ()), found["allowed"]))
    entry = rules.groups.get(found["group"], GroupOptions())
    if found["user"]:
        entry = structs.replace(entry, users=(*(entry.users or ()), found["user"]))
    if found["groups"]:
        rules = structs.replace(rules, group_policy="allowlist")
    return structs.replace(rules, groups={**rules.groups, found["group"]: entry})


@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_who_is_refused_gets_in_by_the_settings_that_the_refusals_show(
    table: str, sender: Sender
) -> None:
    for case, _ in cases(table):
        inbound = inbound_of(case, sender, group=table is IN_A_GROUP)
        rules, pairings = rules_for(case, sender), pairings_for(case, sender)
        changes = 0
        while isinstance(verdict := admit(inbound, rules, pairings, NOW), Stranger | MayPair):
            changes += 1
            assert changes <= 3, case
            rules = changed(rules, verdict.refusal.rsplit("`", 2)[1])
