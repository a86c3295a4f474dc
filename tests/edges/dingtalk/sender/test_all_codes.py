"""DingTalk's codes, which the sandbox answers to the real sender, are shown with what helps."""

from __future__ import annotations

import pytest

from dingbridge.core.dingtalk import error_codes
from dingbridge.core.dingtalk.error_codes import RULES, CodeRule
from dingbridge.core.errors import FreshToken, Retryable, RetryAfter
from dingbridge.core.messages import Target
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox
from tests.support.message_sender import ROBOT, SINGLE, RunningSender
from tests.unit.dingtalk.test_error_codes import DOCUMENTED, SECURITY, WORDS

CASES = [
    *((code, "") for codes in DOCUMENTED.values() for code in codes.split()),
    *(("310000", text) for text in SECURITY),
    *(("987654", text) for text in WORDS),
]
"""Codes of the protocol, each with the words that come with it."""


def rule_of(code: str, text: str) -> CodeRule:
    rule = error_codes.find(code, text)
    assert rule is not None
    return rule


def fault(rule: CodeRule, code: str, text: str) -> Fault:
    """The answer with this code, as often as the sender asks."""
    path = ROBOT if rule.about == "webhook" else SINGLE
    if code.lstrip("-").isdigit():
        return Fault.errcode(path, int(code), text or code, times=None)
    return Fault.http(path, 400, code, times=None)


def test_there_is_a_case_for_every_rule() -> None:
    reached = {id(rule_of(code, text)) for code, text in CASES}
    assert [rule for rule in RULES if id(rule) not in reached] == []


@pytest.mark.parametrize(("code", "text"), CASES)
def test_a_code_that_dingtalk_answers_is_told_with_its_sentence_and_what_helps(
    sending: RunningSender, sandbox: Sandbox, code: str, text: str
) -> None:
    rule = rule_of(code, text)
    sandbox.client.fault(fault(rule, code, text))
    target = Target() if rule.about == "webhook" else Target(user_id="zhangsan")
    message = sending.put("hi", target)
    is_passing = rule.error in (Retryable, RetryAfter, FreshToken)
    if is_passing:
        reason = sending.until_retrying(message).reason
    else:
        reason = getattr(sending.until_end(message), "reason", "")
    assert rule.sentence.rstrip(".") in reason
    assert rule.fix.rstrip(".") in reason or is_passing
    assert rule.remedy
