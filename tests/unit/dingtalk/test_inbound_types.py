"""Every kind of message becomes readable Markdown with its attachments and what it answers.

`tests/payloads` holds a message of each kind as the platform sends it (`.json`) and what stands in
the session for it (`.md`).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dingbridge.core.delivery.sent_messages import (
    KEPT,
    TEXT_CHARACTERS,
    SentChunk,
    SentKeys,
    find,
    remember,
    with_quote,
)
from dingbridge.core.dingtalk.attachments import NAME_CHARACTERS, shown_name, with_paths, words
from dingbridge.core.dingtalk.message_content import ATTACHMENTS, INBOUND_CHARACTERS, put_together
from dingbridge.core.dingtalk.message_parts import RECORDS, parts_of
from dingbridge.core.dingtalk.part_kinds import OwnWords
from dingbridge.core.dingtalk.quotes import QUOTE_CHARACTERS, QUOTE_LINES, above
from dingbridge.core.dingtalk.robot_message import read_robot_message
from dingbridge.core.messages import Attachment, Inbound, Quoted

PAYLOADS = sorted(Path(__file__).parents[2].joinpath("payloads").glob("*.json"))
CODE = "a-download-code"


def read(data: dict[str, Any]) -> Inbound:
    inbound = read_robot_message(json.dumps(data, ensure_ascii=False))
    assert isinstance(inbound, Inbound)
    return inbound


def payload(name: str) -> dict[str, Any]:
    path = Path(__file__).parents[2].joinpath("payloads") / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def say(msgtype: str, content: object, **fields: Any) -> Inbound:
    return read({**payload("picture"), "msgtype": msgtype, "content": content, **fields})


def shown(inbound: Inbound) -> str:
    return above(inbound.quote, inbound.text) if inbound.quote else inbound.text


def check_places(text: str, attachments: tuple[Attachment, ...]) -> None:
    done = 0
    for attachment in attachments:
        assert done <= attachment.start < attachment.end <= len(text)
        assert text[attachment.start : attachment.end] == words(attachment)
        done = attachment.end


# --- recorded payloads --------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_a_message_of_each_kind_is_shown_as_recorded(path: Path) -> None:
    inbound = read(json.loads(path.read_text("utf-8")))
    assert shown(inbound) + "\n" == path.with_suffix(".md").read_text("utf-8")
    check_places(inbound.text, inbound.attachments)
    if inbound.quote:
        check_places(inbound.quote.text, inbound.quote.attachments)


def test_there_is_a_payload_of_every_kind() -> None:
    kinds = {json.loads(path.read_text("utf-8"))["msgtype"] for path in PAYLOADS}
    assert kinds >= {"text", "richText", "picture", "image", "audio", "video", "file"}
    assert kinds >= {"markdown", "interactiveCard", "chatRecord", "unknownMsgType"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("picture", [("picture", "mIofNdA2L0VtUGhqYS9n", "", 0.0)]),
        ("image", [("picture", "mIofNdA2L0VtUGhqYS9np", "", 0.0)]),
        ("audio", [("audio", "mIofNdA2L0VtUGhqYS9n", "", 4.0)]),
        ("video", [("video", "mIofNdA2L0VtUGhqYS9n", "", 12.0)]),
        ("file", [("file", "mIofNdA2L0VtUGhqYS9n", "季度 [final] report.pdf", 0.0)]),
        ("chat_record", [("picture", "mIofNdA2L0VtUGhqYS9n", "", 0.0)]),
        (
            "rich_text_msg_type",
            [
                ("picture", "mIofNdA2L0VtUGhqYS9n1", "", 0.0),
                ("picture", "mIofNdA2L0VtUGhqYS9n2", "", 0.0),
            ],
        ),
        ("text_group", []),
    ],
)
def test_what_can_be_downloaded_comes_as_attachments(name: str, expected: list[Any]) -> None:
    found = [
        (one.kind, one.download_code, one.file_name, one.duration)
        for one in read(payload(name)).attachments
    ]
    assert found == expected


def test_a_download_code_is_not_in_the_text_and_not_in_a_repr() -> None:
    inbound = say("file", {"downloadCode": CODE, "fileName": "a"})
    assert inbound.attachments[0].download_code == CODE
    assert CODE not in repr(inbound) + inbound.text
    quote = read(payload("quote_picture")).quote
    assert quote is not None
    assert quote.attachments[0].download_code not in repr(quote)


def test_a_message_written_down_by_an_earlier_version_is_read() -> None:
    old = {
        **{"id": "m", "robot_code": "r", "mentioned": True, "msgtype": "text", "text": "t"},
        **{"created": 1.0, "conversation": {"id": "c", "kind": "2"}},
        "sender": {"staff_id": "s", "sender_id": "i", "nick": "n"},
    }
    inbound = msgspec.json.decode(json.dumps(old), type=Inbound)
    assert (inbound.attachments, inbound.quote) == ((), None)


def test_a_message_with_everything_survives_being_written_down() -> None:
    for path in PAYLOADS:
        inbound = read(json.loads(path.read_text("utf-8")))
        assert msgspec.json.decode(msgspec.json.encode(inbound), type=Inbound) == inbound
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(inbound), type=Inbound) == inbound


def test_what_has_no_download_code_is_named_and_not_offered() -> None:
    inbound = say("file", {"fileName": "report.pdf"})
    assert (inbound.text, inbound.attachments) == ("[file: report.pdf]", ())


def test_content_that_comes_as_a_string_of_json_is_read() -> None:
    assert say("file", json.dumps({"fileName": "a.txt", "downloadCode": CODE})).attachments


def test_only_so_many_attachments_are_offered_and_the_others_named() -> None:
    pictures = [{"type": "picture", "downloadCode": f"c{number}"} for number in range(30)]
    inbound = say("richText", {"richText": pictures})
    assert len(inbound.attachments) == ATTACHMENTS
    assert inbound.text.count("not fetched: a message may bring") == 30 - ATTACHMENTS


def test_a_long_chat_record_says_how_much_of_it_is_missing() -> None:
    entries = [{"senderNick": "Ann", "content": f"line {number}"} for number in range(RECORDS + 7)]
    text = say("chatRecord", {"chatRecord": entries}).text
    assert f"line {RECORDS - 1}" in text
    assert f"line {RECORDS}\n" not in text
    assert text.endswith("[… 7 more messages are not shown]")


def test_a_text_beyond_all_measure_is_cut_with_a_word_about_it() -> None:
    text = say("markdown", {"text": "x" * (INBOUND_CHARACTERS + 1234)}).text
    assert text.startswith("x" * 1000)
    assert text.endswith("\n\n[… 1,234 more characters were cut off]")
    assert len(text) < INBOUND_CHARACTERS + 100


def test_what_people_write_beside_a_picture_cannot_make_a_link_of_it() -> None:
    for after in ("(http://evil.example)", "\x1c(http://evil.example)", "\u2060(x)", ": x", "[a]"):
        items = [{"type": "picture", "downloadCode": CODE}, {"text": after}]
        text = say("richText", {"richText": items}).text
        assert text.startswith("[picture] "), text
        picture = Attachment(kind="picture", download_code=CODE)
        assert put_together([picture, after]).text.startswith("[picture] "), after


# --- styles -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"type": "bold", "text": "do not "}, "**do not** x"),
        ({"type": "bold", "text": "a\n\n b"}, "**a**\n\n **b**x"),
        ({"type": "italic", "text": "a"}, "*a*x"),
        ({"type": "inlineCode", "text": "a"}, "`a`x"),
        ({"type": "inlineCode", "text": "`"}, "`` ` ``x"),
        ({"type": "pre", "text": "a\n```\nb"}, "````\na\n```\nb\n````\n\nx"),
        ({"type": "bold", "text": " "}, "x"),
        ({"type": "pre", "text": " "}, "x"),
        ({"type": "emoji", "text": "[微笑]"}, "[微笑]x"),
        ({"type": "emoji"}, "[emoji] x"),
        ({"type": "sticker"}, "[sticker] x"),
        ({"type": "new", "text": "words"}, "wordsx"),
    ],
)
def test_styles_of_rich_text_become_markdown(item: dict[str, str], text: str) -> None:
    assert say("richText", {"richText": [item, {"text": "x"}]}).text == text


@given(st.text(st.sampled_from("ab `*\n\x1b\r"), max_size=12))
def test_code_in_rich_text_is_exactly_what_was_written(code: str) -> None:
    text = say("richText", {"richText": [{"type": "pre", "text": code}]}).text
    tokens = [token for token in MarkdownIt().parse(text) if token.type == "fence"]
    expected = re.sub(r"\x1b[ -/]*[0-~]|\x1b", "", code)
    expected = re.sub(r"\r\n?", "\n", expected).strip("\n")
    if not expected.strip():
        assert not tokens
    elif "\x1b" not in code:
        [token] = tokens
        assert token.content.strip("\n") == expected


# --- places of attachments and their paths ------------------------------------------------------


def test_text_that_looks_like_the_words_for_a_picture_is_left_alone() -> None:
    items = [
        {"text": "[picture] "},
        {"type": "picture", "downloadCode": CODE},
        {"text": "[picture]"},
    ]
    inbound = say("richText", {"richText": items})
    assert inbound.text == "[picture] [picture] [picture]"
    text = with_paths(inbound.text, inbound.attachments, ("/m/1.png",))
    assert text == "[picture] ![picture](/m/1.png) [picture]"


def test_a_download_that_failed_says_why() -> None:
    inbound = say("video", {"downloadCode": CODE, "duration": 75})
    text = with_paths(inbound.text, inbound.attachments, (None,), ("it is larger than 50 MB.",))
    assert text == "[video, 1:15 min] (not fetched: it is larger than 50 MB)"
    assert with_paths(inbound.text, inbound.attachments, (None,)) == "[video, 1:15 min]"


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/m/report.pdf", "[a\\[1\\].pdf](/m/report.pdf)"),
        ("/m/my report (1).pdf", "[a\\[1\\].pdf](</m/my report (1).pdf>)"),
        ("/m/<x>&amp;.pdf", "[a\\[1\\].pdf](</m/\\<x\\>\\&amp;.pdf>)"),
        ("C:\\Users\\张三\\a_b.pdf", "[a\\[1\\].pdf](C:/Users/张三/a_b.pdf)"),
        ("/m/a\nb.pdf", "[a\\[1\\].pdf](</m/a%0Ab.pdf>)"),
    ],
)
def test_a_path_is_written_so_that_markdown_reads_it_back(path: str, link: str) -> None:
    inbound = say("file", {"downloadCode": CODE, "fileName": "a[1].pdf"})
    assert with_paths(inbound.text, inbound.attachments, (path,)) == link


PATHS = st.text(st.sampled_from("ab/ ()<>\\&;#%[]!`*_.~中'\"?"), min_size=1, max_size=20)


@given(PATHS, st.sampled_from(["picture", "file"]))
def test_whatever_a_path_holds_it_is_the_target_of_one_link(path: str, kind: Any) -> None:
    path = f"/{path}"
    name = path if kind == "file" else ""
    content = put_together([Attachment(kind=kind, download_code=CODE, file_name=name)])
    text = with_paths(content.text, content.attachments, (path,))
    markdown = MarkdownIt()
    markdown.normalizeLink = lambda url: url  # type: ignore[method-assign]  # what was written
    markdown.validateLink = lambda url: True  # type: ignore[method-assign]  # any path will do
    [inline] = [token for token in markdown.parse(text) if token.type == "inline"]
    targets = [
        token.attrGet("href") or token.attrGet("src")
        for token in inline.children or []
        if token.type in ("link_open", "image")
    ]
    assert targets == [path]


def test_an_attachment_whose_words_are_not_there_comes_at_the_end() -> None:
    inbound = say("picture", {"downloadCode": CODE})
    text = with_paths("something else", inbound.attachments, ("/m/1.png",))
    assert text == "something else\n\n![picture](/m/1.png)"


def test_a_long_file_name_keeps_its_ending() -> None:
    name = shown_name("x" * 300 + ".tar.gz")
    assert len(name) == NAME_CHARACTERS
    assert name.endswith("….gz")
    assert len(shown_name("." * 300)) <= NAME_CHARACTERS
    assert len(shown_name("a." + "b" * 300)) <= NAME_CHARACTERS


PIECES = st.lists(
    st.text(max_size=8)
    | st.sampled_from(["\ufffc", "a\ufffc\ufffcb"])
    | st.builds(
        Attachment,
        kind=st.sampled_from(["picture", "file", "audio", "video"]),
        download_code=st.sampled_from(["", "c"]),
        file_name=st.text(max_size=8),
        size=st.integers(0, 10**12),
        duration=st.floats(0, 90_000),
    ),
    max_size=6,
)


@given(PIECES, st.booleans(), st.integers(1, 60))
def test_each_attachment_has_its_own_place_in_the_text(
    parts: list[str | Attachment], addressed: bool, most: int
) -> None:
    content = put_together(parts, addressed=addressed, most=most)
    check_places(content.text, content.attachments)
    paths = tuple(f"/m/{number}" for number in range(len(content.attachments)))
    text = with_paths(content.text, content.attachments, paths)
    assert all(f"({path})" in text for path in paths)


# --- quotes -------------------------------------------------------------------------------------


def quoted(name: str) -> Quoted:
    quote = read(payload(name)).quote
    assert quote is not None
    return quote


def test_a_quote_of_our_own_message_is_known_by_its_key() -> None:
    quote = quoted("quote_of_the_robot")
    assert (quote.ours, quote.key, quote.text) == (True, "pqk123", "")
    assert quote.created == 1690361000.0
    text = above(quote, "why?", "The build is green.")
    assert text == "> In answer to our own message:\n>\n> The build is green.\n\nwhy?"


def test_a_quote_of_the_senders_own_message_names_the_sender() -> None:
    assert quoted("quote_own_text").author == "张三"


def test_a_message_that_answers_nothing_has_no_quote() -> None:
    for name in ("text_1to1", "text_group", "rich_text", "file", "chat_record"):
        assert read(payload(name)).quote is None


def test_a_long_quote_is_cut() -> None:
    replied = {"msgType": "text", "content": {"text": "word " * 5000}}
    data = payload("quote_text")
    data["text"]["repliedMsg"] = replied
    quote = read(data).quote
    assert quote is not None
    assert len(quote.text) < QUOTE_CHARACTERS + 100
    assert "more characters were cut off" in quote.text
    lines = above(quote, "", "line\n" * 1000).split("\n")
    assert len(lines) == QUOTE_LINES + 3
    assert lines[-1] == "> …"


@given(st.text(), st.text())
def test_a_quote_never_runs_into_what_is_said_about_it(words_of_it: str, text: str) -> None:
    inbound = read(
        payload("quote_text")
        | {
            "text": {
                "content": text,
                "isReplyMsg": True,
                "repliedMsg": {"msgType": "text", "content": {"text": words_of_it}},
            }
        }
    )
    assert inbound.quote is not None
    block, _, rest = above(inbound.quote, inbound.text).partition("\n\n")
    assert rest == inbound.text
    assert all(line.startswith(">") for line in block.split("\n"))


# --- the book of what was sent ------------------------------------------------------------------

ROBOT = "dingrobot"


def book_of(*sendings: SentChunk) -> SentKeys:
    book: SentKeys = {}
    for sent in sendings:
        book = remember(book, ROBOT, sent)
    return book


def test_a_quoted_message_of_ours_is_found_by_its_key() -> None:
    book = book_of(SentChunk("m1", "s", "one", 1.0, "k1"), SentChunk("m2", "s", "two", 2.0, "k2"))
    found = find(book, ROBOT, Quoted(key="k1", ours=True), ())
    assert found is not None
    assert (found.message, found.text) == ("m1", "one")
    assert find(book, ROBOT, Quoted(key="k3", ours=True), ()) is None
    assert find(book, "another robot", Quoted(key="k1", ours=True), ()) is None


def test_what_went_out_by_session_webhook_is_found_by_its_time_alone() -> None:
    book = book_of(
        SentChunk("m1", "s", "one", 100.0, place="cid"),
        SentChunk("m2", "s", "two", 200.0, place="cid"),
        SentChunk("m3", "s", "three", 203.0, place="another"),
        SentChunk("m4", "s", "four", 199.0, key="k", place="cid"),
    )
    found = find(book, ROBOT, Quoted(ours=True, created=202.0), ("cid", "zhangsan"))
    assert found is not None
    assert found.message == "m2"
    assert find(book, ROBOT, Quoted(ours=False, created=202.0), ("cid",)) is None
    assert find(book, ROBOT, Quoted(ours=True, created=150.0), ("cid",)) is None
    assert find(book, ROBOT, Quoted(ours=True), ("cid",)) is None


def test_only_a_quote_without_content_gets_the_text_that_is_remembered() -> None:
    book = book_of(SentChunk("m1", "s", "one", 1.0, "k1"))
    answer = read_robot_message(PAYLOADS[0].with_name("quote_of_the_robot.json").read_text("utf-8"))
    assert isinstance(answer, Inbound)
    assert answer.quote is not None
    answer = msgspec.structs.replace(answer, quote=msgspec.structs.replace(answer.quote, key="k1"))
    filled = with_quote(book, ROBOT, answer).quote
    assert filled is not None
    assert (filled.text, filled.ours) == ("one", True)
    assert with_quote({}, ROBOT, answer) == answer
    known = msgspec.structs.replace(answer, quote=Quoted(text="all of it", key="k1", ours=True))
    assert with_quote(book, ROBOT, known) == known
    bare = msgspec.structs.replace(answer, quote=None)
    assert with_quote(book, ROBOT, bare) == bare


def test_of_two_messages_at_the_same_time_none_is_guessed() -> None:
    book = book_of(
        SentChunk("m1", "s", "one", 1.0, place="c"), SentChunk("m2", "s", "two", 2.0, place="c")
    )
    assert find(book, ROBOT, Quoted(ours=True, created=2.0), ("c",)) is None
    chunks = book_of(
        SentChunk("m", "s", "one", 1.0, place="c"), SentChunk("m", "s", "two", 3.0, place="c")
    )
    found = find(chunks, ROBOT, Quoted(ours=True, created=2.9), ("c",))
    assert found is not None
    assert found.text == "two"


def test_the_book_forgets_the_oldest_and_keeps_no_long_texts() -> None:
    book: SentKeys = {}
    for number in range(KEPT + 10):
        book = remember(
            book, ROBOT, SentChunk(f"m{number}", "s", "long " * 1000, 1.0, f"k{number}")
        )
    assert len(book[ROBOT]) == KEPT
    assert book[ROBOT][0].key == "k10"
    assert all(len(sent.text) <= TEXT_CHARACTERS for sent in book[ROBOT])
    assert msgspec.json.decode(msgspec.json.encode(book), type=SentKeys) == book


# --- mutations ----------------------------------------------------------------------------------

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(["", "[]", "{}", '{"text":', "[" * 50, "x" * 5000, "\x1b[2J", "\ud800"]),
    st.lists(st.none() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.sampled_from(["text", "content", "richText", "type"]), st.text(max_size=3)),
)


def paths_in(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, inner in items:
        found += paths_in(inner, (*path, key))
    return found


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A recorded payload with fields dropped, retyped, nested or lengthened, at any depth."""
    data: dict[str, Any] = json.loads(draw(st.sampled_from(PAYLOADS)).read_text("utf-8"))
    for _ in range(draw(st.integers(1, 4))):
        places = [path for path in paths_in(data) if path[0] not in KEPT_FIELDS]
        path = draw(st.sampled_from(places))
        holder: Any = data
        for key in path[:-1]:
            holder = holder[key]
        how = draw(st.sampled_from(["drop", "retype", "nest", "lengthen", "as json"]))
        if how == "drop":
            del holder[path[-1]]
        elif how == "retype":
            holder[path[-1]] = draw(ODD)
        elif how == "nest":
            holder[path[-1]] = draw(
                st.sampled_from([[holder[path[-1]]], {path[-1]: holder[path[-1]]}])
            )
        elif how == "lengthen" and isinstance(holder[path[-1]], (str, list)):
            if len(holder[path[-1]]) < 1000:
                holder[path[-1]] = holder[path[-1]] * 300
        elif how == "as json":
            holder[path[-1]] = json.dumps(holder[path[-1]])
    return data


KEPT_FIELDS = ("conversationId", "msgId", "senderId", "robotCode", "senderStaffId")


@given(mutated())
def test_a_mutated_message_is_still_a_message(data: dict[str, Any]) -> None:
    inbound = read_robot_message(json.dumps(data))
    assert isinstance(inbound, Inbound)
    check_places(inbound.text, inbound.attachments)
    if inbound.quote:
        check_places(inbound.quote.text, inbound.quote.attachments)
    assert len(inbound.attachments) <= ATTACHMENTS
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown(inbound))
    msgspec.json.encode(inbound)


def test_a_chat_record_within_a_chat_record_does_not_go_on_for_ever() -> None:
    content: Any = "deep"
    for _ in range(200):
        content = {"chatRecord": [{"msgType": "chatRecord", "content": content}]}
    assert put_together(parts_of("chatRecord", None, content)).text.endswith("[chat record]")


def test_words_beside_attachments_take_none_of_their_places() -> None:
    words_only = [OwnWords("[emoji]")] * (ATTACHMENTS + 1)
    files = [Attachment("file", CODE, f"{n}.txt") for n in range(ATTACHMENTS)]
    found = put_together([*words_only, *files])
    assert [each.file_name for each in found.attachments] == [each.file_name for each in files]
