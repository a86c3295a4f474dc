"""One robot: its editors, and its service once this process has the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dingbridge.core.delivery.routing import custom_robot
from dingbridge.core.doctor.service_facts import RobotFacts
from dingbridge.core.options.declarations import Options
from dingbridge.service.robots import robot_news, robot_requests
from dingbridge.service.robots.robot_lock import RobotLock
from dingbridge.service.robots.robot_news import News, Ruling
from dingbridge.service.robots.robot_requests import Ask
from dingbridge.service.robots.robot_resources import RobotResources
from dingbridge.service.robots.shutdown import Shutdown

if TYPE_CHECKING:
    from dingbridge.service.robots.hub import Hub
    from dingbridge.service.robots.robot_service import RobotService


class Member(Protocol):
    """An account of an attached editor. `pid` is Neovim's process id."""

    pid: int

    def set_up_at(self) -> float:
        """The time of the editor's `setup()`, in Unix seconds."""
        ...

    def attends(self, session: str) -> tuple[bool, float]:
        """Whether the editor shows the session, and when its user was active last; see
        `editor_choice.Attends`."""
        ...

    def heard(self, news: News) -> None:
        """The robot sends news."""
        ...

    def joined(self) -> None:
        """The robot can be used from now on."""
        ...


class Robot:
    """One robot: its members by number, and its `RobotService`. Service loop only.

    locking ──lock──▶ starting ──files read──▶ serving ──last member left──▶ ending
    """

    def __init__(self, name: str, options: Options, resources: RobotResources) -> None:
        self.name = name
        self.options = options
        self._set_up_at, self._set_up_by = 0.0, 0
        self.members: dict[int, Member] = {}
        self._known: set[int] = set()
        self._retired: set[int] = set()
        self.left_at = 0.0
        """When the latest editor left (Unix seconds); its programs may still be at work."""
        self._resources = resources
        self._lock = RobotLock(name, resources, self._serve, self._show_problem)
        self._service: RobotService | None = None
        self._is_serving = False
        self._is_ending = False

    def acquire(self) -> None:
        """Serve once the lock is free."""
        self._lock.acquire()

    def _show_problem(self, problem: str) -> None:
        self._notify_all(robot_news.Notice(problem, "error"))

    def _serve(self) -> None:
        # Imported late: the HTTP modules would add a tenth of a second to the service's start.
        from dingbridge.service.robots.robot_service import RobotService

        self._service = RobotService(
            self.name, self.options, self._resources, self._notify, self._attends
        )
        self._service.start(self._serving)

    def _serving(self) -> None:
        if not self._is_ending:
            self._is_serving = True
            for member in list(self.members.values()):
                member.joined()

    def join(self, number: int, member: Member) -> None:
        """Add a member. Its `joined` is called once the robot can be used."""
        self.members[number] = member
        if self._is_serving:
            self._resources.post(lambda: self._greet(number))

    def _greet(self, number: int) -> None:
        if number in self.members:
            self.members[number].joined()

    def configure(self, number: int, options: Options) -> Ruling | None:
        """Use a member's options. Returns the options in force if another member's are newer, else
        None."""
        member = self.members[number]
        if member.set_up_at() < self._set_up_at:
            return Ruling(self.options, self._set_up_by)
        self.options = options
        self._set_up_at, self._set_up_by = member.set_up_at(), member.pid
        if self._service is not None:
            self._service.configure(options)
        for other in self.members:
            if other != number:
                self._notify(other, Ruling(options, member.pid))
        return None

    def ask(self, number: int, ask: Ask) -> bool:
        """Submit a member's request. Returns False while the robot cannot be used, and before the
        member's `Hello`, which it sends after `joined`."""
        if self._service is None or not self._is_serving:
            return False
        if isinstance(ask, robot_requests.Hello):
            self._known.add(number)
        elif not self.hears(number):
            return False
        self._service.hub.ask(number, ask)
        return True

    def hears(self, number: int) -> bool:
        """Whether the robot can be used and the member has sent its `Hello`."""
        return self._is_serving and number in self._known

    def retire(self, number: int) -> None:
        """Send no more news to a member. Its programs may still submit answers."""
        self.left_at = self._resources.runtime.now()
        self._retired.add(number)
        if self._is_serving and self._service is not None:
            self._service.hub.retire(number)

    def leave(self, number: int) -> None:
        """Remove a member."""
        del self.members[number]
        self._known.discard(number)
        if number in self._retired:
            self._retired.remove(number)
        else:
            self.left_at = self._resources.runtime.now()
        if self._is_serving and self._service is not None:
            self._service.hub.leave(number)
            self._service.hub.outgoing.look()

    @property
    def hub(self) -> Hub | None:
        """The hub of the robot; None while the robot cannot be used."""
        return self._service.hub if self._service is not None and self._is_serving else None

    def facts(self) -> RobotFacts:
        """What the doctor asks."""
        service, hub = self._service, self.hub
        if service is None or hub is None:
            return RobotFacts(self.name)
        state, link = hub.state(), hub.health.link
        return RobotFacts(
            self.name,
            is_ready=True,
            link=state.link,
            reason=link.reason,
            next_try=link.next_try,
            silent=service.silent,
            queued=state.queued,
            failed=state.failed,
            last_error=state.last_error,
            held_until=state.cool_down_until,
            held_because=state.cool_down_reason,
            quota=state.quota,
            refused=state.refused,
            asking=state.asking,
            sessions=len(state.bound),
        )

    def sends(self, robot: str) -> bool:
        """Whether messages of that robot are sent by this one: an app's settings may include a
        custom robot's webhook."""
        return robot in (self.name, custom_robot(self.options.webhook))

    def is_sending(self, now: float) -> bool:
        """Whether a message waits that can leave within `SENDS_WITHIN`."""
        return self._service is not None and self._is_serving and self._service.hub.is_sending(now)

    def end(self) -> Shutdown | None:
        """Close the link, and release the lock when no request is under way. Returns the thread
        that waits for that, or None if nothing has to be waited for."""
        self._is_ending, self._is_serving = True, False
        if self._service is None:
            self._lock.abandon()
            return None
        self._service.stop()
        ending = Shutdown(self._service, self._resources.files, self._lock.release)
        ending.start()
        return ending

    def _notify(self, number: int, news: News) -> None:
        # Posted: the hub must finish its change first.
        self._resources.post(lambda: self._notify_now(number, news))

    def _notify_now(self, number: int, news: News) -> None:
        member = self.members.get(number)
        if member is not None:
            member.heard(news)

    def _attends(self, number: int, session: str) -> tuple[bool, float]:
        member = self.members.get(number)
        return member.attends(session) if member is not None else (False, 0.0)

    def _notify_all(self, news: News) -> None:
        for member in list(self.members.values()):
            member.heard(news)
