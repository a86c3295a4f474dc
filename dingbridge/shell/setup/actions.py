"""What a setup does between its questions: the calls to DingTalk, and storing the secrets."""

from __future__ import annotations

import threading
import time

from msgspec import structs

from dingbridge.core.catalogue import setup as say
from dingbridge.core.delivery.routing import notify_target, reply_target, robot_name
from dingbridge.core.dingtalk.permissions import apply_link
from dingbridge.core.dingtalk.scanned_app import NewApp, ScanDeclined, ScanExpired
from dingbridge.core.doctor import finding, platform_findings
from dingbridge.core.errors import (
    BadOptions,
    BridgeError,
    DeliveryError,
    Retryable,
    RetryAfter,
    in_words,
)
from dingbridge.core.messages import Inbound, Target
from dingbridge.core.options.declarations import Options
from dingbridge.core.secrets.redaction import redact
from dingbridge.core.setup.progress import FirstWriter, Progress
from dingbridge.core.setup.steps import (
    ActionFailed,
    ActionSucceeded,
    AppMade,
    CodeGiven,
    MessageWritten,
    SetupAction,
    SetupFact,
)
from dingbridge.core.text import clean, shorten
from dingbridge.edges import qr_code
from dingbridge.edges.dingtalk.app_checks import AppChecks
from dingbridge.edges.dingtalk.app_registration import AppRegistration
from dingbridge.edges.dingtalk.http import Http
from dingbridge.edges.storage.robot_locks import RobotLocks
from dingbridge.shell.notify import deliver, take_locks
from dingbridge.shell.setup.credentials import Credentials, Surroundings, refused
from dingbridge.shell.setup.dialogue import Dialogue
from dingbridge.shell.setup.listening import Listening

OPEN_WITHIN = 30.0
"""Seconds in which the stream connection must be open."""
WRITE_WITHIN = 300.0
"""Seconds that the first message is waited for before the user is asked what to do."""
SEND_WITHIN = 20.0
"""Seconds after which no attempt to send begins."""
WORDS = 80
"""Characters of a message or a name that are shown."""


