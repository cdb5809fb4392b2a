"""The one way to make a `Target`: where a unit is and how it is asked."""

from __future__ import annotations

from pydantic import BaseModel

from services.drivers.port import Target
from services.rules import normalise_host


def make_target(
    host: str,
    port: int | None = None,
    *,
    unit: str = "",
    interface: str = "",
    family: str = "",
    certificate: str = "",
    options: BaseModel | None = None,
    meter_interval_s: float = 1.0,
    connect_timeout_s: float = 3.0,
    answer_timeout_s: float = 3.0,
) -> Target:
    """A target. ``host`` is taken as people write it; everything else as `Target` describes it."""
    return Target(
        host=normalise_host(host),
        port=port,
        unit=unit,
        interface=interface,
        family=family,
        certificate=certificate,
        options=options,
        meter_interval_s=meter_interval_s,
        connect_timeout_s=connect_timeout_s,
        answer_timeout_s=answer_timeout_s,
    )
