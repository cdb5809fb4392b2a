"""Makes the `DriverError` of a transport, with the time after which a further try makes sense."""

from __future__ import annotations

from services.drivers.port import DriverError
from services.model import AvailabilityReason

RESOLVE_WORDS = "the host name cannot be resolved: check its spelling and the name server"


def failure(
    reason: AvailabilityReason, detail: str, *, again_s: float | None = 0.0, cause: BaseException | None = None
) -> DriverError:
    """A `DriverError` to raise.

    ``again_s``: seconds before a further try makes sense; 0 leaves that to the session's own pause, ``None`` means not
    before the settings change. ``cause`` is the operating system's error, if there is one.
    """
    error = DriverError(reason, detail, again_s=again_s)
    error.__cause__ = cause
    return error
