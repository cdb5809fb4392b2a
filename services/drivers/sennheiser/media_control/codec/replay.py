"""What recorded bytes of a unit mean."""

from __future__ import annotations

from services.drivers.port import Reading
from services.drivers.sennheiser.media_control.codec.lines import Report, parse
from services.drivers.sennheiser.media_control.codec.meters import METERS
from services.drivers.sennheiser.media_control.codec.state import CHANNEL, UNIT, UnitState
from services.model import Kind


def replay(kind: Kind, data: bytes) -> list[Reading]:
    """Merge all lines; only keys that the bytes give are in the readings. Meters are the last one, if there are any.

    A line feed ends a line too, for a capture is a text file.
    """
    state, meters = UnitState(kind), METERS[kind]()
    for message in parse(data.replace(b"\n", b"\r")):
        if isinstance(message, Report) and message.text is not None:
            state.take(message)
            meters.add(message.word, message.text)
    state.settle()
    readings = state.changes()
    if state.firmware is not None:
        readings.insert(0, Reading(UNIT, {"firmware": state.firmware}))
    if (levels := meters.take()) is not None:
        readings.append(Reading(CHANNEL, levels))
    return readings