class Actions:
    """Carries out actions, each with a time limit. Close it."""

    def __init__(self, dialogue: Dialogue, around: Surroundings, credentials: Credentials) -> None:
        self._dialogue = dialogue
        self._data = around.data
        self._credentials = credentials
        self._listening: Listening | None = None
        self._first: Inbound | None = None

    def run(self, action: SetupAction, progress: Progress) -> SetupFact:
        """What came of an action."""
        try:
            return self._carry_out(action, progress, self._credentials.options(progress))
        except BadOptions as error:
            return ActionFailed("; ".join(error.problems))
        except BridgeError as error:
            return ActionFailed(redact(in_words(error.message, error.fix)))
        except OSError as error:
            return ActionFailed(refused(error).message)

    def close(self) -> None:
        """End the stream connection."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    def _carry_out(self, action: SetupAction, progress: Progress, options: Options) -> SetupFact:
        match action:
            case SetupAction.BEGIN_SCAN:
                return CodeGiven(_registration(options).begin())
            case SetupAction.AWAIT_SCAN:
                return self._await_scan(progress, options)
            case SetupAction.CHECK:
                return self._check(options)
            case SetupAction.STORE:
                robot = self._credentials.store(progress)
                place = self._credentials.place_of(progress, robot)
                self._dialogue.report(say.STORED_IN(place=place), good=True)
                return ActionSucceeded(robot)
            case SetupAction.CONNECT:
                self._connect(options)
                return ActionSucceeded()
            case SetupAction.AWAIT_MESSAGE:
                return self._await_message(options)
            case SetupAction.ANSWER:
                return self._answer(options)
            case SetupAction.GREET_GROUP:
                target = notify_target(options) or Target()
                self._send(options, target, say.HELLO_GROUP())
                self._dialogue.report(say.SENT_TO_GROUP(), good=True)
                return ActionSucceeded()

    def _check(self, options: Options) -> SetupFact:
        """Credentials, robot and permissions. What lacks a permission works in part: it is shown,
        and no obstacle."""
        with AppChecks(options) as checks:
            refused_for = checks.token()
            if refused_for is not None:
                raise refused_for
            self._dialogue.report(say.CREDENTIALS_RIGHT(), good=True)
            robot = checks.robot()
            if robot is not None:
                raise robot
            for answer in checks.scopes():
                found = platform_findings.scope(answer, options.app_key)
                if found.state == "ok":
                    self._dialogue.report(found.sentence, good=True)
                else:
                    self._dialogue.report("\n".join(finding.lines(found)))
        return ActionSucceeded()

    # --- the scan ---------------------------------------------------------------------------------

    def _await_scan(self, progress: Progress, options: Options) -> SetupFact:
        code = progress.code
        if code is None:
            return ActionFailed(say.SCAN_EXPIRED())
        until = time.strftime("%H:%M", time.localtime(code.until))
        rows = qr_code.rows_of(code.address)
        words = say.SCAN_THIS(time=until) if rows else say.SCAN_ADDRESS(time=until)
        self._dialogue.show_code(rows, code.address, words)
        registration, pause, told = _registration(options), threading.Event(), ""
        try:
            while time.time() < code.until:
                try:
                    result = registration.poll(code)
                except (Retryable, RetryAfter) as error:
                    result = None
                    if error.message != told:
                        told = error.message
                        self._dialogue.report(say.WAITING_FOR_SCAN(reason=told))
                match result:
                    case NewApp(client_id=robot, client_secret=secret):
                        return self._made(progress, robot, secret)
                    case ScanDeclined(reason=reason):
                        return ActionFailed(say.DECLINED(reason=reason))
                    case ScanExpired():
                        break
                    case None:
                        pause.wait(code.interval)
        finally:
            self._dialogue.hide_code()
        return ActionFailed(say.SCAN_EXPIRED())

    def _made(self, progress: Progress, robot: str, secret: str) -> SetupFact:
        self._credentials.forget()
        for name, text in (("app_key", robot), ("app_secret", secret)):
            problem = self._credentials.take(name, text)
            if problem:
                return ActionFailed(problem)
        self._dialogue.report(say.MADE(id=robot), good=True)
        return AppMade(robot)

    # --- the connection ---------------------------------------------------------------------------

    def _connect(self, options: Options) -> None:
        if self._listening is not None:
            return
        with RobotLocks(self._data, robot_name(options)) as locks:
            held_by = take_locks(locks, self._data)
        if held_by:
            raise BridgeError(say.IN_USE(who=held_by.rstrip(".")))
        listening = Listening(options)
        try:
            listening.wait_until_open(OPEN_WITHIN)
        except BaseException:
            listening.close()
            raise
        self._listening = listening
        self._dialogue.report(say.CONNECTED(), good=True)

    def _await_message(self, options: Options) -> SetupFact:
        self._connect(options)
        self._dialogue.report(say.WRITE_NOW())
        assert self._listening is not None  # noqa: S101 - it has just been opened
        inbound = self._listening.message(WRITE_WITHIN)
        if inbound is None:
            return ActionFailed(say.NO_MESSAGE())
        self._first = inbound
        who = inbound.sender.identity
        name, text = (shorten(clean(each), WORDS) for each in (inbound.sender.nick, inbound.text))
        return MessageWritten(FirstWriter(who, name, text))

    def _answer(self, options: Options) -> SetupFact:
        """Write to the person as the robot will later, which needs a permission, or else answer
        the message, which needs none."""
        if self._first is None:
            return ActionFailed(say.NO_MESSAGE())
        reply = reply_target(self._first)
        by_api = structs.replace(reply, session_webhook=None)
        if not (by_api.user_id or by_api.conversation_id):
            by_api = reply
        try:
            self._send(options, by_api, say.HELLO())
        except DeliveryError as error:
            if not error.scopes:
                raise
            self._send(options, reply, say.HELLO())
            links = "\n".join(apply_link(options.app_key, scope) for scope in error.scopes)
            return ActionFailed(in_words(error.message, say.APPLY_FOR(links=links)))
        self._dialogue.report(say.ANSWERED(), good=True)
        return ActionSucceeded()

    def _send(self, options: Options, target: Target, words: str) -> None:
        deliver(options, target, words, seconds=SEND_WITHIN, waiting=self._dialogue.report)


def _registration(options: Options) -> AppRegistration:
    return AppRegistration(Http(options.proxy), options.endpoint_oapi)
