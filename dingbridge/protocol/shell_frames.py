"""The frames between the shell command and the service.

shell -> service   Notify
service -> shell   Told, until the message has its result; or NotServed

shell -> service   ReportAsked
service -> shell   ServiceReport

shell -> service   AwaitPing
service -> shell   PingStep, for each step that the ping takes; or NotServed
"""

from __future__ import annotations

from msgspec import Struct

from dingbridge.core.doctor.ping import PingStep
from dingbridge.core.doctor.service_facts import ServiceFacts
from dingbridge.core.messages import DeliveryReport, Outbound


class Notify(Struct, frozen=True, tag="notify"):
    """A message from the shell, which waits for the result.

    `robot` is the robot that sends it (`routing.notify_robot`). No attempt begins after `seconds`,
    or when the shell has disconnected. It may be repeated to a later service under the same id.
    """

    version: int
    robot: str
    outbound: Outbound
    seconds: float


class Told(Struct, frozen=True, tag="told"):
    """The current state of the shell's message. `late`: it was given up after its time limit."""

    report: DeliveryReport
    late: bool = False


class NotServed(Struct, frozen=True, tag="not_served"):
    """The service does not send by this robot, and does not accept the shell's message."""


class ReportAsked(Struct, frozen=True, tag="report_asked"):
    """Asks the service about itself, its editors and its robots."""

    version: int


class ServiceReport(Struct, frozen=True, tag="service_report"):
    """The answer."""

    facts: ServiceFacts


class AwaitPing(Struct, frozen=True, tag="await_ping"):
    """Asks the service to answer `ping DIGITS` from somebody who has access, within `seconds`.

    `robot` is the app's robot (`routing.robot_name`).
    """

    version: int
    robot: str
    digits: str
    seconds: float


class PingStepped(Struct, frozen=True, tag="ping_stepped"):
    """A step of the ping, or of what ended it."""

    step: PingStep


FromShell = Notify | ReportAsked | AwaitPing
ForShell = Told | NotServed | ServiceReport | PingStepped
