"""Checks that a test of a sandbox rule contains a call that the rule refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dingbridge.sandbox.rules import GROUPS
from dingbridge.sandbox.rules.rule import ApiRule, OapiRule, Rule

REFUSING = {
    rule.test: rule
    for rules in GROUPS.values()
    for rule in rules
    if isinstance(rule, ApiRule | OapiRule)
}
"""The rules that refuse calls, by the name of the test that shows each."""


@pytest.fixture(autouse=True)
def _shows_its_rule(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Fail a test named after such a rule if the rule refuses nothing in it."""
    rule = REFUSING.get(getattr(request.node, "originalname", ""))
    if rule is None:
        yield
        return
    refused: list[Rule] = []
    refusal = type(rule).refusal

    def noted(self: Any, *given: Any, **named: Any) -> Any:
        refused.append(self)
        return refusal(self, *given, **named)

    monkeypatch.setattr(type(rule), "refusal", noted)
    yield
    assert any(each is rule for each in refused), f"nothing is refused: {rule.says}"
