"""Finds the drivers that are installed. A new maker is a new entry point; nothing here changes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

from services.drivers.port import Driver

GROUP = "mic2mqtt.drivers"

log = logging.getLogger(__name__)


class UnknownDriverError(LookupError):
    """A driver is named that is not installed."""


def find_drivers(points: Iterable[EntryPoint] | None = None) -> dict[str, Driver]:
    """All installed drivers by name.

    A driver that cannot be loaded, and every driver of a name that is claimed twice, is left out and logged as an
    error: one broken maker never stops the others.
    """
    found: dict[str, Driver] = {}
    claims: dict[str, str] = {}
    twice: set[str] = set()
    # an editable install can be listed twice: the same value is the same driver
    distinct = {(point.name, point.value): point for point in (entry_points(group=GROUP) if points is None else points)}
    for (name, value), point in sorted(distinct.items()):
        if name in claims:
            log.error("driver %r is claimed by both %s and %s: neither is used", name, claims[name], value)
            twice.add(name)
            continue
        claims[name] = value
        driver = _load(point)
        if driver is not None:
            found[name] = driver
    return {name: driver for name, driver in found.items() if name not in twice}


def get_driver(drivers: Mapping[str, Driver], name: str) -> Driver:
    """A driver by name. Raises `UnknownDriverError` with the names that there are."""
    try:
        return drivers[name]
    except KeyError:
        known = ", ".join(sorted(drivers)) or "none"
        raise UnknownDriverError(f"there is no driver {name!r}; installed drivers: {known}") from None


def _load(point: EntryPoint) -> Driver | None:
    try:
        driver: Driver = point.load()
        if driver.name != point.name:
            log.error("driver %r calls itself %r: the names must be equal; it is not used", point.name, driver.name)
            return None
    except Exception:
        log.exception("driver %r (%s) cannot be loaded; the others go on", point.name, point.value)
        return None
    return driver
