"""The service's end of files that travel, with the folder and the thread that are used."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dingbridge.core.errors import BridgeError
from dingbridge.core.user_file import UserFile
from dingbridge.edges.storage.outgoing_folder import OutgoingFolder
from dingbridge.edges.storage.worker import Worker
from dingbridge.protocol.frames import PIECE_BYTES, FilePiece, PieceTaken
from dingbridge.service.files.transfers import Transfers

pytestmark = pytest.mark.environment

FILE = UserFile(7, "/home/me/a.pdf", "send")


class Made:
    """Transfers of one editor, whose loop is here."""

    def __init__(self, folder: Path) -> None:
        self.calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.folder = OutgoingFolder(folder)
        self.thread = Worker(self.calls.put, lambda error: pytest.fail(str(error)))
        self.thread.start()
        self.said: list[FilePiece | PieceTaken] = []
        self.transfers = Transfers(self.folder, self.thread, self.said.append)
        self.came: list[Path] = []
        self.failures: list[str] = []

    def receive(self, name: str = "m1") -> None:
        self.transfers.receive(FILE, name, self.came.append, self.failed)

    def failed(self, error: BridgeError) -> None:
        self.failures.append(str(error))

    def hear(self, *said: FilePiece | PieceTaken) -> None:
        """Hear them, and do what follows."""
        for frame in said:
            self.transfers.heard(frame)
            self.settle()

    def settle(self) -> None:
        self.thread.do(lambda: None, lambda _: None)
        while self.thread.wait(lambda: self.calls.empty()) is False:
            self.calls.get()()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    made = Made(tmp_path / "media" / "outgoing")
    yield made
    made.thread.finish(5)


def test_a_file_that_comes_in_pieces_is_whole_in_the_end(made: Made) -> None:
    made.receive()
    made.hear(FilePiece(7, b"one, "), FilePiece(7, b"two, "), FilePiece(7, b"three", True))
    assert made.said == [PieceTaken(7), PieceTaken(7), PieceTaken(7, is_over=True)]
    assert [path.read_bytes() for path in made.came] == [b"one, two, three"]


def test_nothing_of_a_file_that_nobody_wants_is_taken(made: Made) -> None:
    made.hear(FilePiece(7, b"one"))
    assert made.said == [PieceTaken(7, is_over=True)]


def test_why_a_file_cannot_be_read_is_told_and_nothing_stays(made: Made, tmp_path: Path) -> None:
    made.receive()
    made.hear(FilePiece(7, b"one"), FilePiece(7, b"", True, "it is gone"))
    assert made.failures == ["it is gone"]
    assert list((tmp_path / "media" / "outgoing").iterdir()) == []


def test_a_file_that_an_earlier_service_had_whole_is_not_taken_again(made: Made) -> None:
    copy = made.folder.put("m1", "a.pdf", b"as it was")
    made.receive()
    made.hear(FilePiece(7, b"", True, "it is gone meanwhile"))
    assert made.came == [copy]
    assert copy.read_bytes() == b"as it was"
    assert made.said == [PieceTaken(7, is_over=True)]
    assert made.failures == []


def test_of_a_file_whose_editor_is_gone_nothing_stays(made: Made, tmp_path: Path) -> None:
    made.receive()
    made.hear(FilePiece(7, b"one"))
    made.transfers.stop()
    made.settle()
    assert list((tmp_path / "media" / "outgoing").iterdir()) == []
    made.hear(FilePiece(7, b"two", True))
    assert (made.came, made.failures) == ([], [])


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("in the way")
    made = Made(tmp_path / "media" / "outgoing")
    made.receive()
    made.hear(FilePiece(7, b"one", True))
    assert "cannot be kept for sending" in made.failures[0]
    assert made.said == [PieceTaken(7, is_over=True)]
    made.thread.finish(5)


@settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.integers(0, 3 * PIECE_BYTES + 1))
def test_what_the_host_is_to_write_goes_in_pieces_one_at_a_time(made: Made, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    made.said.clear()
    made.transfers.give(FILE, data)
    for _ in range(size // PIECE_BYTES + 2):
        made.hear(PieceTaken(7))
    pieces = [frame for frame in made.said if isinstance(frame, FilePiece)]
    assert b"".join(piece.data for piece in pieces) == data
    assert all(len(piece.data) <= PIECE_BYTES for piece in pieces)
    assert [piece.is_last for piece in pieces] == [False] * (len(pieces) - 1) + [True]


def test_what_the_host_cannot_write_is_not_sent_any_further(made: Made) -> None:
    made.transfers.give(FILE, bytes(3 * PIECE_BYTES))
    made.hear(PieceTaken(7, is_over=True), PieceTaken(7))
    assert len(made.said) == 1
