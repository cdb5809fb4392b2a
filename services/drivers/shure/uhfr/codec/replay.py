"""What recorded bytes of a receiver mean."""

from __future__ import annotations

from services.drivers.port import Reading
from services.drivers.shure.uhfr.codec.lines import CHANNELS_MOST, Report, Sample, parse
from services.drivers.shure.uhfr.codec.meters import Meters
from services.drivers.shure.uhfr.codec.state import UnitState
from services.model import Part


def replay(parts: int, data: bytes) -> list[Reading]:
    """Merge all messages; only keys that the bytes give are in the readings. Meters stand last."""
    state = UnitState()
    meters = {number: Meters() for number in range(1, CHANNELS_MOST + 1)}
    for message in parse(data):
        if isinstance(message, Report):
            state.take(message)
        elif isinstance(message, Sample):
            mine = meters[message.channel]
            mine.add(message, now=0.0)
            state.take_sampled(message.channel, message.battery, carrier=mine.carrier, gone=mine.gone)
            state.take_levels(message.channel, mine.rf_a, mine.rf_b)
    numbers = range(1, parts + 1)
    summaries = ((number, meters[number].take()) for number in numbers)
    return [
        *state.changes(numbers),
        *(Reading(Part(number), summary) for number, summary in summaries if summary is not None),
    ]
