"""Which way a file goes, what is said when it goes none, and names that can do no harm."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dingbridge.core.dingtalk import media, request_bodies
from dingbridge.core.dingtalk.file_names import NAME_BYTES, ending, safe_name
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.media import MEGABYTE, UPLOAD_BYTES, OutgoingMedia
from dingbridge.core.errors import DeliveryError, FreshToken, Refused, Retryable

ENDPOINTS = ("https://api.dingtalk.com", "http://127.0.0.1:8123")


def answer(body: object, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(body).encode())


# --- the way out ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.png", "a.JPG", "a.jpeg", "a.gif", "a.bmp"])
def test_a_picture_goes_as_a_picture(name: str) -> None:
    assert media.parcel(name, 10) == OutgoingMedia("image", name)


@pytest.mark.parametrize("name", ["a.pdf", "a.zip", "a.RAR", "a.doc", "a.docx", "a.xlsx"])
def test_a_listed_type_goes_as_a_file(name: str) -> None:
    sent = media.parcel(name, 10)
    assert sent == OutgoingMedia("file", name)
    assert sent.file_type == name.rpartition(".")[2].lower()


@pytest.mark.parametrize("name", ["a.py", "a.webp", "a.pptx", "a.mp4", "Makefile", "a.tar.gz"])
def test_any_other_type_goes_in_a_zip_with_its_name_inside(name: str) -> None:
    sent = media.parcel(name, 10)
    assert sent == OutgoingMedia("file", f"{name}.zip", zipped=True, inside=name)
    assert sent.file_type == "zip"


@pytest.mark.parametrize(("name", "what"), [("a.png", "picture"), ("a.pdf", "file")])
def test_a_file_over_the_limit_is_refused_with_its_name_its_size_and_the_limit(
    name: str, what: str
) -> None:
    media.parcel(name, UPLOAD_BYTES)
    with pytest.raises(Refused) as refused:
        media.parcel(name, UPLOAD_BYTES + 1)
    assert refused.value.message == (
        f"{name} is 20.1 MB, and DingTalk takes a {what} of up to 20 MB."
    )
    assert refused.value.fix


def test_a_large_text_may_be_small_in_its_zip_and_is_refused_only_if_it_is_not() -> None:
    sent = media.parcel("a.log", 100 * MEGABYTE)
    media.check_size(sent, 5 * MEGABYTE)
    with pytest.raises(Refused, match=r"^a\.log is 30 MB \(zipped\), and DingTalk"):
        media.check_size(sent, 30 * MEGABYTE)
    with pytest.raises(Refused, match="not zipped"):
        media.parcel("a.log", 1024 * MEGABYTE)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(Refused, match="empty"):
        media.parcel("a.txt", 0)


@pytest.mark.parametrize("errcode", [40004, 40005, 40006])
def test_a_picture_that_is_refused_as_such_goes_in_a_zip(errcode: int) -> None:
    with pytest.raises(Refused) as refused:
        media.read_upload(answer({"errcode": errcode, "errmsg": "no"}))
    other = media.instead(OutgoingMedia("image", "a.png"), refused.value)
    assert other == OutgoingMedia("file", "a.png.zip", zipped=True, inside="a.png")
    assert media.instead(other, refused.value) is None


def test_there_is_no_other_way_for_what_a_zip_would_not_help() -> None:
    too_large = Refused("", code="40006")
    wrong_type = Refused("", code="40005")
    assert media.instead(OutgoingMedia("file", "a.pdf"), too_large) is None
    assert media.instead(OutgoingMedia("file", "a.zip"), wrong_type) is None
    assert media.instead(OutgoingMedia("image", "a.png"), Refused("", code="60011")) is None
    assert media.instead(OutgoingMedia("file", "a.pdf"), wrong_type) is not None


def test_a_refused_upload_is_told_in_words_about_the_users_file() -> None:
    error = media.about(Refused("DingTalk said so", code="40006"), media.parcel("a.py", 9), 2048)
    assert error.message == "a.py is 2 KB, which is more than DingTalk takes here. DingTalk said so"
    assert error.code == "40006"
    busy = Retryable("busy")
    assert media.about(busy, media.parcel("a.py", 9), 2048) is busy


def test_the_group_robots_webhook_takes_no_files_and_says_what_does() -> None:
    refused = media.webhook_refusal("/tmp/a.png")
    assert "a.png" in refused.message
    assert "app_key" in refused.fix


# --- calls ----------------------------------------------------------------------------------------


def test_the_address_of_an_upload_has_the_type_and_the_token_in_it() -> None:
    url = media.upload_url("https://oapi.dingtalk.com", "a/b&c", "image")
    assert url == "https://oapi.dingtalk.com/media/upload?access_token=a%2Fb%26c&type=image"


def test_an_upload_answers_with_a_media_id() -> None:
    body = {
        "errcode": 0,
        "errmsg": "ok",
        "type": "image",
        "media_id": "@lADPD3y-_x",
        "created_at": 1,
    }
    assert media.read_upload(answer(body)) == "@lADPD3y-_x"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"errcode": 0}, DeliveryError),
        ({"errcode": 0, "media_id": "a b"}, DeliveryError),
        ({"errcode": 0, "media_id": "x) [y](http://evil"}, DeliveryError),
        ({"errcode": 40014, "errmsg": "不合法的access_token"}, FreshToken),
        ({"errcode": 42001}, FreshToken),
        ({"errcode": 88, "sub_code": "40014"}, FreshToken),
        ({"errcode": -1}, Retryable),
        ({"errcode": 40006}, Refused),
        ([], DeliveryError),
    ],
)
def test_an_upload_without_a_usable_media_id_is_an_error(
    body: object, kind: type[DeliveryError]
) -> None:
    with pytest.raises(kind):
        media.read_upload(answer(body))


def test_a_message_shows_a_picture_or_a_file_by_its_media_id() -> None:
    sent = json.loads(request_bodies.picture_to_people("robot", ["me"], "@x"))
    assert (sent["msgKey"], json.loads(sent["msgParam"])) == ("sampleImageMsg", {"photoURL": "@x"})
    assert sent["userIds"] == ["me"]
    sent = json.loads(request_bodies.file_to_group("robot", "cid", "@x", "报告.pdf", "pdf"))
    assert sent["openConversationId"] == "cid"
    assert sent["msgKey"] == "sampleFile"
    wanted = {"mediaId": "@x", "fileName": "报告.pdf", "fileType": "pdf"}
    assert json.loads(sent["msgParam"]) == wanted
    assert json.loads(request_bodies.picture_to_group("r", "c", "@x"))["msgKey"] == "sampleImageMsg"
    assert json.loads(request_bodies.file_to_people("r", ["u"], "@", "a", "zip"))["userIds"] == [
        "u"
    ]


def test_a_label_cannot_break_out_of_a_markdown_picture() -> None:
    assert media.markdown_picture("@x", "a](http://evil) [b") == "![a http://evil b](@x)"


# --- the way in -----------------------------------------------------------------------------------

OSS = "wukong.oss-cn-zhangjiakou.aliyuncs.com"


@pytest.mark.parametrize(
    ("given_url", "fetched"),
    [
        (f"https://{OSS}/a.file?Signature=x%2B", f"https://{OSS}/a.file?Signature=x%2B"),
        (f"http://{OSS}/a.file?x=1", f"https://{OSS}/a.file?x=1"),
        ("https://down.dingtalk.com/media/a", "https://down.dingtalk.com/media/a"),
        ("http://127.0.0.1:8123/files/a", "http://127.0.0.1:8123/files/a"),
    ],
)
def test_a_file_is_fetched_from_the_platforms_hosts_and_from_the_endpoints(
    given_url: str, fetched: str
) -> None:
    found = media.read_download(answer({"downloadUrl": given_url}), ENDPOINTS)
    assert found == fetched


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a",
        "https://dingtalk.com.evil.example/a",
        "https://evildingtalk.com/a",
        "https://me@down.dingtalk.com/a",
        "https://down.dingtalk.com:8443/a",
        "http://down.dingtalk.com:443/a",
        "http://127.0.0.1:8124/a",
        "http://127.0.0.1/a",
        "http://localhost:8123/a",
        "https://10.0.0.1/a",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:8123/a",
        "file:///etc/passwd",
        "ftp://down.dingtalk.com/a",
        "https://down.dingtalk.com\\@evil.example/",
        "https://down.dingtalk.com/a b",
        "//down.dingtalk.com/a",
        "x",
    ],
)
def test_no_other_address_is_fetched(url: str) -> None:
    with pytest.raises(Refused, match="outside its own hosts"):
        media.read_download(answer({"downloadUrl": url}), ENDPOINTS)


def test_a_download_without_an_address_or_with_an_expired_code_is_an_error() -> None:
    with pytest.raises(DeliveryError, match="downloadUrl"):
        media.read_download(answer({}), ENDPOINTS)
    code = "invalidParameter.robotCode.downloadCode"
    with pytest.raises(Refused) as refused:
        media.read_download(answer({"code": code}, 400), ENDPOINTS)
    assert "again" in refused.value.fix


def test_a_download_is_asked_for_with_the_code_and_the_robot() -> None:
    body = json.loads(media.download_body("robot", "code"))
    assert body == {"downloadCode": "code", "robotCode": "robot"}


@pytest.mark.parametrize(
    ("kind", "name", "start", "kept"),
    [
        ("picture", "", b"\x89PNG\r\n\x1a\n....", "picture.png"),
        ("picture", "", b"\xff\xd8\xff\xe0", "picture.jpg"),
        ("picture", "", b"GIF89a", "picture.gif"),
        ("picture", "", b"RIFF....WEBP", "picture.webp"),
        ("picture", "", b"", "picture.png"),
        ("audio", "", b"#!AMR\n", "audio.amr"),
        ("audio", "", b"OggS", "audio.ogg"),
        ("video", "", b"....ftypisom", "video.mp4"),
        ("file", "a b.pdf", b"\x89PNG\r\n\x1a\n", "a_b.pdf"),
        ("file", "", b"", "file"),
        ("file", "../..", b"", "file"),
    ],
)
def test_a_file_keeps_its_name_and_the_others_get_one_by_what_they_are(
    kind: str, name: str, start: bytes, kept: str
) -> None:
    assert media.kept_name(kind, name, start) == kept


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("报告 (1).pdf", "报告_(1).pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system32\\a.txt", "a.txt"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("$(rm -rf ~).sh", "(rm_-rf_).sh"),
        ("a`id`;b|c&d.txt", "a_id_b_c_d.txt"),
        ("CON", "file-CON"),
        ("nul.txt", "file-nul.txt"),
        ("com1.tar.gz", "file-com1.tar.gz"),
        ("console.log", "console.log"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\x1b[2Jb\n.txt", "ab_.txt"),
        ("a.", "a"),
        ("😀.png", "😀.png"),
        ("e\u0301.txt", "é.txt"),
        ("/", "file"),
        ("", "file"),
        ("\ud800", "\ufffd"),
    ],
)
def test_a_name_is_made_safe_and_stays_readable(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=300) | st.text(alphabet="a./\\ -~$\n\u202e\u0301😀报", max_size=300))
@example("._" * 100)
@example("a" * 200 + ".pdf")
@example("报" * 100 + ".docx")
def test_no_name_leaves_its_folder_hides_or_is_too_long(name: str) -> None:
    safe = safe_name(name)
    assert safe == safe_name(safe)
    assert 0 < len(safe.encode()) <= NAME_BYTES + len("file-")
    assert not re.search(r"[/\\:*?\"<>|$`;&!'~%#\s\x00-\x1f\x7f]", safe)
    assert safe[0] not in ".-"
    assert safe[-1] not in ". "
    assert safe.isprintable()


@given(st.text(alphabet="a报😀\u0301", min_size=130, max_size=300))
def test_a_long_name_keeps_its_ending(stem: str) -> None:
    assert ending(safe_name(f"b{stem}.pdf")) == "pdf"


def test_a_long_name_is_not_cut_inside_a_character() -> None:
    assert safe_name("x" + "🇨🇳" * 30) == "x" + "🇨🇳" * 14


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (2048, "2 KB"),
        (MEGABYTE, "1 MB"),
        (20 * MEGABYTE, "20 MB"),
        (20 * MEGABYTE + 1, "20.1 MB"),
    ],
)
def test_a_size_is_said_as_people_say_it(size: int, said: str) -> None:
    assert media.amount(size) == said
