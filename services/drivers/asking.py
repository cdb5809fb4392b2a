"""Questions about drivers, and the one question that drivers ask a host: who answers there?"""

from __future__ import annotations

from collections.abc import Mapping

from services.drivers.port import Driver, DriverError, Target
from services.model import AvailabilityReason, Identity, ServiceError


def check_manufacturer(drivers: Mapping[str, Driver], manufacturer: str) -> None:
    """Raises `ServiceError` (schema_violation) for a maker that no driver speaks to."""
    makers = sorted({driver.manufacturer for driver in drivers.values()})
    if manufacturer not in makers:
        detail = f"no driver speaks to {manufacturer!r}; installed: {', '.join(makers)}"
        raise ServiceError("schema_violation", detail, field="args.manufacturer")


def only_maker(drivers: Mapping[str, Driver]) -> str:
    """The maker of a unit that has not answered: the only one that a driver asks hosts for, else ``unknown``."""
    makers = {driver.manufacturer for driver in drivers.values() if driver.scans}
    return makers.pop() if len(makers) == 1 else "unknown"


async def who_answers(
    drivers: Mapping[str, Driver], host: str, port: int | None, interface: str = ""
) -> tuple[str, Identity]:
    """Ask a host with each of these drivers in turn; returns the driver's name and who answered.

    Raises `DriverError` with the reason of the last driver, and the words of all of them.
    """
    details: dict[str, str] = {}
    reason: AvailabilityReason = "never_seen"
    for name, driver in drivers.items():
        if not driver.scans:
            continue
        try:
            return name, await driver.identify(Target(host, port, interface))
        except DriverError as error:
            reason = error.reason
            details[name] = error.detail
    if len(details) == 1:
        raise DriverError(reason, *details.values())
    words = "; ".join(f"{name}: {detail}" for name, detail in details.items())
    raise DriverError(reason, words or "no driver that asks hosts is installed")
