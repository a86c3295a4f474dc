"""Files on their way out, without an editor: routes, one chunk, and what may leave at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from dingbridge.core.delivery import outbox_records, requests
from dingbridge.core.delivery.long_text import parted
from dingbridge.core.delivery.outbox import QueuedMessage
from dingbridge.core.delivery.outbox_records import Purpose, Queued
from dingbridge.core.delivery.plan import Plan, RetryPolicy
from dingbridge.core.delivery.plan_steps import Finished, PostChunk
from dingbridge.core.delivery.routing import Route
from dingbridge.core.delivery.send_queue import SendQueue
from dingbridge.core.errors import Refused, TooLong
from dingbridge.core.messages import Outbound, SessionWebhook, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.options.settings import read
from dingbridge.edges.storage.outgoing_folder import OutgoingFolder

pytestmark = pytest.mark.environment

SESSION = SessionWebhook("https://oapi.dingtalk.com/robot/sendBySession?session=1", 2e9)
PERSON = Target(user_id="zhangsan", session_webhook=SESSION)


def options(**given: object) -> Options:
    return read({"app_key": "ding1", "app_secret": "s3cret", **given}, {})


def file(name: str = "a.pdf", target: Target = PERSON, text: str = "[file: a.pdf]") -> Outbound:
    return Outbound("m1", target, text, name, file=f"/data/{name}", file_name=name)


def test_a_file_goes_by_openapi_though_a_text_would_take_the_session_webhook() -> None:
    assert requests.ways(options(), file(), 1e9) == (Route.SINGLE,)
    group = Target(conversation_id="cid1", session_webhook=SESSION)
    assert requests.ways(options(), file(target=group), 1e9) == (Route.GROUP,)
    assert requests.ways(options(), Outbound("m", PERSON, "text"), 1e9)[0] is Route.SESSION


def test_a_file_is_one_chunk_and_is_never_cut() -> None:
    whole = file("a.md", text="word " * 20_000)
    plan = Plan(
        whole,
        (Route.SINGLE,),
        lambda route: requests.room(options(text_chunk_limit=100), whole, route),
        RetryPolicy(float),
    )
    step = plan.next()
    assert isinstance(step, PostChunk)
    assert (step.chunk.start, step.chunk.end) == (0, len(whole.text))
    plan.failed(TooLong("too long"))
    assert isinstance(plan.next(), Finished)


def test_notifications_are_not_merged_with_a_file() -> None:
    line = SendQueue()
    for name, each in (("n0", Outbound("", PERSON, "one")), ("n1", file()), ("n2", file("b.pdf"))):
        outbound = structs.replace(each, id=name)
        line.add(QueuedMessage("", outbound, Purpose.NOTIFICATION, "", 1.0))
    assert [one.id for one in line.choose(lambda _: "key", lambda _: 1, 10_000)] == ["n0"]


def test_a_journal_of_before_there_were_files_is_read_as_it_was() -> None:
    put = Queued("r", Outbound("m1", PERSON, "text"), Purpose.REPLY, "s", 1.0)
    fields = json.loads(outbox_records.encode(put))
    del fields["outbound"]["file"], fields["outbound"]["file_name"]
    assert outbox_records.decode(json.dumps(fields).encode()) == put


@given(st.text(alphabet="ab 中\n#", max_size=3000), st.integers(0, 4))
def test_a_long_text_leaves_whole_as_a_file_and_a_short_one_as_it_is(text: str, most: int) -> None:
    outbound = Outbound("m1", PERSON, text, "标题")
    by = options(file_after=most, text_chunk_limit=200)
    head, *files = parted(by, outbound, 1e9)
    if files:
        assert most
        assert [(one.text, one.file_name, one.target) for one in files] == [
            (text, "标题.md", PERSON)
        ]
        assert head.id == "m1"
        assert head.text != text
    else:
        assert head == outbound
        assert not most or len(text) <= most * 200


def test_a_long_text_stays_a_text_where_no_file_can_go() -> None:
    only_webhook = Target(session_webhook=SESSION)
    outbound = Outbound("m1", only_webhook, "word " * 5000, "t")
    assert parted(options(file_after=1, text_chunk_limit=200), outbound, 1e9) == (outbound,)


def test_nothing_but_a_copy_in_the_folder_is_opened_for_sending(tmp_path: Path) -> None:
    folder = OutgoingFolder(tmp_path / "media" / "outgoing")
    (tmp_path / "id_rsa").write_bytes(b"key")
    kept = folder.put("m1", "id_rsa", b"key")
    with folder.open(kept) as opened:
        assert opened.file.read() == b"key"
    for path in (tmp_path / "id_rsa", kept.parent / ".." / ".." / "id_rsa"):
        with pytest.raises(Refused, match="copies"):
            folder.open(path)
    assert kept.stat().st_mode & 0o077 == 0 or kept.drive
    folder.forget("m2")
    assert kept.exists()
    folder.forget("m1")
    with pytest.raises(Refused, match="is gone"):
        folder.open(kept)
