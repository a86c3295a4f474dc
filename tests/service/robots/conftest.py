"""Fixtures for the tests of what each robot has."""

from __future__ import annotations

import pytest

from dingbridge.service.robots.robot_requests import Bind
from tests.support.hub import OWN, RecordedRobot


@pytest.fixture
def robot() -> RecordedRobot:
    """A robot with two editors: the first with s1 bound, and another with s2, bound later."""
    made = RecordedRobot()
    made.join(OWN, "/one")
    made.join(1, "/two")
    made.ask(OWN, Bind("s1", "First", "/one"))
    made.time += 1
    made.ask(1, Bind("s2", "Second", "/two"))
    made.hub.settled()
    made.forget()
    return made
