"""This editor as a member of the exchange: what it has to tell the owner, whoever that is now."""

from __future__ import annotations

from collections import OrderedDict

from msgspec import Struct

from dingbridge.bridge.ports import Exchange
from dingbridge.core.exchange import Ask, Bind, Busy, Hello, Known, Mark, Send, Unbind
from dingbridge.core.messages import Delivery

REMEMBERED = 1000
"""Messages whose end is told once (a count)."""


class _Ended(Struct, frozen=True):
    """The end that a message of a session has met, and why."""

    session: str
    end: tuple[Delivery, str]


class Member:
    """Remembers what an owner has not answered, and tells the next one again. Host loop only."""

    def __init__(self, exchange: Exchange, pid: int, cwd: str) -> None:
        self._exchange = exchange
        self._pid = pid
        self._cwd = cwd
        self._bound = ("", "")
        self._supposed = False
        self._joined = False
        self._line: dict[str, Send | None] = {}
        self._unanswered: dict[str, Send] = {}
        self._under_way: dict[str, str] = {}
        self._ended: OrderedDict[str, _Ended] = OrderedDict()
        self._untold: list[Ask] = []
        self._unsettled: dict[int, Ask] = {}
        self._marks = 0
        self._busy = False

    @property
    def unanswered(self) -> tuple[Send, ...]:
        """Messages that no owner has written down yet."""
        return tuple(self._unanswered.values())

    def joined(self) -> None:
        """There is an owner, perhaps a new one."""
        session, title = self._bound
        hello = Hello(self._pid, self._cwd, session, title, self._joined, self._supposed)
        self._exchange.tell(hello)
        self._joined = True
        untold, self._untold = self._untold, []
        for mark, ask in self._unsettled.items():
            self._exchange.tell(ask)
            self._exchange.tell(Mark(mark))
        for ask in (*self._unanswered.values(), *untold, *self._whats_unknown()):
            self._exchange.tell(ask)

    def _whats_unknown(self) -> list[Ask]:
        """What a new owner has to be told or asked: messages may have met their end while nobody
        could tell us."""
        by_session: dict[str, list[str]] = {}
        for message, session in self._under_way.items():
            if message not in self._unanswered:
                by_session.setdefault(session, []).append(message)
        asks: list[Ask] = [Known(session, tuple(ids)) for session, ids in by_session.items()]
        return [*asks, Busy(True)] if self._busy else asks

    def tell(self, ask: Ask) -> None:
        """Tell the owner something, now or as soon as there is one."""
        if not self._exchange.tell(ask):
            self._untold.append(ask)

    def insist(self, ask: Ask) -> None:
        """Tell the owner something that must not be forgotten with it: the next one is told as
        well, unless it was written down. It does no harm when it is told twice."""
        self._marks += 1
        self._unsettled[self._marks] = ask
        if self._exchange.tell(ask):
            self._exchange.tell(Mark(self._marks))

    def settled(self, mark: int) -> None:
        """An owner has written down what it was told up to this mark."""
        for number in [number for number in self._unsettled if number <= mark]:
            del self._unsettled[number]

    def reserve(self, message: str) -> None:
        """Keep the place of a message that is still being made: what is sent later waits for it."""
        self._line[message] = None

    def give_up(self, message: str) -> None:
        """Nothing will come in the place that was kept for this message."""
        self._line.pop(message, None)
        self._advance()

    def send(self, ask: Send) -> None:
        """Hand a message over, in its place; again to the next owner, until one has answered."""
        self._line[ask.outbound.id] = ask
        self._advance()

    def _advance(self) -> None:
        while self._line:
            first, ask = next(iter(self._line.items()))
            if ask is None:
                return
            del self._line[first]
            self._hand_over(ask)

    def _hand_over(self, ask: Send) -> None:
        self._unanswered[ask.outbound.id] = ask
        self._under_way[ask.outbound.id] = ask.session
        self._exchange.tell(ask)

    def answered(self, message: str) -> bool:
        """The owner knows the message. Returns whether that is news."""
        return self._unanswered.pop(message, None) is not None

    def sent(self, message: str) -> bool:
        """Whether the message left from here, lately or a while ago."""
        return message in self._under_way or message in self._ended

    def ended(self, message: str, end: tuple[Delivery, str]) -> bool:
        """The message has met this end, with its reason. Returns whether that is news: an owner
        tells it when it happens, and once more to whoever asked meanwhile."""
        known = self._ended.pop(message, None)
        session = known.session if known is not None else self._under_way.pop(message, "")
        self._ended[message] = _Ended(session, end)
        while len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)
        return known is None or known.end != end

    def goes_on(self, message: str) -> None:
        """The message is on its way; after its end that means that it is tried again."""
        known = self._ended.pop(message, None)
        if known is not None:
            self._under_way[message] = known.session

    def moved(self) -> tuple[Send, ...]:
        """From now on it is another robot's owner, who knows nothing of what was sent so far.
        Returns what the one before has not answered: it is written down for that robot."""
        behind = [ask for ask in self._line.values() if ask is not None]
        self._line = {message: None for message, ask in self._line.items() if ask is None}
        left = (*self.unanswered, *behind)
        self._exchange.write_down(left)
        self._unanswered = {}
        self._under_way = {}
        self._untold = []
        self._unsettled = {}
        return left

    def work(self, *, busy: bool) -> None:
        """Whether the responder works on an answer."""
        self._busy = busy
        self._exchange.tell(Busy(busy))

    def bind(self, session: str, title: str) -> bool:
        """This session is to be bound; a later owner is told with the first word. Returns False
        while there is no owner."""
        self._bound, self._supposed = (session, title), False
        # An earlier release is over, whoever has heard of it.
        self._unsettled = {
            mark: ask for mark, ask in self._unsettled.items() if ask != Unbind(session)
        }
        return self._exchange.tell(Bind(session, title, self._cwd))

    def holds(self, session: str, title: str, *, supposed: bool = False) -> None:
        """The owner says that this session is bound here; or it is only `supposed`, for no owner
        has said anything: then it is taken from no other editor."""
        self._bound, self._supposed = (session, title), supposed

    @property
    def supposes(self) -> bool:
        """Whether no owner has said yet that the bound session is bound here."""
        return self._supposed

    def unbind(self, session: str) -> None:
        """The session is not bound any more."""
        self.released()
        self.insist(Unbind(session))

    def released(self) -> None:
        """No session is bound here any more."""
        self._bound, self._supposed = ("", ""), False
