"""No secret leaves for a chat, and no other text changes."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import string
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dingbridge.core.regex import PIECE
from dingbridge.core.secrets.detection import OWN, VARIABLE
from dingbridge.core.secrets.heuristics import is_login
from dingbridge.core.secrets.masking import Finding, MaskedText, describe, mask
from dingbridge.core.secrets.patterns import Shape
from dingbridge.core.secrets.patterns_in_context import SHAPES
from dingbridge.core.secrets.private_keys import PRIVATE_KEY, private_keys
from tests.support.growth import assert_in_proportion
from tests.support.guard_corpus import (
    ALONE,
    BASE64,
    HEX,
    LOWER,
    MIXED,
    NEGATIVES,
    PLACED,
    POSITIVES,
    Positive,
    drawing,
)

ROOT = Path(__file__).resolve().parents[3]
MARK = re.compile(r"\[secret masked: [A-Za-z .]+, [0-9a-f]{4}\]\u200b?")
GITHUB = ALONE["GitHub personal"][1](drawing("tests"))
STRONG = "Zq7" + drawing("strong")(string.ascii_letters + string.digits, 29)
SHORT = "Zq7-kW9x"


def masked(text: str, own: tuple[str, ...] = (), **environment: str) -> str:
    return mask(text, own, environment).text


def found_by(shape: Shape, text: str) -> list[str]:
    """What one shape finds."""
    searched = text.lower() if shape.folded else text
    spans = [match.span(match.lastindex or 0) for match in shape.pattern.finditer(searched)]
    return [text[start:end] for start, end in spans if shape.is_secret(text[start:end])]


@cache
def found_in_the_corpus() -> list[tuple[Positive, int, list[str]]]:
    """What each shape finds in each text, where it finds anything; shapes by their number."""
    numbers = range(len(SHAPES))
    every = [
        (one, number, found_by(SHAPES[number], one.text)) for one in POSITIVES for number in numbers
    ]
    return [(one, number, found) for one, number, found in every if found]


# --- the corpus -----------------------------------------------------------------------------------


def test_every_secret_of_the_corpus_is_masked() -> None:
    missed = [
        one.name
        for one in POSITIVES
        for guarded in [mask(one.text, (), {})]
        if any(secret in guarded.text for secret in one.secrets)
        or one.kind not in {finding.kind for finding in guarded.found}
    ]
    assert len(POSITIVES) > 3500
    assert missed == []


def test_nothing_but_the_secret_changes() -> None:
    for one in POSITIVES:
        if one.kind in (PRIVATE_KEY, "PuTTY private key"):
            continue
        (secret,) = one.secrets
        assert MARK.sub("", masked(one.text)) == one.text.replace(secret, ""), one.name


def test_what_stands_around_a_private_key_stays_and_the_key_becomes_one_line() -> None:
    for one in POSITIVES:
        if one.kind == PRIVATE_KEY:
            text = masked(one.text)
            assert text.startswith("before\n"), one.name
            assert text.endswith("\nafter"), one.name
            assert len(MARK.findall(text)) == 1, one.name


@pytest.mark.parametrize("name", NEGATIVES)
def test_a_text_without_secrets_stays_as_it_is(name: str) -> None:
    guarded = mask(NEGATIVES[name], (), {})
    assert guarded.found == ()
    assert guarded.text == NEGATIVES[name]


def test_the_source_of_this_project_stays_as_it_is() -> None:
    paths = [*(ROOT / "dingbridge").rglob("*.py"), *(ROOT / "lua").rglob("*.lua")]
    assert len(paths) > 50
    for path in paths:
        assert mask(path.read_text(encoding="utf-8"), (), {}).found == (), path


def test_each_shape_finds_a_secret_that_no_other_shape_finds() -> None:
    finders: dict[Positive, set[int]] = {}
    for one, number, found in found_in_the_corpus():
        if any(secret in value or value in secret for secret in one.secrets for value in found):
            finders.setdefault(one, set()).add(number)
    needed = set().union(*(numbers for numbers in finders.values() if len(numbers) == 1))
    assert [(SHAPES[each].kind, SHAPES[each].hint) for each in {*range(len(SHAPES))} - needed] == []


def test_a_hint_is_in_all_that_its_shape_finds() -> None:
    for one, number, _ in found_in_the_corpus():
        shape = SHAPES[number]
        assert shape.hint in (one.text.lower() if shape.folded else one.text)


WRAPPED = ("GitHub personal", "GitLab", "OpenAI", "Anthropic", "Hugging Face", "AWS key", "Aliyun")


@pytest.mark.parametrize("name", WRAPPED)
def test_a_key_that_was_wrapped_at_a_line_end_is_masked(name: str) -> None:
    for seed in range(20):
        secret = ALONE[name][1](drawing((name, seed)))
        half = max(12, len(secret) // 2)
        for gap in ("\n", "\r\n", "\n    ", "\n> "):
            text = masked(f"the key {secret[:half]}{gap}{secret[half:]} is new")
            assert text.startswith("the key [secret masked: "), (name, seed, gap)
            assert text.endswith("] is new")


@pytest.mark.parametrize("name", ["GitHub personal", "GitHub fine-grained", "Stripe", "npm"])
def test_a_key_with_the_escapes_of_markdown_is_masked(name: str) -> None:
    secret = ALONE[name][1](drawing(name))
    text = masked(f"my key is {secret.replace('_', chr(92) + '_')}!")
    assert MARK.sub("", text) == "my key is !"


def test_lines_of_words_are_no_wrapped_key() -> None:
    words = "sk-learn-contrib-package\nnumpy\npandas\nmatplotlib\nscipyextensions2\n" * 20
    whole = f"{GITHUB}\nnext line"
    assert masked(words) == words
    assert masked(whole).endswith("]\nnext line")


def test_a_setting_of_ours_is_known_inside_a_login_in_base64() -> None:
    for user in ("", "a:", "ab:", "abc:", "app@corp:"):
        for secret in (STRONG, STRONG[:-1], STRONG[:-2]):
            login = base64.b64encode(f"{user}{secret}".encode()).decode()
            text = masked(f"x {login} y", (secret,))
            assert "masked" in text, (user, secret)
            assert login not in text


@given(st.sampled_from([*ALONE]), st.integers(), st.text(max_size=30), st.text(max_size=30))
def test_a_known_key_is_found_in_any_text(name: str, seed: int, before: str, after: str) -> None:
    # A letter or digit right beside it may belong to it, and then it is another key.
    assume(
        not before
        or not (before[-1].isascii() and before[-1] in string.ascii_letters + "0123456789-_")
    )
    assume(
        not after or not (after[0].isascii() and after[0] in string.ascii_letters + "0123456789-_.")
    )
    secret = ALONE[name][1](drawing(seed))
    assert secret not in masked(before + secret + after)


DRAWN = ("assigned secret", "bearer token")
"""Kinds of secrets that differ from names by their mix of characters, which chance can defeat."""


@given(
    st.sampled_from([name for name, (kind, *_) in PLACED.items() if kind not in DRAWN]),
    st.integers(),
    st.text("中文 \n`*_#", max_size=20),
)
def test_a_secret_is_known_by_what_stands_before_it(name: str, seed: int, around: str) -> None:
    _, before, make, after = PLACED[name]
    secret = make(drawing(seed))
    assert secret not in masked(f"{around}\n{before}{secret}{after}\n{around}")


@pytest.mark.parametrize(
    ("alphabet", "length", "least"),
    [
        (HEX, 16, 0.93),
        (HEX, 32, 0.98),
        (LOWER, 24, 0.93),
        (MIXED, 16, 0.90),
        (MIXED, 32, 0.98),
        (BASE64, 40, 0.98),
    ],
)
def test_of_secrets_that_are_only_known_by_their_name_nearly_all_are_masked(
    alphabet: str, length: int, least: float
) -> None:
    drawn = [drawing(number)(alphabet, length) for number in range(2000)]
    found = sum(value not in masked(f'token = "{value}"') for value in drawn)
    assert found >= least * len(drawn)


# --- our own settings and the environment ---------------------------------------------------------


def written(secret: str) -> list[str]:
    return [
        secret,
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        base64.b64encode(secret.encode("utf-8", "replace")).decode().rstrip("="),
    ]


@given(st.text(min_size=16, max_size=40), st.text(max_size=20))
def test_a_setting_of_ours_is_masked_however_it_is_written(secret: str, around: str) -> None:
    assume(len(secret.strip()) > 12 and secret not in around * 2 + "\n" + around)
    assume(secret not in f"[secret masked: {OWN}, ")
    for spelling in written(secret):
        assert spelling not in masked(f"{around}\n{spelling}\n{around}", (secret,))


def test_a_short_setting_of_ours_is_masked_where_it_is_a_word() -> None:
    assert MARK.fullmatch(masked("abcd", ("abcd",)))
    assert masked("abcde and xabcd", ("abcd",)) == "abcde and xabcd"
    assert "abcd" not in masked("是abcd吗 'abcd' abcd_ /abcd/", ("abcd",)).replace("masked", "")
    assert masked("a b c", ("a", "", "b c")) == "a b c"


def test_a_setting_with_a_space_is_found_in_a_path_and_in_a_query() -> None:
    text = masked("/hunter%202x?q=hunter+2x", ("hunter 2x",))
    assert MARK.sub("", text) == "/?q="


def test_one_setting_given_as_a_plain_string_is_masked() -> None:
    assert "hunter22" not in mask("pass hunter22", "hunter22", {}).text


def test_a_secret_of_several_lines_is_masked_in_one_piece_and_in_json() -> None:
    secret = "first line of it\nsecond line of it"
    assert MARK.fullmatch(masked(secret, (secret,)))
    assert MARK.fullmatch(masked(json.dumps(secret)[1:-1], (secret,)))


@pytest.mark.parametrize(
    "name",
    [
        *("GITHUB_TOKEN", "APP_SECRET", "OPENAI_API_KEY", "SECRET_KEY_BASE64", "DB_PASSWORD"),
        *("DB_PASSWORD_2", "PGPASSWORD", "MY_PAT", "NPM_AUTHTOKEN", "npm_config_token", "APIKEY"),
        *("GPG_PASSPHRASE", "MYSQL_PWD", "SMTP_PASS", "AWS_CREDENTIALS", "SLACK_WEBHOOK", "TOKEN"),
        *("SIGNING_KEYS", "TOKEN2", "STRIPE_KEY_PROD", "PASSWORD_FOR_CI"),
    ],
)
def test_a_variable_whose_name_says_so_is_a_secret(name: str) -> None:
    guarded = mask(f"it is {SHORT}.", (), {name: SHORT})
    assert guarded.found == (Finding(VARIABLE, guarded.found[0].fingerprint, 1, name),)
    assert guarded.text == f"it is [secret masked: {VARIABLE}, {guarded.found[0].fingerprint}]."


@pytest.mark.parametrize(
    "name",
    [
        *("HOME", "PWD", "OLDPWD", "KEYMAP", "MONKEY", "TOKENIZER", "SECRETARY", "PATH", "PATTERN"),
        *("PASSWORD_STORE_DIR", "COMPASS", "KEYBOARD_LAYOUT", "WEBHOOK_HOST", "LS_COLORS"),
    ],
)
def test_a_variable_with_another_name_is_none(name: str) -> None:
    assert masked(f"it is {STRONG}.", (), **{name: STRONG}) == f"it is {STRONG}."


@pytest.mark.parametrize(
    "value",
    [
        *("", "short12", "password", "Production", "xxxxxxxxxxxx", "********", "osxkeychain"),
        *("/home/me/.ssh/id_ed25519", "~/.keys/main", "C:\\Users\\me\\key.pem", "./secrets/k1"),
        *("your-token-here", "changeme", "PLACEHOLDER_1", "aaaaaaaa"),
    ],
)
def test_a_common_word_a_path_and_a_stand_in_are_no_secrets(value: str) -> None:
    text = f"see {value} and {value}"
    assert masked(text, (), MY_KEY=value) == text


@pytest.mark.parametrize(
    "value",
    [
        "%Abc$9xy",
        "$ecret-9",
        "/Ab3/xY7kQ9zLmN0pQr2",
        "<s3cret>!",
        "a...b...c",
        "密码是很长的一句话",
    ],
)
def test_a_strange_value_of_a_variable_is_a_secret_all_the_same(value: str) -> None:
    assert value not in masked(f"see {value} ", (), MY_KEY=value)


@given(st.text(string.ascii_letters + string.digits + "-_!%$", min_size=8, max_size=15))
def test_a_short_value_does_not_shred_longer_words(value: str) -> None:
    inner = value.strip("-_!%$")
    assume(len(inner) == len(value))
    assert masked(f"x{value} {value}9", (), A_TOKEN=value) == f"x{value} {value}9"
    assert masked(f"x{STRONG}9", (), A_TOKEN=STRONG) != f"x{STRONG}9"


# --- the mark -------------------------------------------------------------------------------------


def test_a_mark_says_what_it_was_and_gives_the_same_secret_the_same_fingerprint() -> None:
    guarded = mask(f"`{GITHUB}`, https://me:{GITHUB}@h.test, token={STRONG}", (), {})
    assert [(one.kind, one.count) for one in guarded.found] == [
        ("GitHub token", 2),
        ("assigned secret", 1),
    ]
    first, second = guarded.found
    assert guarded.text == (
        f"`[secret masked: GitHub token, {first.fingerprint}]`, https://me:"
        f"[secret masked: GitHub token, {first.fingerprint}]@h.test, "
        f"token=[secret masked: assigned secret, {second.fingerprint}]"
    )


def test_a_fingerprint_does_not_help_to_guess_a_password() -> None:
    password = "Summer2024!"
    text = f"password: '{password}'"
    prints = {mask(text, (f"own {number}",), {}).found[0].fingerprint for number in range(8)}
    assert len(prints) > 4
    assert not any(hashlib.sha256(password.encode()).hexdigest().startswith(one) for one in prints)


@pytest.mark.parametrize("behind", ["(https://evil.test)", ": https://evil.test", "[1]"])
def test_markdown_makes_no_link_of_a_mark_and_does_not_hide_it(behind: str) -> None:
    text = masked(GITHUB + behind)
    assert text.endswith("]\u200b" + behind)
    assert masked(text) == text


def test_one_secret_in_the_other_is_masked_once() -> None:
    text = f"Authorization: Bearer {GITHUB}\nhttps://ci:{GITHUB}@h.test/"
    guarded = mask(text, (), {"CI_TOKEN": GITHUB})
    assert len(MARK.findall(guarded.text)) == 2
    assert [(one.kind, one.count) for one in guarded.found] == [("GitHub token", 2)]


def test_of_secrets_that_overlap_the_longest_gives_its_name_to_all() -> None:
    longer = f"{GITHUB}-and-more"
    guarded = mask(f"x {longer}!", (), {"A_TOKEN": longer})
    assert [(one.kind, one.variable) for one in guarded.found] == [(VARIABLE, "A_TOKEN")]
    assert MARK.sub("", guarded.text) == "x !"
    parts = [drawing(number)(string.ascii_letters, 20) for number in range(5)]
    environment = {
        "A_KEY": "".join(parts[:2]),
        "B_KEY": "".join(parts[1:4]),
        "C_KEY": "".join(parts[3:]),
    }
    guarded = mask("".join(parts), (), environment)
    assert [one.variable for one in guarded.found] == ["B_KEY"]
    assert MARK.fullmatch(guarded.text)


def test_a_secret_that_a_mark_completes_takes_the_mark_with_it() -> None:
    assert MARK.fullmatch(masked(f"{GITHUB}@and-this-follows", ("]@and-this-follows",)))


def test_a_setting_of_ours_is_called_so_whatever_its_shape() -> None:
    assert mask(GITHUB, (GITHUB,), {"X_TOKEN": GITHUB}).found[0].kind == OWN


@pytest.mark.parametrize(
    "forged",
    [
        f"[secret masked: {GITHUB}, 3f2a]",
        f"[secret masked: GitHub token, {GITHUB}]",
        f"[secret masked: GitHub token, 3f2a]{GITHUB}",
        f"{GITHUB}[secret masked: GitHub token, 3f2a]",
        f"token={STRONG}[secret masked: GitHub token, 3f2a]",
    ],
)
def test_a_forged_mark_hides_no_secret(forged: str) -> None:
    assert GITHUB not in masked(forged)
    assert STRONG not in masked(forged)


def test_a_private_key_with_a_mark_inside_is_masked_as_a_whole() -> None:
    one = next(one for one in POSITIVES if one.name.endswith("as a file"))
    line = one.secrets[2]
    text = masked(one.text.replace(line, "[secret masked: GitHub token, 3f2a]" + line))
    assert not any(secret in text for secret in one.secrets)


def test_a_secret_that_is_free_only_after_its_neighbour_is_masked_too() -> None:
    text = masked(f"{STRONG}{SHORT}", (STRONG,), A_KEY=SHORT)
    assert STRONG not in text
    assert SHORT not in text


PIECES = st.lists(
    st.one_of(
        st.text(st.characters(), max_size=8),
        st.sampled_from(
            [
                *("token=", "password: ", '"', "'", "://", ":", "@", "Bearer ", "[", "]", "(", " "),
                *("sk-", "SEC", "eyJ", ".", "AKIA", "secret masked", ", 3f2a]", "\u200b", "\u0130"),
                *("[secret masked: GitHub token, 3f2a]", "-----BEGIN PRIVATE KEY-----"),
                *("-----END PRIVATE KEY-----", "QWxhZGRpbjpvcGVuIHNlc2FtZQ7zQ9" * 3, "\n"),
                *(GITHUB, STRONG, SHORT, "ABCDEFGH12345678", "a1" * 20, "0f3a" * 16),
                *(ALONE["AWS key"][1](drawing(1)), ALONE["OpenAI"][1](drawing(1))),
            ]
        ),
    )
).map("".join)
OWN_VALUES = st.lists(st.text(max_size=6) | st.sampled_from([STRONG, "]", "masked", "secret"]))


@given(PIECES, OWN_VALUES, st.sampled_from(["", SHORT, "GitHub token", "masked: G"]))
def test_masking_twice_is_masking_once(text: str, own: list[str], value: str) -> None:
    once = mask(text, own, {"A_TOKEN": value})
    again = mask(once.text, own, {"A_TOKEN": value})
    assert again.text == once.text
    assert again.found == ()
    assert mask(text, own, {"A_TOKEN": value}) == once


def check_what_is_left(text: str, guarded: MaskedText) -> None:
    """What was not masked was there before, in this order."""
    position = 0
    for piece in MARK.split(guarded.text):
        place = text.find(piece, position)
        assert place >= 0
        position = place + len(piece)
    if not guarded.found:
        assert guarded.text == text


@given(PIECES, st.sampled_from(["", SHORT, STRONG]))
def test_what_is_left_was_there_and_in_this_order(text: str, value: str) -> None:
    check_what_is_left(text, mask(text, (value,), {}))


def test_only_one_letter_grows_when_it_is_made_small() -> None:
    grown = [chr(code) for code in range(0x110000) if len(chr(code).lower()) != 1]
    assert grown == ["\u0130"]
    text = masked(f"\u0130\u0130\u0130 token = {STRONG}!")
    assert MARK.sub("", text) == "\u0130\u0130\u0130 token = !"


# --- large texts ----------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.sampled_from(POSITIVES), st.integers(-300, 2_000))
def test_a_secret_is_found_wherever_a_large_text_is_cut_for_the_search(
    one: Positive, before: int
) -> None:
    text = " " * (PIECE - before - 1) + "\n" + one.text + "\n" + " " * 2 * PIECE
    for shape in SHAPES:
        searched = text.lower() if shape.folded else text
        spans = [match.span() for match in shape.found_in(searched)]
        at_once = shape.pattern.finditer(searched) if shape.hint in searched else ()
        assert spans == [match.span() for match in at_once]


@given(st.text(string.printable, min_size=1, max_size=40), st.sampled_from(["a", "K9", "-_.", "@"]))
def test_every_login_in_base64_is_looked_at(secret: str, name: str) -> None:
    value = base64.b64encode(f"{name}:{secret}".encode()).decode()
    shape = next(each for each in SHAPES if each.kind == "encoded login")
    long_enough = len(value.rstrip("=")) >= 10
    if long_enough and is_login(value):
        assert [match[1] for match in shape.found_in(f"({value})")] == [value]


NAMES = ("password=", "passphrase:string=", "PASS=", "Password=", "pwd:=", "password = ")


def passwords(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    """Where a pattern finds a value that is not empty."""
    spans = (found.span(found.lastindex or 0) for found in pattern.finditer(text))
    return [span for span in spans if span[0] < span[1]]


@settings(max_examples=300)
@example("password=", 190, "pwd=", 15, ";")
@given(
    st.sampled_from(NAMES),
    st.integers(0, 330),
    st.sampled_from(NAMES),
    st.integers(0, 120),
    st.sampled_from([" ", ";", "'", "\n", ""]),
)
def test_no_password_is_missed_where_a_long_run_is_passed_over(
    name: str, before: int, inner: str, behind: int, end: str
) -> None:
    text = f"{name}{'x' * before}{inner}Ab1!efgh{'y' * behind}{end}"
    passing = [shape for shape in SHAPES if "{200}" in shape.pattern.pattern]
    assert len(passing) == 10
    for shape in passing:
        searched = text.lower() if shape.folded else text
        everywhere = re.compile(shape.pattern.pattern.replace("{200}", "{200}(?!)"))
        assert passwords(shape.pattern, searched) == passwords(everywhere, searched)


# --- time -----------------------------------------------------------------------------------------

SLOW = [
    *(shape.hint for shape in SHAPES if shape.hint),
    *("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n" + "QWxhZGRp" * 8 + "\n"),
    *("-----BEGIN PRIVATE KEY-----" + "x" * 50 + "\n", "-----BEGIN PRIVATE KEY-----\nVersion: 1\n"),
    *("-" * 64, "eyJabcdefghijk.", "eyJabcdefghijk.eyJabcdefgh", "://a:b", "://" + "a" * 90 + ":"),
    *("token=abcdefgh12345678(", "token: ", "token=", "tokentoken=:", "password='" + "x" * 90),
    *(
        "curl ",
        "curl x" * 9,
        "password=",
        "password: ",
        "Cookie: ",
        "cookie: a=b; ",
        "mysql ",
        "密码：",
    ),
    *("a:80:b:c:", "$1$", "{SHA}", '"kty"', '"d":"', "QUFB", "client-key-data:", "-p", "mysql -p "),
    *("curl " + "-u a:", "authorization: bearer ", "machine a login b password ", "AKIA0", "7:AA"),
    *(
        "Private-Lines: 1\n" + "A" * 24 + "\n",
        "[secret masked: GitHub token, 3f2a]",
        "[secret masked: ",
    ),
    *("0", "a", "A", "aA0", "\n", " ", "=", "中", "a1B2" * 9 + "(", "\\", '\\"', "x" * 15 + "=:"),
]


@pytest.mark.parametrize("piece", SLOW, ids=range(len(SLOW)))
def test_a_long_text_that_is_meant_to_be_slow_is_masked_in_time(piece: str) -> None:
    def work(text: str) -> None:
        guarded = mask(text + "!", (STRONG, "aaab", "aaaaaaaaaaaaaaaaab"), {"A_TOKEN": SHORT})
        check_what_is_left(text + "!", guarded)

    assert_in_proportion(work, piece, 50_000)


@given(st.text(st.characters(), max_size=200), st.lists(st.text(st.characters(), max_size=20)))
def test_no_text_raises(text: str, own: list[str]) -> None:
    mask(text, own, {"A_TOKEN": text[:30], "B_KEY": "\ud800" * 9})
    list(private_keys(text))


# --- what is said about it ------------------------------------------------------------------------


def test_the_person_at_the_editor_is_told_what_was_masked_and_how_to_switch_it_off() -> None:
    findings = [Finding("GitHub token", "3f2a", 2), Finding(VARIABLE, "77c1", 1, "DB_PASSWORD")]
    assert describe(findings, "groups['cid1'].mask_secrets") == (
        "Masked before sending, because a chat is no place for secrets: 2 × GitHub token (3f2a),"
        " environment secret (77c1, the value of $DB_PASSWORD)."
        " groups['cid1'].mask_secrets in the settings lets such text go to this target as it is."
    )
    assert describe(()) == ""


@given(st.sampled_from(POSITIVES))
def test_neither_the_notice_nor_a_finding_shows_a_secret(one: Positive) -> None:
    found = mask(one.text, (), {}).found
    assert "\n" not in describe(found)
    assert not any(secret in describe(found) + repr(found) for secret in one.secrets)


def test_random_bytes_in_base64_hold_no_key() -> None:
    data = random.Random("bytes").randbytes(400_000)
    text = base64.b64encode(data).decode()
    assert mask(text, (), {}).found == ()
