"""Dispatches news of the robots to the parts of the bridge that handle them."""

from __future__ import annotations

from dingbridge.core.dingtalk.keepalive import LinkState
from dingbridge.core.sessions import robot_state
from dingbridge.protocol import updates
from dingbridge.service.editors.bridge import Bridge
from dingbridge.service.robots import robot_news


def dispatch(bridge: Bridge, name: str, news: robot_news.News) -> None:
    """Handle news of the robot of account `name`."""
    if (account := bridge.accounts.find(name)) is None:
        return
    match news:
        case robot_news.RestoreBinding(session=session, target=target):
            account.restore(session, target)
        case robot_news.SessionBound(session=session, target=target):
            account.is_bound(session, target)
        case robot_news.Ruling():
            account.ruled(news)
        case robot_news.Unbound(session=session, by=pid):
            account.released(session, pid)
        case robot_news.Appeared() | robot_news.Arrived():
            bridge.received.arrived(account, news)
        case robot_news.AnswerInstead(turn=turn):
            bridge.replies.take(account, turn)
        case robot_news.AnswerWithdrawn(name=withdrawn):
            bridge.replies.withdraw(withdrawn)
            bridge.lookups.withdraw(withdrawn)
        case robot_news.DeliveryUpdate(report=report, session=session):
            bridge.sending.show_delivery(account, report, session)
            bridge.notifications.reported(report)
            bridge.away.reported(report)
        case robot_news.Deliver():
            bridge.received.take(account, news)
        case robot_news.MayAsk(key=key):
            bridge.received.may_ask(key)
        case robot_news.ProgramAnswerLost():
            bridge.received.lost(account, news)
        case robot_news.CarryOut():
            bridge.remote_requests.carry_out(account, news)
        case robot_news.PairingRequested():
            account.pairing.requested(news, account.settings.shown)
        case robot_news.AccessChanged():
            bridge.access.known(account, news)
        case robot_news.PairingsReport():
            bridge.access.answered(account, news)
        case robot_news.OutboxLines(lines=lines):
            bridge.reports.outbox_answered(account, lines)
        case robot_news.MessageChoice(command=command, rows=rows):
            bridge.reports.choose(account, command, rows)
        case robot_state.RobotState():
            account.robot_reported(news)
        case robot_news.LinkNews(link=link, reason=reason, fix=fix, next_try=next_try):
            account.link_changed(LinkState(link), reason, fix, next_try)
        case robot_news.TriedAgain(ids=ids):
            for message in ids:
                account.member.expect(message)
        case robot_news.Notice():
            notice = updates.ShowNotice(account.settings.labelled(news.text), _level(news.level))
            bridge.editor.show(notice)


def _level(level: str) -> updates.Level:
    match level:
        case "warn" | "error":
            return level
        case _:
            return "info"
