"""A report for others has only what may be in it."""

from __future__ import annotations

import pytest

from dingbridge.core.doctor.bug_report import of_log, report, words_of
from dingbridge.core.doctor.finding import HealthFinding

KNOWN = words_of(
    [
        "message from staff id %s (%s), conversationId %s",
        "message %s failed: DingTalk refused the request with code {code} (HTTP {status}).",
        "robots.inbound_router",
        "DingTalk says: {words}",
    ]
)
TIME = "2026-11-30 10:00:00"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            f"{TIME},123 INFO dingbridge.robots.work: message from staff id manager01 (王小明),"
            " conversationId cidABC==",
            f"{TIME} INFO dingbridge.robots: message from staff id … (…), conversationId …",
        ),
        (
            f"{TIME},123 WARNING dingbridge.robots: message 0123456789abcdef failed: DingTalk"
            " refused the request with code 430104 (HTTP 200).",
            f"{TIME} WARNING dingbridge.robots: message 0123456789abcdef failed: DingTalk"
            " refused the request with code 430104 (HTTP 200).",
        ),
        (
            f"{TIME},123 ERROR dingbridge.robots: failed. DingTalk says: request from staff",
            f"{TIME} ERROR dingbridge.robots: failed. DingTalk says: …",
        ),
        (f"{TIME},123 DEBUG dingbridge.robots: its text: message from staff", ""),
        ("a line of a message that was broken", ""),
        (
            '  File "/home/wang/dingbridge/dingbridge/core/text.py", line 12, in clean',
            "  dingbridge/core/text.py:12 in clean",
        ),
        ("    secret = 'abc'", ""),
    ],
)
def test_a_line_of_the_log_keeps_our_own_words_alone(line: str, shown: str) -> None:
    assert of_log(line, KNOWN) == shown


def test_a_finding_has_its_public_sentence_and_private_words_are_masked() -> None:
    findings = [
        HealthFinding("Settings", "ok", "access: manager01", public="access: 1 people"),
        HealthFinding("Disk", "ok", "Data: `/home/wang/data`"),
    ]
    text = report(findings, [], KNOWN, {"/home/wang"})
    assert "access: 1 people" in text
    assert "manager01" not in text
    assert "Data: `***/data`" in text
