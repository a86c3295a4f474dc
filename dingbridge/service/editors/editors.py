"""All attached editors: what they share, and when the service ends."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from dingbridge import __version__
from dingbridge.core.catalogue import service as say
from dingbridge.core.doctor.service_facts import EditorFacts, ServiceFacts
from dingbridge.core.timeouts import LEAVE_WITHIN, LINGER, SENDS_WITHIN, STOP_WITHIN
from dingbridge.edges.dingtalk.openapi import AccessTokens
from dingbridge.edges.storage import installed_code
from dingbridge.edges.storage.robot_files import files_in
from dingbridge.edges.storage.unread_file import UnreadFile
from dingbridge.edges.storage.worker import Worker
from dingbridge.protocol import updates
from dingbridge.protocol.command_queue import Post
from dingbridge.protocol.frames import (
    VERSION,
    Attach,
    Ends,
    EndService,
    FromService,
    Unfit,
    Updates,
    decode_from_host,
    encode,
)
from dingbridge.protocol.shell_frames import FromShell
from dingbridge.service import adapters, periodic
from dingbridge.service.agents.data_folder import agents_of
from dingbridge.service.approvals.approvals import Approvals
from dingbridge.service.editors.attached_editor import AttachedEditor
from dingbridge.service.editors.command_values import CommandValues
from dingbridge.service.editors.shared import SharedServices
from dingbridge.service.files import file_errors
from dingbridge.service.files.media_downloads import MediaDownloads
from dingbridge.service.presence import Presence
from dingbridge.service.robots.robot_resources import RobotResources
from dingbridge.service.robots.robots import Robots
from dingbridge.service.service_log import ServiceLog
from dingbridge.service.sessions.store import SessionStore
from dingbridge.service.sessions.transcript_storage import TranscriptStorage
from dingbridge.service.sessions.unread_counts import UnreadCounts
from dingbridge.service.shell_requests import ShellRequests

log = logging.getLogger(__name__)

GIVES_WAY_EVERY = 0.5
"""Seconds between two checks whether anything is under way."""


class Peers(Protocol):
    """The connections to the editors, by number."""

    def send(self, peer: int, data: bytes) -> None:
        """Queue a frame for a peer; ignored if it has left."""
        ...

    def is_behind(self, peer: int) -> bool:
        """Whether a peer has unread frames."""
        ...


class Editors:
    """The attached editors, by the number of their connection. Service loop only.

    serving ──last editor left, no robot busy──────────▶ ended
       └──newer code attached──▶ giving way ──idle──▶ ended; an editor starts the newer service

    - `peers` sends frames to the editors.
    - `ended` is called when the service may exit.
    """

    def __init__(
        self,
        data: Path,
        log_folder: Path,
        peers: Peers,
        post: Post,
        ended: Callable[[], None],
    ) -> None:
        self._send = peers.send
        self._ended = ended
        self._began = datetime.now()
        self._code = installed_code.newest()
        self._is_replaced = False
        self._is_ending = False
        self._connected: set[int] = set()
        self._attached: dict[int, AttachedEditor] = {}
        self._log = ServiceLog(log_folder, self._show_problem)
        self._disk = Worker(post, self._file_trouble, self._disk_refuses)
        self._disk.start()
        self._files_thread = Worker(post, self._file_trouble)
        self._files_thread.start()
        files = files_in(data, self._disk)
        tokens, runtime = AccessTokens(), adapters.SystemRuntime()
        approvals = Approvals(runtime, periodic.later(post))
        resources = RobotResources(data, files, tokens, runtime, post, approvals)
        self._robots = Robots(resources, self.end_if_alone)
        self._shell = ShellRequests(self._robots, self._facts, self._send_bytes)
        self._media = MediaDownloads(data, tokens, post)
        unread = UnreadCounts(UnreadFile(files).keep)
        store = SessionStore(TranscriptStorage(files), runtime, post, unread)
        self._agents = agents_of(resources, self._disk, store, adapters.run_agents)
        self._shared = SharedServices(
            data=data,
            files=files,
            store=store,
            robots=self._robots,
            approvals=approvals,
            presence=Presence(),
            agents=self._agents,
            command_values=CommandValues(post),
            media=self._media,
            files_thread=self._files_thread,
            spooled=set(),
            runtime=runtime,
            post=post,
            is_behind=peers.is_behind,
            describe=self._describe,
            end=self._end,
            log_secrets=self._log.configure,
        )

    # --- connections ------------------------------------------------------------------------------

    def joined(self, number: int) -> None:
        """A peer has connected and knows the secret."""
        self._connected.add(number)

    def heard(self, number: int, data: bytes) -> None:
        """Handle a frame from a host or from the shell command."""
        if self._is_ending:
            return
        try:
            frame = decode_from_host(data)
        except ValueError:
            log.warning("an editor said something that cannot be read")
            return
        found = self._attached.get(number)
        if found is not None:
            found.hear(frame)
        elif isinstance(frame, Attach) and frame.version == VERSION:
            self._attach(number, frame)
        elif isinstance(frame, FromShell) and frame.version == VERSION:
            self._shell.hear(number, frame)
        elif isinstance(frame, Attach | FromShell):
            self._send(number, encode(Unfit(VERSION)))
        elif isinstance(frame, EndService):
            # Accepted from any version: a newer host has to end an older service.
            self._end(frame.again)

    def _attach(self, number: int, frame: Attach) -> None:
        log.info("Neovim process %d has attached", frame.pid)
        if frame.has_screen:
            self._robots.linger = LINGER
        if frame.code > self._code and not self._is_replaced:
            self._is_replaced = True
            log.info("the code of Neovim process %d is newer than ours", frame.pid)
            self._give_way()
        editor = AttachedEditor(
            number,
            frame,
            self._shared,
            lambda said: self._send_frame(number, said),
            lambda: self._gone(number),
        )
        self._attached[number] = editor
        editor.start()

    def left(self, number: int, reason: str) -> None:
        """A peer has disconnected."""
        self._connected.discard(number)
        self._shell.left(number)
        editor = self._attached.get(number)
        if editor is not None:
            log.info("an editor has gone: %s", reason)
            editor.leave()
        self.end_if_alone()

    def _gone(self, number: int) -> None:
        """An editor's departure is complete."""
        self._attached.pop(number, None)
        self._log.left(number)
        self.end_if_alone()

    def end_if_alone(self) -> None:
        """End the service if no editor and no robot is left, after the disk's queue or
        `SENDS_WITHIN`: a disk that refuses writes must not keep the service alive."""
        if self._is_alone:
            self._disk.settled(self._end_alone)
            asyncio.get_running_loop().call_later(SENDS_WITHIN, self._end_alone)

    @property
    def _is_alone(self) -> bool:
        return not self._connected and not self._attached and self._robots.is_empty

    def _end_alone(self) -> None:
        if self._is_alone:
            self._ended()

    def _describe(self) -> str:
        count = sum(not editor.is_leaving for editor in self._attached.values())
        return say.SERVICE_ANSWERS(
            pid=os.getpid(), version=__version__, since=self._began, count=count
        )

    def _facts(self) -> ServiceFacts:
        return ServiceFacts(
            __version__,
            os.getpid(),
            self._began.timestamp(),
            self._code,
            self._shared.store.trouble,
            tuple(EditorFacts(one.pid, one.code) for one in self._attached.values()),
            self._robots.facts(),
        )

    def _end(self, again: bool) -> None:
        """End for all editors and ignore further frames. They start the next service at once if
        `again`, otherwise when they need it."""
        if self._is_ending:
            return
        self._is_ending = True
        for number in self._connected:
            editor = self._attached.get(number)
            if editor is not None:
                editor.screen.flush()
            self._send(number, encode(Ends(again)))
        self._ended()

    def _give_way(self) -> None:
        """End for newer code once nothing is under way."""
        is_working = any(editor.is_working for editor in self._attached.values())
        if is_working or self._robots.is_sending:
            asyncio.get_running_loop().call_later(GIVES_WAY_EVERY, self._give_way)
        else:
            self._end(again=True)

    def _send_frame(self, number: int, frame: FromService) -> None:
        self._send_bytes(number, encode(frame))

    def _send_bytes(self, number: int, data: bytes) -> None:
        if number in self._connected:
            self._send(number, data)

    def stop(self) -> Callable[[], None]:
        """Stop everything. Returns a function that waits for it, for another thread."""
        self._agents.end_turns()  # the editors and robots still take what is said of that
        for editor in list(self._attached.values()):
            editor.leave(at_once=True)
        self._robots.end_all()
        self._media.stop()

        def wait() -> None:
            self._agents.stop_all()
            self._robots.wait_until_ended(LEAVE_WITHIN)
            if not self._disk.finish(STOP_WITHIN):
                log.error("the disk was too slow: some of what came last is not written down")

        return wait

    # --- trouble with files -----------------------------------------------------------------------

    def _show_problem(self, number: int, problem: str) -> None:
        told = (updates.ShowNotice(problem, "warn"),)
        self._send_frame(number, Updates(msgspec.to_builtins(told)))

    def _file_trouble(self, error: Exception) -> None:
        if self._shared.store.trouble == file_errors.not_saved(error):
            # The status shows it already.
            return
        latest = max(self._attached.values(), key=lambda one: one.active_at, default=None)
        if latest is not None:
            latest.errors.file_trouble(error)

    def _disk_refuses(self, error: Exception | None) -> None:
        self._shared.store.refused(file_errors.not_saved(error) if error is not None else "")
        for editor in list(self._attached.values()):
            editor.disk_changed()
