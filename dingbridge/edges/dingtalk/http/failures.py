"""Maps errors below an HTTP request to errors of ours, which never contain the URL."""

from __future__ import annotations

from requests import exceptions as foreign
from urllib3 import exceptions as below

from dingbridge.core.catalogue import link as say
from dingbridge.core.errors import DeliveryError, Refused, Retryable, Unreachable

FOREIGN = (foreign.RequestException, below.HTTPError, OSError, ValueError)
"""Everything that a request may raise; requests does not wrap all errors."""

_TOLD_APART = (below.ConnectTimeoutError, below.ProxyError, below.SSLError)
"""Reasons for a failed connection that requests maps to errors of their own."""


def of_requests(cause: Exception) -> Exception:
    """The error of requests for one of a connection pool, as in `HTTPAdapter.send`."""
    match cause:
        case below.MaxRetryError(reason=reason):
            return of_requests(reason) if isinstance(reason, _TOLD_APART) else _no_connection(cause)
        case below.NewConnectionError():
            return _no_connection(cause)
        case below.ConnectTimeoutError():
            return foreign.ConnectTimeout(cause)
        case below.ProxyError():
            return foreign.ProxyError(cause)
        case below.SSLError():
            return foreign.SSLError(cause)
        case below.ReadTimeoutError():
            return foreign.ReadTimeout(cause)
        case below.InvalidHeader():
            return foreign.InvalidHeader(cause)
        case below.ProtocolError() | below.ClosedPoolError():
            return _no_connection(cause)
        case OSError() if not isinstance(cause, foreign.RequestException):
            return _no_connection(cause)
        case _:
            return cause


def _no_connection(cause: Exception) -> Exception:
    return foreign.ConnectionError(cause)


def translated(cause: Exception) -> DeliveryError:
    """Our error for one of `FOREIGN`. Its text never contains the URL, which may be a secret."""
    match cause:
        case foreign.ConnectTimeout():
            return Unreachable(say.NO_ANSWER_TO_CONNECT())
        case foreign.ProxyError():
            return Unreachable(
                say.PROXY_REFUSED(),
                fix=say.CHECK_PROXY(),
            )
        case foreign.SSLError():
            return Unreachable(
                say.CERTIFICATE(),
                fix=say.CHECK_CLOCK(),
            )
        case foreign.Timeout():
            return Retryable(
                say.TIMED_OUT(),
                may_have_arrived=True,
            )
        case foreign.ConnectionError() if _proxy_refused(cause):
            return translated(foreign.ProxyError())
        case foreign.ConnectionError() if _never_connected(cause):
            return Unreachable(say.NO_CONNECTION(), fix=say.CHECK_NETWORK())
        case (
            foreign.ConnectionError()
            | foreign.ChunkedEncodingError()
            | foreign.ContentDecodingError()
        ):
            return broke()
        case (
            foreign.InvalidURL()
            | foreign.InvalidSchema()
            | foreign.MissingSchema()
            | foreign.URLRequired()
            | foreign.InvalidHeader()
            | foreign.UnrewindableBodyError()
            | below.LocationValueError()
        ):
            return _unusable()
        case foreign.RequestException() | below.HTTPError():
            return Retryable(say.REQUEST_FAILED(error=type(cause).__name__), may_have_arrived=True)
        case ValueError():
            return _unusable()
        case _:
            return Unreachable(
                say.CERTIFICATES_UNREADABLE(),
                fix=say.CHECK_CA_BUNDLE(),
            )


def broke() -> Retryable:
    """The error for a connection that broke after the request was sent."""
    return Retryable(
        say.BROKE(),
        may_have_arrived=True,
    )


def _unusable() -> Refused:
    return Refused(
        say.BAD_ADDRESS(),
        fix=say.CHECK_ENDPOINT(),
    )


def _proxy_refused(cause: BaseException) -> bool:
    """Whether a proxy refused the tunnel, by http.client's message."""
    return any(
        isinstance(reason, OSError) and str(reason).startswith("Tunnel connection failed")
        for reason in _reasons(cause)
    )


def _never_connected(cause: BaseException) -> bool:
    """Whether no connection was made, by urllib3's reason."""
    return any(
        isinstance(reason, below.NewConnectionError | below.ConnectTimeoutError)
        for reason in _reasons(cause)
    )


def _reasons(cause: BaseException) -> list[object]:
    """The error and all its causes: requests and urllib3 wrap each other's errors."""
    found: list[object] = []
    seen: BaseException | None = cause
    while seen is not None:
        for candidate in (seen, getattr(seen, "reason", None), *seen.args):
            found += [candidate, getattr(candidate, "reason", None)]
        seen = seen.__cause__ or seen.__context__
    return found
