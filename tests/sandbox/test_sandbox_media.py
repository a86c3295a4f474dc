"""The sandbox's media and reactions, met by our own edge, and judged by DingTalk's own SDK."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dingbridge.core.dingtalk import http_answer, media, request_bodies, responses
from dingbridge.core.dingtalk.media import MEGABYTE, OutgoingMedia
from dingbridge.core.errors import DeliveryError, FreshToken, Refused, Retryable, RetryAfter
from dingbridge.edges.dingtalk.http import Http, Upload
from dingbridge.edges.storage.media_folder import OutgoingFile
from dingbridge.sandbox import TEAM, Fault, Said, Sandbox
from dingbridge.sandbox.client import PICTURE
from tests.support.processes import Child, run
from tests.support.sandbox_calls import request

TOKEN = "x-acs-dingtalk-access-token"
DOWNLOAD = "/v1.0/robot/messageFiles/download"
REPLY = "/v1.0/robot/emotion/reply"
RECALL = "/v1.0/robot/emotion/recall"
PNG = OutgoingMedia("image", "a.png")
PDF = OutgoingMedia("file", "a.pdf")


@pytest.fixture
def http() -> Iterator[Http]:
    edge = Http()
    yield edge
    edge.close()


@pytest.fixture
def token(sandbox: Sandbox, http: Http) -> str:
    body = request_bodies.token_body(sandbox.client_id, sandbox.client_secret)
    return responses.read_token(http.post(f"{sandbox.url}/v1.0/oauth2/accessToken", body)).value


def upload(sandbox: Sandbox, http: Http, token: str, data: bytes, parcel: OutgoingMedia) -> str:
    url = media.upload_url(sandbox.url, token, parcel.upload)
    return media.read_upload(
        http.upload(url, Upload(OutgoingFile(Path("x"), io.BytesIO(data), len(data)), parcel))
    )


def call(
    sandbox: Sandbox, http: Http, token: str, path: str, **body: Any
) -> http_answer.HttpAnswer:
    return http.post(sandbox.url + path, json.dumps(body).encode(), {TOKEN: token})


def locate(sandbox: Sandbox, http: Http, token: str, code: str) -> str:
    body = media.download_body(sandbox.client_id, code)
    answer = http.post(sandbox.url + DOWNLOAD, body, {TOKEN: token})
    return media.read_download(answer, (sandbox.url,))


# --- out ------------------------------------------------------------------------------------------


def test_a_file_from_the_editor_is_there_byte_for_byte(
    sandbox: Sandbox, http: Http, token: str
) -> None:
    data = os.urandom(3_000_000)
    media_id = upload(sandbox, http, token, data, PDF)
    assert sandbox.client.media(media_id) == data
    [uploaded] = sandbox.client.uploads()
    assert (uploaded.type, uploaded.media_id, uploaded.size) == ("file", media_id, len(data))
    assert uploaded.sha256 == hashlib.sha256(data).hexdigest()
    with pytest.raises(KeyError):
        sandbox.client.media("@unknown")


@pytest.mark.parametrize("group", [True, False])
def test_what_was_uploaded_can_be_sent_and_nothing_else(
    sandbox: Sandbox, http: Http, token: str, group: bool
) -> None:
    robot = sandbox.client_id
    picture = upload(sandbox, http, token, PICTURE, PNG)
    file = upload(sandbox, http, token, b"%PDF-", PDF)
    if group:
        path = "/v1.0/robot/groupMessages/send"
        bodies = [
            request_bodies.picture_to_group(robot, TEAM, picture),
            request_bodies.file_to_group(robot, TEAM, file, "报告.pdf", "pdf"),
        ]
        unknown = request_bodies.picture_to_group(robot, TEAM, "@unknown")
        strange = request_bodies.file_to_group(robot, TEAM, file, "a.exe", "exe")
    else:
        path = "/v1.0/robot/oToMessages/batchSend"
        bodies = [
            request_bodies.picture_to_people(robot, ["zhangsan"], picture),
            request_bodies.file_to_people(robot, ["zhangsan"], file, "报告.pdf", "pdf"),
        ]
        unknown = request_bodies.picture_to_people(robot, ["zhangsan"], "@unknown")
        strange = request_bodies.file_to_people(robot, ["zhangsan"], file, "a.exe", "exe")
    for body in bodies:
        responses.read_send(http.post(sandbox.url + path, body, {TOKEN: token}))
    for body in (unknown, strange):
        with pytest.raises(Refused):
            responses.read_send(http.post(sandbox.url + path, body, {TOKEN: token}))
    shown = [(each.msgtype, each.media_id, each.text) for each in sandbox.client.arrived()]
    assert shown == [("sampleImageMsg", picture, ""), ("sampleFile", file, "报告.pdf")]


def refused_upload(
    sandbox: Sandbox, http: Http, token: str, parcel: OutgoingMedia, size: int
) -> str:
    """The errcode of an upload, of which nothing is kept."""
    with pytest.raises(Refused) as refused:
        upload(sandbox, http, token, b"x" * size, parcel)
    assert sandbox.client.uploads() == []
    return refused.value.code


def test_an_upload_is_an_image_a_voice_a_video_or_a_file(
    sandbox: Sandbox, http: Http, token: str
) -> None:
    kind: Any = "picture"
    assert refused_upload(sandbox, http, token, OutgoingMedia(kind, "a.png"), 10) == "40004"


@pytest.mark.parametrize(
    ("kind", "name"),
    [("image", "a.webp"), ("file", "a.py"), ("voice", "a.ogg"), ("video", "a.mov")],
)
def test_an_upload_has_one_of_the_formats_of_its_type(
    sandbox: Sandbox, http: Http, token: str, kind: Any, name: str
) -> None:
    assert refused_upload(sandbox, http, token, OutgoingMedia(kind, name), 10) == "40005"


@pytest.mark.parametrize(
    ("kind", "name", "size"),
    [
        ("image", "a.png", 20 * MEGABYTE + 1),
        ("voice", "a.mp3", 2 * MEGABYTE + 1),
        ("file", "a.pdf", 0),
    ],
)
def test_an_upload_is_no_larger_than_its_type_may_be(
    sandbox: Sandbox, http: Http, token: str, kind: Any, name: str, size: int
) -> None:
    assert refused_upload(sandbox, http, token, OutgoingMedia(kind, name), size) == "40006"


def test_the_limit_may_be_lower_than_the_documents_say(
    sandbox: Sandbox, http: Http, token: str
) -> None:
    sandbox.client.configure(upload_limits={"image": MEGABYTE})
    with pytest.raises(Refused) as refused:
        upload(sandbox, http, token, b"x" * (MEGABYTE + 1), PNG)
    other = media.instead(PNG, refused.value)
    assert other is not None
    assert upload(sandbox, http, token, b"x" * (MEGABYTE + 1), other)


def test_an_upload_without_a_token_is_refused(sandbox: Sandbox, http: Http) -> None:
    with pytest.raises(FreshToken) as refused:
        upload(sandbox, http, "", b"x", PDF)
    assert refused.value.code == "41001"


def test_an_upload_with_a_token_that_is_no_longer_valid_is_refused(
    sandbox: Sandbox, http: Http, token: str
) -> None:
    sandbox.client.revoke_tokens()
    with pytest.raises(FreshToken) as refused:
        upload(sandbox, http, token, b"x", PDF)
    assert refused.value.code == "40014"


def test_an_upload_comes_as_a_form(sandbox: Sandbox, http: Http, token: str) -> None:
    url = media.upload_url(sandbox.url, token, "file")
    with pytest.raises(Refused, match="read the request") as refused:
        media.read_upload(http.post(url, b"{}"))
    assert refused.value.code == "43004"


def test_an_upload_has_a_file(sandbox: Sandbox, token: str) -> None:
    url = media.upload_url(sandbox.url, token, "file")
    for files in ({"other": ("a.pdf", b"x")}, {"media": (None, b"x")}):
        assert request("POST", url, files=files).json()["errcode"] == 40035


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.errcode("/media/upload", -1, "系统繁忙"), Retryable),
        (Fault.errcode("/media/upload", 90018, "qps"), RetryAfter),
        (Fault.html("/media/upload", 502), Retryable),
        (Fault.drop("/media/upload", "before"), Retryable),
        (Fault.drop("/media/upload", "after"), Retryable),
    ],
)
def test_faults_meet_uploads_as_any_other_call(
    sandbox: Sandbox, http: Http, token: str, fault: Fault, kind: type[DeliveryError]
) -> None:
    sandbox.client.fault(fault)
    with pytest.raises(kind) as failed:
        upload(sandbox, http, token, b"x" * 500_000, PDF)
    assert not getattr(failed.value, "may_have_arrived", False)
    assert upload(sandbox, http, token, b"x", PDF)
    uploads = [each for each in sandbox.client.calls("/media/upload") if each.size > 500_000]
    assert [each.fault for each in uploads] == [fault.name]


# --- in -------------------------------------------------------------------------------------------


def test_what_somebody_sends_is_fetched_in_two_steps(
    sandbox: Sandbox, http: Http, token: str
) -> None:
    data = os.urandom(2_000_000)
    url = locate(sandbox, http, token, sandbox.client.offer(data))
    assert ".file?" in url
    parts: list[bytes] = []
    assert http.download(url, parts.append, most=2 * MEGABYTE) == len(data)
    assert b"".join(parts) == data


def test_the_address_of_a_file_works_for_a_while_only(
    sandbox: Sandbox, http: Http, token: str
) -> None:
    code = sandbox.client.offer(b"x")
    url = locate(sandbox, http, token, code)
    sandbox.client.advance(601)
    answer = request("GET", url)
    assert (answer.status_code, "<Code>AccessDenied</Code>" in answer.text) == (403, True)
    with pytest.raises(Refused, match="not available any more"):
        http.download(url, lambda _: None, most=MEGABYTE)
    assert request("GET", locate(sandbox, http, token, code)).content == b"x"


def test_the_address_of_a_file_works_with_its_own_signature_only(
    sandbox: Sandbox, http: Http, token: str
) -> None:
    first = locate(sandbox, http, token, sandbox.client.offer(b"first"))
    second = locate(sandbox, http, token, sandbox.client.offer(b"second"))
    query = second.partition("?")[2]
    for url in (
        first.partition("?")[0],
        first + "x",
        f"{first.partition('?')[0]}?{query}",
        first.replace("Expires=", "Expires=9"),
    ):
        answer = request("GET", url)
        assert (answer.status_code, "SignatureDoesNotMatch" in answer.text) == (403, True)
    assert request("GET", first).content == b"first"


def refused_download(sandbox: Sandbox, http: Http, token: str, **body: str) -> str:
    with pytest.raises(Refused) as refused:
        media.read_download(call(sandbox, http, token, DOWNLOAD, **body), (sandbox.url,))
    return refused.value.code


def test_a_file_of_a_message_is_fetched_by_a_code_that_is_still_good(
    sandbox: Sandbox, http: Http, token: str
) -> None:
    code, robot = sandbox.client.offer(b"x"), sandbox.client_id
    invalid = "invalidParameter.robotCode.downloadCode"
    assert refused_download(sandbox, http, token, downloadCode="other", robotCode=robot) == invalid
    assert refused_download(sandbox, http, token, robotCode=robot) == invalid
    with pytest.raises(FreshToken):
        locate(sandbox, http, "wrong", code)
    assert locate(sandbox, http, token, code)
    sandbox.client.configure(download_code_lifetime=0)
    late = sandbox.client.offer(b"x")
    assert refused_download(sandbox, http, token, downloadCode=late, robotCode=robot) == invalid


def test_a_file_of_a_message_is_fetched_by_the_robot_that_got_it(
    sandbox: Sandbox, http: Http, token: str
) -> None:
    code = sandbox.client.offer(b"x")
    for body in ({"downloadCode": code, "robotCode": "other"}, {"downloadCode": code}):
        assert refused_download(sandbox, http, token, **body) == "invalidParameter.robotCode.auth"


def test_faults_meet_downloads(sandbox: Sandbox, http: Http, token: str) -> None:
    code = sandbox.client.offer(b"x")
    sandbox.client.fault(Fault.qps(DOWNLOAD))
    with pytest.raises(RetryAfter):
        locate(sandbox, http, token, code)
    url = locate(sandbox, http, token, code)
    sandbox.client.fault(Fault.drop("/files/*"))
    with pytest.raises(Retryable):
        http.download(url, lambda _: None, most=MEGABYTE)
    assert http.download(url, lambda _: None, most=MEGABYTE) == 1


# --- reactions ------------------------------------------------------------------------------------


def emotion(sandbox: Sandbox, message: str, conversation: str, label: str) -> dict[str, Any]:
    return {
        "robotCode": sandbox.client_id,
        "openMsgId": message,
        "openConversationId": conversation,
        "emotionType": 2,
        "emotionName": label,
        "textEmotion": {
            "emotionId": "2659900",
            "emotionName": label,
            "text": label,
            "backgroundId": "im_bg_1",
        },
    }


def test_a_reaction_is_put_on(sandbox: Sandbox, http: Http, token: str) -> None:
    said = sandbox.client.say("hi")
    body = emotion(sandbox, said.message_id, said.conversation_id, "👀")
    for path in (REPLY, RECALL):
        answer = call(sandbox, http, token, path, **body)
        assert (answer.status, json.loads(answer.body)) == (200, {"success": True})
    seen = [(each.action, each.label) for each in sandbox.client.reacted(said.message_id)]
    assert seen == [("reply", "👀"), ("recall", "👀")]
    assert sandbox.client.wait_reacted(2)


def test_a_reaction_that_is_not_there_is_not_recalled(
    sandbox: Sandbox, http: Http, token: str
) -> None:
    said = sandbox.client.say("hi")
    body = emotion(sandbox, said.message_id, said.conversation_id, "👀")
    answer = call(sandbox, http, token, RECALL, **body)
    assert (answer.status, json.loads(answer.body)) == (200, {"success": False})
    assert sandbox.client.reacted() == []


def test_a_reaction_on_a_message_that_is_not_there_is_a_system_error(
    sandbox: Sandbox, http: Http, token: str
) -> None:
    said = sandbox.client.say("hi")
    for message, conversation in (("other", said.conversation_id), (said.message_id, "other")):
        body = emotion(sandbox, message, conversation, "👀")
        answer = call(sandbox, http, token, REPLY, **body)
        assert (answer.status, json.loads(answer.body)["code"]) == (400, "system.err")
    assert sandbox.client.reacted() == []


def test_a_reaction_names_robot_message_and_conversation(
    sandbox: Sandbox, http: Http, token: str
) -> None:
    said = sandbox.client.say("hi")
    names = ("robotCode", "openMsgId", "openConversationId")
    given = (sandbox.client_id, said.message_id, said.conversation_id)
    good = dict(zip(names, given, strict=True))
    for name in names:
        body = {key: value for key, value in good.items() if key != name}
        assert call(sandbox, http, token, REPLY, **body).status == 400, name
    assert sandbox.client.reacted() == []
    assert call(sandbox, http, token, REPLY, **good).status == 200
    assert call(sandbox, http, "wrong", REPLY, **good).status == 400


def test_a_reaction_that_has_a_label_has_all_of_it(
    sandbox: Sandbox, http: Http, token: str
) -> None:
    said = sandbox.client.say("hi")
    good = emotion(sandbox, said.message_id, said.conversation_id, "👀")
    for name in ("emotionType", "textEmotion"):
        body = {key: value for key, value in good.items() if key != name}
        assert call(sandbox, http, token, REPLY, **body).status == 400, name
    del good["textEmotion"]["text"]
    assert call(sandbox, http, token, REPLY, **good).status == 400
    assert sandbox.client.reacted() == []


def test_faults_meet_reactions(sandbox: Sandbox, http: Http, token: str) -> None:
    said = sandbox.client.say("hi")
    body = emotion(sandbox, said.message_id, said.conversation_id, "👀")
    sandbox.client.fault(Fault.http(REPLY, 400, "system.err"))
    assert call(sandbox, http, token, REPLY, **body).status == 400
    assert call(sandbox, http, token, REPLY, **body).status == 200


# --- the judge ------------------------------------------------------------------------------------

SDK = """
import json, os, sys, dingtalk_stream, requests
from dingtalk_stream import stream

