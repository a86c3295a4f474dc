"""Files to and from DingTalk: their form, their limits, their calls (doc/dingtalk.md §6).

Sending takes two steps: upload a file, which returns a media id, then send the id. Receiving takes
three: a message has a download code, a call returns a URL for it, and the URL returns the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal
from urllib.parse import quote

from msgspec import Struct

from dingbridge.core import json_wire
from dingbridge.core.catalogue import files as say
from dingbridge.core.dingtalk import response_errors, responses
from dingbridge.core.dingtalk.file_names import ending, safe_name
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.errors import DeliveryError, Refused
from dingbridge.core.options.urls import DINGTALK_DOMAINS, read_address

MEGABYTE: Final = 1024 * 1024

UPLOAD_BYTES: Final = 20 * MEGABYTE
"""Largest picture and largest file that can be uploaded (§6). An older text names 1 MB for pictures
and 10 MB for files; if that holds, the upload is refused."""

ZIPPED_BYTES: Final = 200 * MEGABYTE
"""Largest file that we zip to make it small enough; ours."""

UPLOAD_WITHIN: Final = 600.0
"""Seconds for one upload; ours. 20 MB then need 35 KB a second."""

DOWNLOAD_WITHIN: Final = 300.0
"""Seconds for one download; ours. Its URL expires anyway (§6)."""

PROGRESS_WITHIN: Final = 30.0
"""Seconds in which `PROGRESS_BYTES` of a download must arrive; ours. Later messages of the
conversation wait for it."""

PROGRESS_BYTES: Final = 64 * 1024
"""Bytes of a download that must arrive in `PROGRESS_WITHIN`."""

PICTURES: Final = ("png", "jpg", "jpeg", "gif", "bmp")
"""File extensions that can be uploaded as a picture (§6)."""

FILES: Final = ("xlsx", "pdf", "zip", "rar", "doc", "docx")
"""File extensions that can be uploaded and sent as a file (§6 and §3)."""

FILE_DOMAINS: Final = (*DINGTALK_DOMAINS, "aliyuncs.com")
"""Domains of the platform's files: its own, and Alibaba's object storage."""

_MEDIA_ID: Final = re.compile(r"[!-'*-;=?-~]{1,512}")
_TYPE_REFUSED: Final = ("40004", "40005")
_SIZE_REFUSED: Final = "40006"

_SIGNATURES: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png"),
    (re.compile(rb"\xff\xd8\xff"), "jpg"),
    (re.compile(rb"GIF8[79]a"), "gif"),
    (re.compile(rb"BM.{12}", re.DOTALL), "bmp"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "webp"),
    (re.compile(rb"RIFF.{4}WAVE", re.DOTALL), "wav"),
    (re.compile(rb"#!AMR"), "amr"),
    (re.compile(rb"OggS"), "ogg"),
    (re.compile(rb"ID3|\xff[\xfb\xf3\xf2]"), "mp3"),
    (re.compile(rb".{4}ftypqt", re.DOTALL), "mov"),
    (re.compile(rb".{4}ftyp", re.DOTALL), "mp4"),
    (re.compile(rb"%PDF-"), "pdf"),
)

_LIKELY: Final = {"picture": "png", "audio": "amr", "video": "mp4", "file": "file"}


class OutgoingMedia(Struct, frozen=True):
    """The form in which a user's file is sent.

    - `upload`: the type of the upload
    - `name`: is shown; its extension matches the content
    - `zipped`: the file must be zipped first, under the name `inside`
    """

    upload: Literal["image", "file"]
    name: str
    zipped: bool = False
    inside: str = ""

    @property
    def file_type(self) -> str:
        """The extension, for `sampleFile` and the upload."""
        return ending(self.name)


# --- out ----------------------------------------------------------------------------------------


def parcel(file_name: str, size: int) -> OutgoingMedia:
    """The form for a file of `size` bytes. Raises `Refused` if it is too large or empty.

    Pictures are sent as pictures, types that DingTalk lists as files, and all others in a zip,
    whose size is checked later with `check_size`.
    """
    name = safe_name(file_name)
    if size <= 0:
        raise Refused(say.EMPTY(name=name))
    if ending(name) in PICTURES:
        chosen = OutgoingMedia("image", name)
    elif ending(name) in FILES:
        chosen = OutgoingMedia("file", name)
    else:
        chosen = _in_a_zip(name)
    if not chosen.zipped:
        check_size(chosen, size)
    elif size > ZIPPED_BYTES:
        raise Refused(
            say.TOO_LARGE_TO_ZIP(
                name=name, size=amount(size), zipped=amount(ZIPPED_BYTES), most=amount(UPLOAD_BYTES)
            ),
            fix=say.SEND_LINK(),
        )
    return chosen


def check_size(sent: OutgoingMedia, size: int) -> None:
    """Return if `size` bytes (of the zip, if there is one) may be uploaded; else raise
    `Refused`.
    """
    if size > UPLOAD_BYTES:
        as_picture = say.PICTURE_TOO_LARGE if sent.upload == "image" else say.FILE_TOO_LARGE
        too_large = say.ZIP_TOO_LARGE if sent.zipped else as_picture
        name, most = sent.inside or sent.name, amount(UPLOAD_BYTES)
        words = too_large(name=name, size=amount(size), most=most)
        raise Refused(words, fix=say.SEND_LINK())


def instead(sent: OutgoingMedia, error: DeliveryError) -> OutgoingMedia | None:
    """Another form for a file whose upload was refused for its type or size; None without one.

    A picture that DingTalk does not accept as such is sent in a zip.
    """
    refused = error.code in (*_TYPE_REFUSED, _SIZE_REFUSED)
    if sent.zipped or not refused or (sent.upload == "file" and error.code == _SIZE_REFUSED):
        return None
    # Zipping a zip again does not help.
    return None if sent.file_type == "zip" else _in_a_zip(sent.name)


def about(error: DeliveryError, sent: OutgoingMedia, size: int) -> DeliveryError:
    """A refused upload in words about the user's file; any other error unchanged."""
    if error.code == _SIZE_REFUSED:
        refused = say.MORE_THAN_TAKEN
    elif error.code in _TYPE_REFUSED:
        refused = say.TYPE_NOT_TAKEN
    else:
        return error
    name, reference = sent.inside or sent.name, error.request_id
    words = refused(name=name, size=amount(size), said=error.message)
    return Refused(words, code=error.code, fix=say.SEND_LINK(), request_id=reference)


