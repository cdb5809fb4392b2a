"""What captured datagrams of a unit mean, without a unit. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.drivers.port import Reading
from services.drivers.sennheiser.ssc.codec import wire
from services.drivers.sennheiser.ssc.codec.meters import Gauge
from services.drivers.sennheiser.ssc.codec.state import UnitState
from services.drivers.sennheiser.ssc.codec.words import NO_TRANSMITTER
from services.drivers.sennheiser.ssc.families.catalogue import by_name
from services.model import Part


def replay(product: str, data: bytes) -> Sequence[Reading]:
    """All states, then meters of each part; a line is a datagram. Raises `KeyError` for an unknown product."""
    family, model = by_name(product)
    state = UnitState(family, model.parts)
    gauges = {number: Gauge(family.telemetry) for number in range(1, model.parts + 1)}
    for line in data.splitlines():
        found = wire.parse(line)
        for message in found.messages if found is not None else ():
            if isinstance(message, wire.Value):
                if state.take(message.address, message.value) is None:
                    _meter(state, gauges, message)
            elif isinstance(message, wire.Refusal):
                state.absent(message.address, no_transmitter=message.code == NO_TRANSMITTER)
    facts = {key: value for key, value in state.facts.items() if value is not None}
    unit, *parts = state.everything()
    known = [each for each in (replace(unit, values={**unit.values, **facts}), *parts) if _says(each)]
    for number, gauge in gauges.items():
        gauge.warn(overload=state.overloaded(number))
    levels = [Reading(Part(number), taken) for number, gauge in gauges.items() if (taken := gauge.take())]
    return [*known, *levels]


def _says(reading: Reading) -> bool:
    return any(value is not None for value in (*reading.values.values(), *reading.more.values()))


def _meter(state: UnitState, gauges: dict[int, Gauge], message: wire.Value) -> None:
    family = state.family
    for number, place in enumerate(family.places(state.count), 1):
        for meter in family.meters:
            if meter.address.format(**place) == message.address:
                meter.take(gauges[number], message.value)
    for meter in family.unit_meters:
        if meter.address == message.address and isinstance(message.value, list):
            for gauge, item in zip(gauges.values(), message.value, strict=False):
                meter.take(gauge, item)
