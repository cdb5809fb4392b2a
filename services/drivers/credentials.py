"""What makers need of every unit, or of those in a network: passwords, keys, fingerprints of certificates.

The configuration gives them for a driver (``[[credentials]]``) or for one unit (its ``options``). They go to units that
are known, by the driver that knows them: a search sends none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from pydantic import BaseModel, ValidationError

from services.drivers.port import Driver
from services.rules import Host, Span, normalise_host


@dataclass(frozen=True, slots=True)
class Credential:
    """Options of a driver for the units in ``place``, for all of them where it is ``None``."""

    driver: str
    options: Mapping[str, object]
    place: Span | Host | None = None

    @property
    def size(self) -> float:
        """How many addresses it is for: of two that fit, the one for fewer counts."""
        if self.place is None:
            return inf
        return 1 if isinstance(self.place, Host) else self.place.size

    def fits(self, driver: str, host: str) -> bool:
        """Whether it is meant for a unit. A unit that is named by a host name is in no network."""
        if driver != self.driver:
            return False
        match self.place:
            case None:
                return True
            case Host():
                return normalise_host(self.place.host) == host
            case _:
                return self.place.holds(host)


class Credentials:
    """The options of each unit: its own, before those of its network, before those of its driver, key by key."""

    def __init__(self, drivers: Mapping[str, Driver]) -> None:
        self._drivers = drivers
        self._entries: Sequence[Credential] = ()

    def use(self, entries: Sequence[Credential]) -> None:
        """Take these from now on."""
        self._entries = sorted(entries, key=lambda entry: -entry.size)

    def options(self, driver: str, host: str, own: BaseModel | None = None) -> BaseModel | None:
        """What a driver is given for the unit at a host; ``own`` are the options of the unit itself."""
        fitting = [entry for entry in self._entries if entry.fits(driver, host)]
        model = self._drivers[driver].options if driver in self._drivers else None
        if model is None or not fitting:
            return own
        values: dict[str, object] = {}
        for entry in fitting:
            values |= entry.options
        if own is not None:
            values |= {key: getattr(own, key) for key in own.model_fields_set}
        try:
            return model.model_validate(values)
        except ValidationError:  # keys were checked one by one; together they lack something that the driver wants
            return own