# The SDK names the public host for uploads, whatever endpoint is configured.
def post(url, *given, **words):
    url = url.replace("https://oapi.dingtalk.com", os.environ["DINGTALK_OPENAPI_ENDPOINT"])
    return requests.post(url, *given, **words)

class Elsewhere:
    post = staticmethod(post)
    def __getattr__(self, name):
        return getattr(requests, name)

stream.requests = Elsewhere()
class Handler(dingtalk_stream.ChatbotHandler):
    async def process(self, callback):
        message = dingtalk_stream.ChatbotMessage.from_dict(callback.data)
        if message.message_type in ("picture", "richText"):
            said = self.extract_image_from_incoming_message(message)
        else:
            said = sorted(callback.data["content"])
        self.reply_text(json.dumps(said), message)
        return dingtalk_stream.AckMessage.STATUS_OK, "OK"

credential = dingtalk_stream.Credential(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
client = dingtalk_stream.DingTalkStreamClient(credential)
client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, Handler())
client.start_forever()
"""


def answer_of_the_sdk(sandbox: Sandbox, said: Said) -> Any:
    [reply] = sandbox.client.wait_arrived(lambda each: each.reply_to == said.message_id, 20)
    return json.loads(reply.text)


@pytest.mark.timeout(60)
def test_the_sdk_fetches_pictures_and_uploads_them_again(sandbox: Sandbox) -> None:
    client = sandbox.client
    environment = {
        **os.environ,
        "DINGTALK_OPENAPI_ENDPOINT": sandbox.url,
        "CLIENT_ID": sandbox.client_id,
        "CLIENT_SECRET": sandbox.client_secret,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    with Child(
        [sys.executable, "-c", SDK],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as program:
        try:
            client.wait_connections(1, timeout=30)
            [media_id] = answer_of_the_sdk(sandbox, client.say_picture(group=TEAM))
            assert client.media(media_id) == PICTURE
            other = PICTURE + b"other"
            ids = answer_of_the_sdk(sandbox, client.say_rich("look: ", PICTURE, " and ", other))
            assert [client.media(each) for each in ids] == [PICTURE, other]
            assert {(each.type, each.file_name) for each in client.uploads()} == {
                ("image", "image.png")
            }
            fields = [
                answer_of_the_sdk(sandbox, said)
                for said in (
                    client.say_file("报告.pdf", b"%PDF-", user="lisi"),
                    client.say_voice(b"#!AMR", "你好"),
                    client.say_video(b"video"),
                )
            ]
        finally:
            program.kill()
    assert fields == [
        ["downloadCode", "fileId", "fileName", "spaceId"],
        ["downloadCode", "duration", "recognition"],
        ["downloadCode", "duration", "videoType"],
    ]


# --- memory ---------------------------------------------------------------------------------------

CHILD = """
import resource, sys
from dingbridge.core.dingtalk import media, request_bodies, responses
from dingbridge.edges.dingtalk.http import Http, Upload
from dingbridge.edges.storage.media_folder import MediaFolder
from pathlib import Path

