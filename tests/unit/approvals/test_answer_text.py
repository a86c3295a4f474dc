"""What people read of an answer is true for them."""

from __future__ import annotations

import pytest

from dingbridge.core.approvals import answer_text
from dingbridge.core.approvals.approval import Answerer, ApprovalRequest, ClosedApproval

REQUEST = ApprovalRequest(
    session="s", source="qwen", title="Edit a.py", kind="edit", robot="robot", asker="ann"
)


@pytest.mark.parametrize(
    ("by", "covered"),
    [
        (Answerer(), "every `edit` of its session"),
        (Answerer("robot", "boss", "Boss", is_admin=True), "every `edit` of its session"),
        (Answerer("robot", "ann", "Ann"), "every `edit` of Ann's own turns in its session"),
    ],
)
def test_the_editor_reads_what_always_covers(by: Answerer, covered: str) -> None:
    closed = ClosedApproval("K7QD", REQUEST, "always", 0.0, by)
    assert covered in answer_text.in_editor(closed)
