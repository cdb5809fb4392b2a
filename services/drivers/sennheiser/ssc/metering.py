"""Collects the levels of all parts of one unit, and asks for them at the wanted pace."""

from __future__ import annotations

from collections.abc import Callable

from services.drivers.port import Part
from services.drivers.sennheiser.ssc.codec.meters import Gauge, Telemetry
from services.drivers.sennheiser.ssc.codec.state import PRESENT, UnitState
from services.drivers.sennheiser.ssc.families.family import Family
from services.drivers.sennheiser.ssc.subscriptions import Subscriptions


class Metering:
    """The gauges of one unit."""

    def __init__(self, subscriptions: Subscriptions, family: Family, parts: int) -> None:
        self._subscriptions = subscriptions
        self._family = family
        self._gauges = {number: Gauge(family.telemetry) for number in range(1, parts + 1)} if family.telemetry else {}
        self._seconds = dict.fromkeys(self._gauges, 0.0)
        self._linked: dict[int, bool | None] = dict.fromkeys(self._gauges)
        self._at: dict[str, tuple[Callable[[Gauge, object], bool], tuple[Gauge, ...]]] = {}
        self._places: dict[tuple[int, str], list[str]] = {}
        """Addresses by part and branch: one branch a request."""
        for number, place in enumerate(family.places(parts), 1) if self._gauges else ():
            for meter in family.meters:
                address = meter.address.format(**place)
                self._at[address] = meter.take, (self._gauges[number],)
                self._place(number, address)
        self._wide = frozenset(meter.address for meter in family.unit_meters)
        for meter in family.unit_meters:
            self._at[meter.address] = meter.take, tuple(self._gauges.values())
            self._place(0, meter.address)

    def _place(self, number: int, address: str) -> None:
        self._places.setdefault((number, f"meters {address.partition('/')[0]}"), []).append(address)

    def want(self, part: Part | None, seconds: float) -> None:
        """Meter a part, or all, each so many seconds; 0 ends it. What is metered together has the shortest time."""
        for number in self._seconds if part is None else [part.number]:
            if number in self._seconds and (part is None or not part.slot):
                self._seconds[number] = seconds
        for place, addresses in self._places.items():
            self._subscriptions.meter(place, addresses, self._milliseconds(self._wanted(place[0])))

    @property
    def addresses(self) -> tuple[str, ...]:
        """What is metered now."""
        return tuple(address for place, each in self._places.items() if self._wanted(place[0]) for address in each)

    def add(self, address: str, value: object) -> bool | None:
        """Take one level; ``None`` where the address has none, ``False`` where it has no meaning."""
        if (found := self._at.get(address)) is None:
            return None
        take, gauges = found
        if address not in self._wide:
            return take(gauges[0], value)
        if not isinstance(value, list):
            return False
        understood = [take(gauge, item) for gauge, item in zip(gauges, value, strict=False)]
        return bool(understood) and all(understood)

    def take(self, number: int) -> Telemetry | None:
        """Everything since the last call; ``None`` where nothing came."""
        gauge = self._gauges.get(number)
        return None if gauge is None else gauge.take()

    def warned(self, state: UnitState) -> None:
        """Keep that the unit warns of overloaded audio."""
        for number, gauge in self._gauges.items():
            overload = state.overloaded(number)
            if overload is not gauge.overloaded:
                gauge.warn(overload=overload)

    def doubts(self, state: UnitState) -> set[int]:
        """Parts whose link came or went by their meters, while the state says otherwise."""
        doubtful: set[int] = set()
        for number, gauge in self._gauges.items():
            linked = gauge.linked
            if linked is not self._linked[number]:
                self._linked[number] = linked
                if linked is not None and state.value(number, PRESENT) is not linked:
                    doubtful.add(number)
        return doubtful

    def _wanted(self, number: int) -> float:
        """Seconds between levels of a part, or of what has all parts; 0 where none are wanted."""
        wanted = [self._seconds[number]] if number else [each for each in self._seconds.values() if each > 0]
        return min(wanted, default=0.0)

    def _milliseconds(self, seconds: float) -> int:
        if seconds <= 0:
            return 0
        return min(self._family.meter_most_ms, max(self._family.meter_least_ms, round(seconds * 1000)))