url, app, secret, path = sys.argv[1:]

def peak():
    # On Linux ru_maxrss begins with what the starting process had; VmHWM is this program's own.
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [each for each in status.read_text().splitlines() if each.startswith("VmHWM")]
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

http = Http()
body = request_bodies.token_body(app, secret)
token = responses.read_token(http.post(url + "/v1.0/oauth2/accessToken", body)).value
before = peak()
folder = MediaFolder(Path(path).parent / "media")
outgoing = folder.open_outgoing(Path(path))
parcel = media.parcel(Path(path).name, outgoing.size)
if parcel.zipped:
    outgoing = folder.zipped(outgoing, parcel.inside)
media.check_size(parcel, outgoing.size)
answer = http.upload(media.upload_url(url, token, parcel.upload), Upload(outgoing, parcel))
print(media.read_upload(answer), before, peak())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell the peak this way")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", ["large.pdf", "large.bin"])
def test_twenty_megabytes_are_sent_without_being_held_in_memory(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    data = os.urandom(20 * MEGABYTE - 100_000)
    path = tmp_path / name
    path.write_bytes(data)
    given = [sandbox.url, sandbox.client_id, sandbox.client_secret, str(path)]
    done = run(
        [sys.executable, "-c", CHILD, *given],
        env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        text=True,
        seconds=50,
    )
    assert done.returncode == 0, done.stderr
    media_id, before, after = done.stdout.split()
    assert int(after) < 100 * MEGABYTE
    assert int(after) - int(before) < 8 * MEGABYTE
    arrived = sandbox.client.media(media_id)
    assert name.endswith(".bin") or arrived == data
    assert len(arrived) >= len(data)
