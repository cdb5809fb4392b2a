"""What recorded lines of a unit mean.

A line is ``data: {...}`` of an event, the object of a notification alone, or ``GET /api/... {...}``, an answer with the
resource that was asked for; ``GET /api/... 422`` is a refusal with its status. Everything else is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from services.drivers.port import Part, Reading
from services.drivers.sennheiser.sscv2.codec.family import UnitState
from services.drivers.sennheiser.sscv2.codec.notifications import changes

DATA, GET = "data:", "GET "
_GONE = 422


def replay(state: UnitState, data: bytes) -> list[Reading]:
    """Merge all lines into a state; meters are summed up over all of them."""
    readings: list[Reading] = []
    metered: set[Part] = set()
    for line in data.decode("utf-8", "replace").splitlines():
        for path, value in _resources(line.strip()):
            if state.meter(path, value) is None:
                refused = isinstance(value, int) and not isinstance(value, bool)
                readings += state.lacking(path, value) if refused else state.take(path, value) or []  # type: ignore[arg-type]
            else:
                metered.update(part for part in state.parts if path in state.fast(part))
    for part in sorted(metered):
        levels = state.meters[part].take(heard=False)
        if levels is not None:
            readings.append(Reading(part, levels))
    return readings


def _resources(line: str) -> Iterator[tuple[str, object]]:
    if line.startswith(GET):
        path, _, text = line.removeprefix(GET).partition(" ")
        try:
            yield path, json.loads(text)
        except (ValueError, RecursionError):
            return
    else:
        found = changes(line.removeprefix(DATA))
        yield from (found or {}).items()
