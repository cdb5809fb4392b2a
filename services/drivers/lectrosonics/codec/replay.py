"""What recorded lines of a unit mean."""

from __future__ import annotations

from services.drivers.lectrosonics.codec.lines import CHANNELS, Answer, Lines, parse
from services.drivers.lectrosonics.codec.meters import Meters
from services.drivers.lectrosonics.codec.state import UnitState
from services.drivers.lectrosonics.codec.status import read_status
from services.drivers.lectrosonics.codec.words import STATUS
from services.drivers.port import Reading
from services.model import Part


def replay(data: bytes) -> list[Reading]:
    """Merge all answers that name their channel; readings have only keys that the lines give. Meters stand last."""
    state, meters = UnitState(), {number: Meters() for number in range(1, CHANNELS + 1)}
    for message in map(parse, Lines().feed(data + b"\n")):
        if not isinstance(message, Answer):
            continue
        if message.word != STATUS:
            state.take(message, message.number)
        elif message.number in meters:
            try:
                status = read_status(message.text)
            except ValueError:
                continue
            state.take_status(message.number, status, now=0.0)
            if message.number in state.present:
                meters[message.number].add(status)
    summaries = ((number, each.take()) for number, each in meters.items())
    return [
        *state.changes(meters),
        *(Reading(Part(number), summary) for number, summary in summaries if summary is not None),
    ]
