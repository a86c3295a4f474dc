"""Forged ids give no access to a session."""

from __future__ import annotations

from typing import Any

from dingbridge.sandbox.server import Sandbox
from dingbridge.sandbox.settings import TEAM
from tests.support.editor import Editor


def test_forged_ids_stay_out_of_a_session_and_the_listed_person_comes_in(
    bound: Editor, sandbox: Sandbox
) -> None:
    forged: list[dict[str, Any]] = [
        {"senderStaffId": " zhangsan"},
        {"senderStaffId": "zhangsan\u3000"},
        {"senderStaffId": None, "senderId": "zhangsan"},
        {"senderCorpId": "dingOTHERcorp"},
    ]
    for number, extra in enumerate(forged):
        sandbox.client.say(f"forged {number}", extra=extra)
        sandbox.client.say(f"forged in a group {number}", group=TEAM, extra=extra)
    sandbox.client.say("honest")
    bound.until(lambda: [row["text"] for row in bound.transcript()] == ["honest"])
