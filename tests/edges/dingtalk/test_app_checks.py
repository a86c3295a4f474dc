"""What is asked about an app, and what DingTalk's answers mean."""

from __future__ import annotations

from typing import Any

import pytest

from dingbridge.core.dingtalk.permissions import CARDS, SEND
from dingbridge.core.doctor import platform_findings
from dingbridge.core.doctor.finding import HealthFinding
from dingbridge.core.options.settings import read
from dingbridge.edges.dingtalk.app_checks import AppChecks
from dingbridge.sandbox.faults import Fault
from dingbridge.sandbox.server import Sandbox


def checks(sandbox: Sandbox, **changes: Any) -> AppChecks:
    options = {**sandbox.settings(), "webhook": "", **changes}
    return AppChecks(read({key: value for key, value in options.items() if value}, {}), 5)


def findings(sandbox: Sandbox, **changes: Any) -> list[HealthFinding]:
    with checks(sandbox, **changes) as asked:
        facts = asked.facts(is_linked=False)
        return [
            *platform_findings.way(asked.proxy(), asked.reached()),
            *platform_findings.app(facts),
        ]


def of(found: list[HealthFinding], subject: str) -> list[HealthFinding]:
    return [one for one in found if one.subject == subject]


def test_an_app_that_is_set_up_well_has_no_complaint(sandbox: Sandbox) -> None:
    found = findings(sandbox)
    assert {one.state for one in found} <= {"ok", "info"}
    assert [one.sentence for one in of(found, "Permissions")] == [
        "qyapi_robot_sendmsg is granted (messages by OpenAPI)",
        "Card.Instance.Write is granted (cards that ask for an approval)",
    ]


def test_nothing_of_the_checks_is_seen_in_dingtalk(sandbox: Sandbox) -> None:
    findings(sandbox)
    assert list(sandbox.client.arrived()) == []
    assert sandbox.client.connections().total == 0


def test_wrong_credentials_are_told_and_nothing_more_is_asked(sandbox: Sandbox) -> None:
    found = findings(sandbox, app_secret="wrong")
    [token] = of(found, "Access token")
    assert token.state == "error"
    assert "app_secret" in token.fixes[0]
    assert {one.state for one in of(found, "Stream Mode") + of(found, "Permissions")} == {"unknown"}


@pytest.mark.parametrize(("scope", "state"), [(SEND, "error"), (CARDS, "warn")])
def test_a_lacking_permission_comes_with_the_page_that_grants_it(
    sandbox: Sandbox, scope: Any, state: str
) -> None:
    sandbox.client.configure(missing_scopes=(scope.name,))
    [lacking] = [one for one in of(findings(sandbox), "Permissions") if one.state != "ok"]
    assert (lacking.state, scope.name in lacking.sentence) == (state, True)
    assert lacking.fixes[0].endswith(f"content={sandbox.client_id}%23{scope.name}")


def test_an_answer_that_says_nothing_about_a_permission_leaves_it_unknown(sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.qps("/v1.0/card/instances"))
    assert [one.state for one in of(findings(sandbox), "Permissions")] == ["ok", "unknown"]


def test_a_foreign_robot_code_is_told(sandbox: Sandbox) -> None:
    [robot] = of(findings(sandbox, robot_code="dingnobody"), "Robot")
    assert robot.state == "error"
    assert "robot_code" in robot.fixes[0]


def test_an_app_that_is_not_in_stream_mode_is_told(sandbox: Sandbox) -> None:
    sandbox.client.fault(Fault.http("/v1.0/gateway/connections/open", 400, "invalid"))
    [stream] = of(findings(sandbox), "Stream Mode")
    assert stream.state == "error"
    assert "Stream Mode" in stream.fixes[0]


def test_a_clock_that_is_wrong_is_told_with_its_difference(sandbox: Sandbox) -> None:
    sandbox.client.advance(2 * 3600)
    [clock] = of(findings(sandbox), "Clock")
    assert clock.state == "error"
    assert clock.sentence.startswith(("it is 2 h 0 min behind", "it is 1 h 59 min behind"))


def test_a_clock_that_is_a_little_wrong_is_a_warning(sandbox: Sandbox) -> None:
    sandbox.client.advance(90)
    assert [one.state for one in of(findings(sandbox), "Clock")] == ["warn"]


def test_a_name_that_cannot_be_resolved_is_told_apart(sandbox: Sandbox) -> None:
    found = findings(sandbox, endpoint={"api": "https://no-such-host.invalid", "oapi": sandbox.url})
    [dns] = [one for one in of(found, "DNS") if one.state == "error"]
    assert "no-such-host.invalid" in dns.sentence
    assert "network" in dns.fixes[0]


def test_a_certificate_that_cannot_be_verified_is_told_apart(sandbox: Sandbox) -> None:
    # The sandbox speaks no TLS, which is what a gateway that signs by itself looks like from here.
    found = findings(
        sandbox, endpoint={"api": sandbox.url.replace("http:", "https:"), "oapi": sandbox.url}
    )
    assert "error" in [one.state for one in of(found, "TLS")]


def test_a_host_that_nobody_answers_at_is_told(sandbox: Sandbox) -> None:
    found = findings(sandbox, endpoint={"api": "http://127.0.0.1:1", "oapi": "http://127.0.0.1:1"})
    assert [one.state for one in of(found, "TLS")] == ["error"]
    assert [one.state for one in of(found, "Clock")] == ["unknown"]


def test_the_proxy_is_named_without_its_password(sandbox: Sandbox) -> None:
    found = findings(sandbox, proxy="http://me:pass-of-the-test@127.0.0.1:1")
    [proxy] = of(found, "Proxy")
    assert "http://127.0.0.1:1" in proxy.sentence
    assert "pass-of-the-test" not in repr(found)
