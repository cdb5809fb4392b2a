"""Sets one value at a time and waits until the unit has reported what it made of it.

Theory: a change is asked for by PATCH, and told of by the event that tells of every change. The answer to the PATCH
proves nothing, so only an equal value in an event counts; where none comes within a moment, the value is asked for
once, and what the server answers to that is what the unit has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.drivers.port import DriverError, Part, SetResult
from services.drivers.shure.system_api.codec.controls import misfit
from services.drivers.shure.system_api.conversation.asking import Place, Plan
from services.drivers.shure.system_api.conversation.reader import Reader
from services.model import SettableRange

REPORTED_S: Final = 1.0
"""What was not told of a change after so long is asked for."""
IDENTIFY: Final = "identifying"

_OTHERS = "nothing was sent, because of what is wrong with the others"
_SILENT = "the unit did not report what became of it; whether it took it is not known"
_OTHER = "the unit keeps another value"
_REFUSED = "the server refuses it"


class Setting:
    """Sets values of one unit; the caller does one thing at a time."""

    def __init__(self, reader: Reader, answer_timeout_s: float) -> None:
        self._reader, self._values = reader, reader.values
        self._timeout_s = answer_timeout_s

    async def set(self, plan: Plan, part: Part, wanted: Mapping[str, object]) -> dict[str, SetResult]:
        """Set keys, once all of them can be sent: else nothing is. Never raises."""
        settable = _settable(plan, part)
        places = {place.key: place for place in plan.places if place.part == part}
        wrong = {key: "this unit cannot be set so" for key in wanted if key not in settable or key not in places}
        wrong |= {
            key: why for key, value in wanted.items() if key not in wrong and (why := misfit(settable[key], value))
        }
        if wrong:
            return {key: SetResult(value, "not_sent", detail=wrong.get(key, _OTHERS)) for key, value in wanted.items()}
        results: dict[str, SetResult] = {}
        for key, value in wanted.items():
            place = places[key]
            results[key] = await self._one(place, value, "PATCH", place.path, {place.resource.field: value})
        return results

    async def identify(self, plan: Plan, part: Part, *, on: bool) -> SetResult:
        """Begin or end the flashing of a unit. Never raises."""
        place = next((each for each in plan.places if each.part == part and each.key == IDENTIFY), None)
        if place is None:
            return SetResult(on, "not_sent", detail="it has nothing that flashes")
        return await self._one(place, on, "POST", f"{place.path}/{'start' if on else 'stop'}", None)

    async def _one(self, place: Place, value: object, method: str, path: str, body: object) -> SetResult:
        told, taken, reported = self._values.told(place.path), False, False
        try:
            taken = await self._reader.send(method, path, body)
            if taken and await self._values.holds(place.path, value, told, min(REPORTED_S, self._timeout_s)):
                return SetResult(value, "ok", value)
            reported = await self._reader.fetch(place)
        except DriverError as error:
            return SetResult(value, "device_timeout", detail=error.detail)
        if not reported:
            return SetResult(value, "device_timeout", detail=_SILENT)
        has = self._values[place.path]
        if has == value:
            return SetResult(value, "ok", has)
        return SetResult(value, "device_rejected", has, _OTHER if taken else _REFUSED)


def _settable(plan: Plan, part: Part) -> Mapping[str, SettableRange]:
    found = plan.describe()
    able = found.parts.get(part.number) if part.number else found.abilities
    return able.settable if able is not None and not part.slot else {}
