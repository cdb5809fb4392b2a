"""What a failed HTTPS request means: a word of the closed list, a sentence for people, and when to try again."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from services.drivers.port import DriverError
from services.drivers.transport.failures import failure
from services.drivers.transport.https.pinning import unreachable
from services.drivers.transport.https.settings import HttpsSettings, Meaning
from services.model import AvailabilityReason

LONGEST_PAUSE_S = 3600.0
"""A unit that asks for a longer pause is asked again after this one."""

_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY, _UNAVAILABLE = 401, 403, 429, 503
PASSWORD_STATUSES = frozenset({_UNAUTHORIZED, _FORBIDDEN})
_BUSY_STATUSES = frozenset({_TOO_MANY, _UNAVAILABLE})

MEANINGS: Mapping[int, Meaning] = {
    _UNAUTHORIZED: Meaning("auth_failed", "correct user and password in the settings"),
    _FORBIDDEN: Meaning("auth_failed", "allow remote access at the unit, or correct the password in the settings"),
    404: Meaning("wrong_model", "it is another model, or its firmware is older or newer than this driver knows"),
    405: Meaning("wrong_model", "it is another model, or its firmware is older or newer than this driver knows"),
    408: Meaning("timeout", "check the network"),
    409: Meaning("control_blocked", "it is busy with something else; end that at the unit"),
    410: Meaning("wrong_model", "it is another model, or its firmware is older or newer than this driver knows"),
    423: Meaning("control_blocked", "it is locked; unlock it at the unit"),
    504: Meaning("timeout", "check the network"),
}
"""RFC 9110 section 15 and RFC 4918 section 11.3, as far as units use it."""


def status_failure(settings: HttpsSettings, what: str, status: int, headers: Mapping[str, str]) -> DriverError:
    """Why an answer with this status is of no use; ``what`` is the request: ``GET /version``."""
    answer = f"{settings.peer} answered {what} with status {status}"
    if status in settings.meanings or (status in MEANINGS and status not in _BUSY_STATUSES):
        reason, remedy = settings.meanings.get(status) or MEANINGS[status]
        if status in PASSWORD_STATUSES - settings.meanings.keys() and settings.credentials is None:
            remedy = "it asks for a password; give one in the settings"
        return failure(reason, f"{answer}: {remedy}", again_s=None if reason == "auth_failed" else 0.0)
    if status in _BUSY_STATUSES:
        pause = retry_after(headers.get("retry-after", ""), datetime.now(UTC))
        words = f"it asks for a pause of {pause:g} s" if pause else "too many programs use it, or it is starting"
        return failure("refused", f"{answer}: {words}", again_s=pause)
    general: AvailabilityReason = "wrong_model"
    remedy = "it did not understand the request; check its model and firmware"
    if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110, section 15.4
        remedy = f"it redirects to {headers.get('location', '')[:100]!r}, which is not followed; check the address"
    elif status >= 500:  # noqa: PLR2004 - RFC 9110, section 15.6
        general, remedy = "refused", "an error inside the unit; restart it if that lasts"
    return failure(general, f"{answer}: {remedy}")


def retry_after(value: str, now: datetime) -> float:
    """Seconds of a Retry-After header (RFC 9110, section 10.2.3), 0 to `LONGEST_PAUSE_S`; 0 for none or nonsense."""
    try:
        seconds = float(int(value)) if value.strip().isdigit() else (_date(value) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), LONGEST_PAUSE_S)


def _date(value: str) -> datetime:
    date = parsedate_to_datetime(value)
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


def broken(error: BaseException, settings: HttpsSettings, what: str) -> DriverError:
    """Why a request or its answer broke off, from an error of the HTTP library.

    The result has the operating system's error as its cause, never the library's: that one holds the request with its
    password.
    """
    import httpx  # the caller has loaded it

    peer = settings.peer
    root = next((cause for cause in _causes(error) if isinstance(cause, OSError | ssl.SSLError)), None)
    match error:
        case httpx.PoolTimeout():
            return failure("timeout", f"all connections to {peer} are at work: ask less at once")
        case httpx.ReadTimeout() | httpx.WriteTimeout():
            return failure("silent", f"{peer} is connected and does not answer {what}: restart the unit if that lasts")
        case httpx.ConnectTimeout():
            return unreachable(TimeoutError(), peer, settings.connect_timeout_s)
        case httpx.ConnectError():
            cause = root or EOFError()
            return unreachable(cause, peer, settings.connect_timeout_s, settings.refused_hint)
        case httpx.RemoteProtocolError() if "disconnected" not in str(error) and "closed" not in str(error):
            return failure(
                "wrong_model", f"{peer} answered {what} with something that is no HTTP: check port and model"
            )
        case httpx.RemoteProtocolError():
            return failure("closed_by_device", f"{peer} closed the connection before {what} was answered")
        case _ if isinstance(root, ConnectionError):
            return failure("reset_by_device", f"{peer} reset the connection during {what}", cause=root)
        case httpx.NetworkError():
            return failure("closed_by_device", f"the connection to {peer} ended during {what}", cause=root)
    return failure(
        "timeout", f"{what} to {peer} failed ({type(error).__name__}): check network and firmware", cause=root
    )


def _causes(error: BaseException) -> list[BaseException]:
    """Everything below an error, the deepest first; the HTTP library hides parts of the chain from Python's words.

    Of "all attempts failed" and the refusal below it, the refusal is the one to report.
    """
    waiting, seen = [error], list[BaseException]()
    while waiting:
        cause = waiting.pop()
        seen.append(cause)
        below = [cause.__cause__, cause.__context__, *getattr(cause, "exceptions", ())]
        waiting += [other for other in below if isinstance(other, BaseException) and other not in seen]
    return [cause for cause in reversed(seen) if not isinstance(cause, ssl.SSLWantReadError | ssl.SSLWantWriteError)]