def webhook_refusal(file_name: str) -> Refused:
    """Why a custom robot cannot send this file (§1): no app, so no upload."""
    return Refused(
        say.NOT_BY_WEBHOOK(name=safe_name(file_name)),
        fix=say.SET_APP_KEY(),
    )


def upload_url(oapi: str, token: str, upload: str) -> str:
    """The URL of an upload. It contains the access token, a secret. `oapi` is the endpoint."""
    return f"{oapi}/media/upload?access_token={quote(token, safe='')}&type={quote(upload)}"


def read_upload(answer: HttpAnswer) -> str:
    """The media id in the answer to an upload (§6); raises a `DeliveryError`.

    An upload has no visible effect, so every error may be retried.
    """
    media_id = responses.read_fields(answer, _Uploaded).media_id
    if not _MEDIA_ID.fullmatch(media_id):
        raise response_errors.unreadable(answer, say.NO_MEDIA_ID())
    return media_id


def markdown_picture(media_id: str, label: str = "picture") -> str:
    """An uploaded picture in Markdown, which every route but a custom robot accepts."""
    shown = re.sub(r"[\[\]()!\\`*_<>\s]+", " ", label).strip()
    return f"![{shown}]({media_id})"


def _in_a_zip(name: str) -> OutgoingMedia:
    return OutgoingMedia("file", f"{name}.zip", zipped=True, inside=name)


class _Uploaded(Struct):
    media_id: str = ""


# --- in -----------------------------------------------------------------------------------------


def download_body(robot_code: str, download_code: str) -> bytes:
    """The body of the request for an attachment's URL (§6)."""
    return json_wire.encode({"downloadCode": download_code, "robotCode": robot_code})


def read_download(answer: HttpAnswer, endpoints: Sequence[str]) -> str:
    """The URL of an attachment, a secret that expires; raises a `DeliveryError`.

    Only https to a host of DingTalk's, or the origin of one of `endpoints`, is accepted; plain http
    to a host of DingTalk's, which the platform still returns, becomes https.
    """
    given = responses.read_fields(answer, _Located).downloadUrl
    if not given:
        raise response_errors.unreadable(answer, say.NO_DOWNLOAD_URL())
    url = trusted(given, endpoints)
    if url is None:
        raise Refused(say.FOREIGN_ADDRESS())
    return url


def trusted(url: str, endpoints: Sequence[str]) -> str | None:
    """`url` in the form that may be fetched, or None.

    No other party can answer there: foreign and local servers have no certificate for these hosts,
    and the user chose the endpoints.
    """
    address = read_address(url)
    if address is None or address.user is not None or address.fragment:
        return None
    for endpoint in endpoints:
        known = read_address(endpoint)
        if known is not None and known.origin == address.origin:
            return url
    if (address.scheme, address.port) not in (("https", 443), ("http", 80)):
        return None
    if not address.is_under(FILE_DOMAINS):
        return None
    return f"https://{address.host}{address.path}{address.query}"


def kept_name(kind: str, file_name: str, start: bytes) -> str:
    """The name under which an attachment is stored. `start` is the first bytes of its content.

    Files keep the sender's name, made safe; others have none and get the extension of their type.
    """
    found = next((end for sign, end in _SIGNATURES if sign.match(start)), _LIKELY.get(kind, "file"))
    fallback = "file" if kind == "file" else f"{kind}.{found}"
    return safe_name(file_name, fallback) if kind == "file" and file_name else fallback


class _Located(Struct):
    downloadUrl: str = ""


def amount(size: int) -> str:
    """A number of bytes in words: `640 bytes`, `12 KB`, `20 MB`, `20.1 MB`."""
    if size < 1024:
        return f"{size} bytes"
    if size < MEGABYTE:
        return f"{round(size / 1024)} KB"
    # Rounded up: a file that is barely too large must not appear to have the limit's size.
    tenths = -(-size * 10 // MEGABYTE)
    return f"{tenths // 10} MB" if tenths % 10 == 0 else f"{tenths / 10:.1f} MB"
