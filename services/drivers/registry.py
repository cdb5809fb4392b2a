"""Finds the drivers that are installed. A new maker is a new entry point; nothing here changes."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, TypeVar

from services.drivers.port import Driver, Key, Product, Simulator

GROUP = "mic2mqtt.drivers"
SIMULATORS = "mic2mqtt.simulators"
"""Simulators are for people and tests: a running bridge never loads one."""

PARTS = {
    "driver": ("manufacturer", "products", "doors", "more", "options", "open", "replay"),
    "simulator": ("faults", "traits", "run"),
}
"""What an entry point has to offer beside its name: see `Driver` and `Simulator`."""

log = logging.getLogger(__name__)


class UnknownDriverError(LookupError):
    """A driver is named that is not installed."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Offered = TypeVar("_Offered", bound=_Named)


def find_drivers(points: Iterable[EntryPoint] | None = None) -> dict[str, Driver]:
    """All installed drivers by name.

    A driver that cannot be loaded, and every driver of a name that is claimed twice, is left out and logged as an
    error: one broken maker never stops the others.
    """
    found: dict[str, Driver] = _find("driver", entry_points(group=GROUP) if points is None else points)
    return found


def find_simulators(points: Iterable[EntryPoint] | None = None) -> dict[str, Simulator]:
    """The simulators of installed drivers, by the driver's name; the same rules as `find_drivers`."""
    found: dict[str, Simulator] = _find("simulator", entry_points(group=SIMULATORS) if points is None else points)
    return found


def is_experimental(driver: Driver) -> bool:
    """Whether nobody published what this driver speaks, so that it is off until the configuration asks for it.

    Such a driver has an attribute ``experimental`` that is true.
    """
    return bool(getattr(driver, "experimental", False))


def asked_for(drivers: Mapping[str, Driver], experimental: Collection[str]) -> dict[str, Driver]:
    """The drivers that a bridge uses: all but experimental ones that are not named."""
    return {name: driver for name, driver in drivers.items() if not is_experimental(driver) or name in experimental}


def get_driver(drivers: Mapping[str, Driver], name: str) -> Driver:
    """A driver by name. Raises `UnknownDriverError` with the names that there are."""
    try:
        return drivers[name]
    except KeyError:
        known = ", ".join(sorted(drivers)) or "none"
        raise UnknownDriverError(f"there is no driver {name!r}; installed drivers: {known}") from None


def families(driver: Driver) -> dict[str, Product]:
    """The families of a driver, each with the product that stands for it."""
    found: dict[str, Product] = {}
    for product in driver.products:
        found.setdefault(product.family, product)
    return found


def known_product(driver: Driver, model: str | None, family: str | None) -> Product | None:
    """The product of a model, else the one that stands for the family; ``None`` where neither is known."""
    named = next((product for product in driver.products if product.model == model), None)
    return named or (families(driver).get(family) if family else None)


def more_of(driver: Driver, model: str | None, family: str | None) -> tuple[Key, ...]:
    """The rows of a driver's own keys that a unit can report: those of its product, of any where it is not known."""
    product = known_product(driver, model, family)
    if product is None or product.more is None:
        return tuple(driver.more)
    return tuple(row for row in driver.more if row.name in product.more)


def _find(what: str, points: Iterable[EntryPoint]) -> dict[str, _Offered]:
    found: dict[str, _Offered] = {}
    claims: dict[str, str] = {}
    twice: set[str] = set()
    # an editable install can be listed twice: the same value is the same driver
    distinct = {(point.name, point.value): point for point in points}
    for (name, value), point in sorted(distinct.items()):
        if name in claims:
            log.error("%s %r is claimed by both %s and %s: neither is used", what, name, claims[name], value)
            twice.add(name)
            continue
        claims[name] = value
        offered: _Offered | None = _load(what, point)
        if offered is not None:
            found[name] = offered
    return {name: offered for name, offered in found.items() if name not in twice}


def _load(what: str, point: EntryPoint) -> _Offered | None:
    try:
        offered: _Offered = point.load()
        if offered.name != point.name:
            log.error("%s %r calls itself %r: the names must be equal; it is not used", what, point.name, offered.name)
            return None
        if missing := [part for part in PARTS[what] if not hasattr(offered, part)]:
            why = "%s %r (%s) lacks %s: it was made for another version of mic2mqtt; it is not used, the others go on"
            log.error(why, what, point.name, point.value, ", ".join(missing))
            return None
    except Exception:
        log.exception("%s %r (%s) cannot be loaded; the others go on", what, point.name, point.value)
        return None
    return offered
