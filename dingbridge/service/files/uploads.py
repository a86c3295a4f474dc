"""Outgoing files: copied when the user sends them, uploaded when their message is sent."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from dingbridge.core.catalogue import files as say
from dingbridge.core.delivery.requests import UploadedFile
from dingbridge.core.delivery.routing import Route
from dingbridge.core.dingtalk import media
from dingbridge.core.dingtalk.file_names import ending
from dingbridge.core.dingtalk.media import OutgoingMedia
from dingbridge.core.errors import BridgeError, DeliveryError, Refused
from dingbridge.core.messages import Outbound
from dingbridge.core.options.declarations import Options
from dingbridge.core.user_file import UserFile
from dingbridge.edges import picture
from dingbridge.edges.storage.media_folder import OutgoingFile
from dingbridge.edges.storage.outgoing_folder import OutgoingFolder
from dingbridge.edges.storage.worker import Worker
from dingbridge.service.files.file_ports import Packed
from dingbridge.service.files.transfers import Transfers

if TYPE_CHECKING:
    from dingbridge.edges.dingtalk.http import Http

log = logging.getLogger(__name__)

TELL_EVERY = 1.0
"""Seconds between two progress reports, unless the upload has advanced by `TELL_STEP`."""

TELL_STEP = 5
"""Percent of the file."""


class Uploads:
    """Prepares files for sending. Service loop only; `thread` draws pictures."""

    def __init__(self, folder: OutgoingFolder, thread: Worker, transfers: Transfers) -> None:
        self._folder = folder
        self._thread = thread
        self._transfers = transfers

    def pack(
        self,
        message: str,
        file: UserFile,
        then: Callable[[Packed], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Copy a user's file for a message."""

        def arrived(path: Path) -> None:
            then(Packed(str(path), file.name, file.path))

        self._transfers.receive(file, message, arrived, failed)

    def draw(
        self,
        message: str,
        name: str,
        code: str,
        filetype: str,
        first_line: int,
        then: Callable[[Packed], None],
        failed: Callable[[BridgeError], None],
    ) -> None:
        """Render code as a picture called `name`."""

        def work() -> Packed | BridgeError:
            try:
                drawn = picture.render(code, filetype, first_line, name.removesuffix(".png"))
                shown = self._folder.keep(message, name, drawn.data)
                leaves = self._folder.put(message, name, drawn.data)
            except BridgeError as error:
                return error
            except OSError as cause:
                return BridgeError(say.NOT_KEPT(reason=cause.strerror or type(cause).__name__))
            return Packed(str(leaves), name, str(shown), drawn.note)

        def packed(outcome: Packed | BridgeError) -> None:
            if isinstance(outcome, BridgeError):
                failed(outcome)
            else:
                then(outcome)

        self._thread.do(work, packed)


class FileUploader:
    """Uploads files, one at a time. For the sender's thread."""

    def __init__(self, folder: OutgoingFolder) -> None:
        self._folder = folder
        self._http: tuple[str, Http] | None = None
        self._done: tuple[tuple[str, str], UploadedFile] | None = None
        self._instead: tuple[str, OutgoingMedia] | None = None

    def bring(
        self,
        options: Options,
        outbound: Outbound,
        route: Route,
        token: Callable[[], str],
        progress: Callable[[str], None],
        stopped: Callable[[], bool],
    ) -> UploadedFile:
        """Upload the message's file. A retry for the same robot reuses the earlier upload.

        `token` returns the access token, `progress` gets the state in words, and `stopped` tells
        whether to stop. Raises `DeliveryError`.
        """
        key = (outbound.id, options.app_key)
        if self._done is not None and self._done[0] == key:
            return self._done[1]
        job = _UploadJob(options, outbound, route, token, progress, stopped)
        _need_way(job)
        try:
            uploaded = self._uploaded(job)
        except OSError as cause:
            reason = cause.strerror or type(cause).__name__
            raise Refused(say.CANNOT_BE_SENT(name=outbound.file_name, reason=reason)) from cause
        self._done = (key, uploaded)
        return uploaded

    def _uploaded(self, job: _UploadJob) -> UploadedFile:
        outbound = job.outbound
        path = Path(outbound.file)
        if not outbound.file:
            path = self._folder.put(outbound.id, outbound.file_name, outbound.text.encode())
        with self._folder.open(path) as source:
            way = self._way(outbound, source.size)
            try:
                return UploadedFile(way, self._send(job, way, source))
            except DeliveryError as error:
                other = media.instead(way, error) if job.route is not Route.SESSION else None
                if other is None:
                    raise media.about(error, way, source.size) from error
                log.info("message %s goes in a zip: %s %s", outbound.id, error.code, error.message)
            self._instead = (outbound.id, other)
            source.file.seek(0)
            try:
                return UploadedFile(other, self._send(job, other, source))
            except DeliveryError as error:
                raise media.about(error, other, source.size) from error

    def _way(self, outbound: Outbound, size: int) -> OutgoingMedia:
        if self._instead is not None and self._instead[0] == outbound.id:
            return self._instead[1]
        return media.parcel(outbound.file_name, size)

    def _send(self, job: _UploadJob, way: OutgoingMedia, source: OutgoingFile) -> str:
        """Upload the file in this form, zipped if it says so. Returns the media id."""
        if not way.zipped:
            return self._upload(job, way, source)
        zipped = self._folder.zipped(source, way, job.stopped)
        try:
            media.check_size(way, zipped.size)
            return self._upload(job, way, zipped)
        finally:
            self._folder.discard(zipped)

    def _upload(self, job: _UploadJob, way: OutgoingMedia, source: OutgoingFile) -> str:
        # Imported late: most services never upload anything.
        from dingbridge.edges.dingtalk.http import Http, Upload

        options = job.options
        stop = threading.Event()
        told_at, told = time.monotonic(), 0

        def progress(sent: int, size: int) -> None:
            nonlocal told_at, told
            if job.stopped():
                stop.set()
            percent, now = sent * 100 // size, time.monotonic()
            if percent >= told + TELL_STEP or (percent > told and now >= told_at + TELL_EVERY):
                told_at, told = now, percent
                job.progress(f"{percent} % uploaded")

        url = media.upload_url(options.endpoint_oapi, job.token(), way.upload)
        form = Upload(source, way, progress=progress, stop=stop)
        if self._http is None or self._http[0] != options.proxy:
            self._http = (options.proxy, Http(options.proxy))
        media_id = media.read_upload(self._http[1].upload(url, form))
        log.info("message %s: %s uploaded", job.outbound.id, media.amount(source.size))
        return media_id


class _UploadJob(Struct, frozen=True):
    """One file to upload; see `FileUploader.bring`."""

    options: Options
    outbound: Outbound
    route: Route
    token: Callable[[], str]
    progress: Callable[[str], None]
    stopped: Callable[[], bool]


def _need_way(job: _UploadJob) -> None:
    """Raise `Refused` if the route cannot carry such a file."""
    name = job.outbound.file_name
    if job.route is Route.WEBHOOK:
        raise media.webhook_refusal(name)
    if job.route is Route.SESSION and ending(name) not in media.PICTURES:
        raise Refused(
            say.NOT_OUTSIDE(name=name),
            fix=say.PUT_WHERE_THEY_CAN(),
        )
