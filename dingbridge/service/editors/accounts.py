"""All configured accounts, by name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

from dingbridge.core.catalogue import sessions as say
from dingbridge.core.catalogue import status
from dingbridge.core.errors import BridgeError
from dingbridge.core.listing import comma_list
from dingbridge.core.messages import Message, Target
from dingbridge.core.options.declarations import DEFAULT_ACCOUNT, Options
from dingbridge.core.options.settings import Configuration
from dingbridge.core.sessions import destinations, robot_state, targets
from dingbridge.core.sessions.destinations import Destination
from dingbridge.protocol import updates
from dingbridge.service.editors import account_status
from dingbridge.service.editors.account import Account
from dingbridge.service.editors.editor_ports import EditorPorts
from dingbridge.service.editors.sessions import EditorSessions

log = logging.getLogger(__name__)


class Accounts:
    """One `Account` per entry of the settings; without entries, one that is off. Service loop only.

    `changed` is called when the status has changed.
    """

    def __init__(
        self, ports: EditorPorts, sessions: EditorSessions, changed: Callable[[], None]
    ) -> None:
        self._ports = ports
        self._sessions = sessions
        self._changed = changed
        # Until the settings arrive.
        self._accounts = {
            DEFAULT_ACCOUNT: Account(DEFAULT_ACCOUNT, ports, sessions, self.status_changed)
        }
        self._default = DEFAULT_ACCOUNT
        self.secrets: tuple[str, ...] = ()
        self._is_configuring = False
        self._told_of: dict[str, updates.ShowDestinations] = {}
        sessions.readdressed = self.notify_destinations
        sessions.read = self._learn
        sessions.retitled = self._retitled

    def __iter__(self) -> Iterator[Account]:
        return iter(tuple(self._accounts.values()))

    def come_back(self, bound: Mapping[str, str]) -> None:
        """The editor comes from an earlier service, with these sessions bound, by account."""
        for account in self:
            account.come_back(bound.get(account.name, ""))

    def configure(self, configuration: Configuration, problems: tuple[str, ...]) -> None:
        """Use these settings from now on. With `problems`, they are the defaults."""
        self._is_configuring = True
        self.secrets = configuration.secrets
        for name in [name for name in self._accounts if name not in configuration.accounts]:
            # Its messages stay in the journal, and are sent when it is configured again.
            gone = self._accounts.pop(name)
            if gone.options.mode != "off":
                log.info("%s: off", gone.settings.shown)
            gone.leave()
        before = self._accounts
        self._accounts = {
            name: before.get(name)
            or Account(name, self._ports, self._sessions, self.status_changed)
            for name in configuration.accounts
        }
        self._default = configuration.default_account
        for name, options in configuration.accounts.items():
            self._log_state(self._accounts[name], options, problems)
            self._accounts[name].configure(options, problems)
        self._is_configuring = False
        self._changed()

    def _log_state(self, account: Account, options: Options, problems: tuple[str, ...]) -> None:
        if problems:
            log.error(
                "%s: off, the settings have problems: %s",
                account.settings.shown,
                "; ".join(problems),
            )
        elif options.mode == "off":
            log.info("%s: off, %s", account.settings.shown, "; or ".join(options.missing()))
        else:
            log.info("%s: enabled", account.settings.shown)

    def status_changed(self) -> None:
        """Report a new status; during `configure`, once at its end."""
        if not self._is_configuring:
            self._changed()

    @property
    def default(self) -> Account:
        """The account used when none is named."""
        return self._accounts[self._default]

    def named(self, name: str) -> Account:
        """The account of that name, or the default account for an empty name. Raises
        `BridgeError`."""
        account = self._accounts.get(name) if name else self.default
        if account is None:
            self.default.settings.need_settings()
            known = comma_list(self._accounts)
            raise BridgeError(say.NO_ACCOUNT(name=name), fix=say.KNOWN_ARE(known=known))
        return account

    def find(self, name: str) -> Account | None:
        """The account of exactly that name; None if it is not configured."""
        return self._accounts.get(name)

    def why_gone(self, name: str) -> str:
        """Why a message for the account of that name cannot be sent, in words."""
        if self.default.settings.is_unusable:
            return self.default.settings.why_no_target()
        if name in self._accounts:
            return say.ACCOUNT_IS_ANOTHER_ROBOT(name=name)
        return say.ACCOUNT_IS_GONE(name=name)

    def set_up(self) -> list[Account]:
        """The accounts that can send. Raises `BridgeError` if there is none."""
        found = [account for account in self if account.options.mode != "off"]
        if not found:
            self.default.settings.need_mode()
        return found

    def of(self, session: str) -> Account | None:
        """The account that the session is bound to, or was made for."""
        info = self._sessions.info(session)
        made_for = info.account if info is not None else ""
        return self._accounts.get(self._sessions.bindings.get(session) or made_for)

    def addressed(self, address: str) -> tuple[Account, Target]:
        """The account and target of the address `dingtalk:<account>:<id>`. Raises `BridgeError`."""
        self.default.settings.need_settings()
        read = targets.read(address, self._accounts)
        account = self.named(read.account)
        account.settings.need_mode()
        return account, account.at(read.target)

    def destined(
        self, session: str, to: str = "", begun_for: Destination | None = None
    ) -> tuple[Account | None, Target | None]:
        """The account and target of a text of the session.

        In order: the address `to`, the conversation `begun_for`, the target of new texts. Without
        an account the text stays in the editor; without a target none is known yet. Raises
        `BridgeError` if the text cannot go where it was meant to: it never goes elsewhere instead.
        """
        if to:
            return self.addressed(to)
        account = self.of(session)
        if account is None and begun_for is not None:
            return None, destinations.checked(begun_for, "", "")
        if account is None or account.options.mode == "off":
            return account, None
        if begun_for is None:
            return account, account.destinations.target(session)
        return account, account.destinations.begun_for(session, begun_for)

    def notify_destinations(self, session: str) -> None:
        """Show the conversations of a session, if they have changed."""
        account = self.of(session)
        if account is None or account.options.mode == "off":
            update = updates.ShowDestinations(session)
        else:
            update = account.destinations.update(session)
        if self._told_of.get(session) != update:
            self._told_of[session] = update
            self._ports.editor.show(update)

    def _retitled(self, session: str) -> None:
        account = self.of(session)
        if account is not None:
            account.retitled(session)

    def _learn(self, session: str, messages: tuple[Message, ...]) -> None:
        account = self.of(session)
        if account is not None:
            account.destinations.learn(session, messages)
        self.notify_destinations(session)

    def split(self, id: str) -> tuple[Account, str]:
        """The account and the bare id of a message id as `:Chat outbox` shows it; see `prefix`."""
        name, colon, rest = id.partition(":")
        account = self._accounts.get(name)
        return (account, rest) if colon and account is not None else (self.default, id)

    def prefix(self, account: Account) -> str:
        """The prefix of an account's ids in the editor: its name, or nothing for the default
        account."""
        return "" if account is self.default else f"{account.name}:"

    def decide(self, about: str) -> tuple[Account, str]:
        """The account and the bare code or id of `about`. Without a prefix, it is the account that
        got the request."""
        account, rest = self.split(about)
        if rest == about:
            account = next((one for one in self if one.pairing.has(about)), account)
        return account, rest

    def status(self, last_error: str, unread: tuple[updates.UnreadRow, ...]) -> updates.ShowStatus:
        """The status of the default account and of each one, with the counts of all."""
        each = tuple(account_status.status(account) for account in self)
        default = account_status.status(self.default)
        errors = (one.last_error for one in (default, *each) if one.last_error)
        return updates.ShowStatus(
            mode=default.mode,
            connected=default.connected,
            account=default.account if default.mode != "off" else "",
            session=default.session,
            link=default.link,
            target=default.target,
            queued=sum(one.queued for one in each),
            failed=sum(one.failed for one in each),
            refused=sum(one.refused for one in each),
            asking=sum(one.asking for one in each),
            last_error=last_error or next(errors, ""),
            cool_down_until=default.cool_down_until,
            cool_down=default.cool_down,
            quota=default.quota,
            accounts=each,
            outbox=updates.OutboxIds(
                failed=self._shown_ids(lambda state: state.failed_ids),
                waiting=self._shown_ids(lambda state: state.waiting_ids),
                recallable=self._shown_ids(lambda state: state.recallable_ids),
            ),
            unread=unread,
        )

    def _shown_ids(
        self, ids: Callable[[robot_state.RobotState], tuple[str, ...]]
    ) -> tuple[str, ...]:
        return tuple(f"{self.prefix(one)}{id}" for one in self for id in ids(one.state))

    def describe(self, last_error: str) -> str:
        """The status in words, for `:Chat status`."""
        parts = [account_status.describe(account, self._ports.runtime.now()) for account in self]
        if last_error:
            parts.append(status.LAST_ERROR(error=last_error))
        return "\n".join(parts)
