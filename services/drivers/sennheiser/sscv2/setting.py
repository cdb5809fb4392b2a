"""Sets one property at a time and waits until the unit has reported what it made of it.

Theory: a unit answers a PUT with a status, and tells who follows the resource of the change. Only an equal value that
was reported is a proof; where none came soon, the resource is read once. What that says is what the unit has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from services.drivers.port import UNIT, DriverError, Part, SetResult, not_sent
from services.drivers.sennheiser.sscv2.codec.controls import Control, inside
from services.drivers.sennheiser.sscv2.codec.family import UnitState
from services.drivers.sennheiser.sscv2.questions import CONFLICT, UNPROCESSABLE, Questions, is_ok
from services.model import in_words

REPORTED_S = 0.5
"""What a unit has not told of a change by then is asked for."""

_SILENT = "the unit did not report what became of it; whether it took it is not known"
_STRANGE = "units of this kind cannot be set so"
_OTHER = "the unit keeps another value"
_OTHERS = "nothing was sent, because another value of the same request cannot be"
_WHY = {CONFLICT: "not now", UNPROCESSABLE: "the value is out of its range, or between two steps"}


@dataclass(slots=True)
class _Step:
    """One key to set."""

    key: str
    control: Control
    value: object
    wire: object


class Setting:
    """Sets properties of one unit; the caller does one thing at a time."""

    def __init__(
        self,
        questions: Questions,
        state: UnitState,
        read: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._questions = questions
        self._state = state
        self._value = state.value
        self._read = read
        self._changed = asyncio.Event()

    def news(self) -> None:
        """The unit told of a change."""
        self._changed.set()

    async def set(self, part: Part, wanted: Mapping[str, object]) -> dict[str, SetResult]:
        """Set keys, once all can be written: else nothing is sent. Never raises."""
        wrong, steps = dict[str, str](), list[_Step]()
        for key, value in wanted.items():
            control = self._state.controls.get(key) if part != UNIT and part.slot == 0 else None
            if control is None:
                wrong[key] = _STRANGE
                continue
            try:
                wire = control.write(value)
            except ValueError as error:
                wrong[key] = str(error)
                continue
            if key == "frequency_mhz" and not inside(blocks := self._value(part, "tuning_ranges_mhz"), value):
                wrong[key] = f"{value} MHz is outside of what this unit tunes: {blocks} MHz"
            steps.append(_Step(key, control, value, wire))
        if wrong:
            return {key: SetResult(value, "not_sent", detail=wrong.get(key, _OTHERS)) for key, value in wanted.items()}
        return {step.key: await self._one(part, step) for step in steps}

    async def _one(self, part: Part, step: _Step) -> SetResult:
        number = part.number - 1
        refusal = ""
        try:
            status, body = await self._questions.put(step.control.path.format(number), {step.control.name: step.wire})
            if not is_ok(status):
                refusal = _refusal(status, body)
            elif await self._told(part, step):
                return SetResult(step.value, "ok", self._value(part, step.key))
        except DriverError as error:
            refusal = "" if error.reason in {"silent", "timeout"} else error.detail
        try:
            known = await self._read(step.control.asked.format(number))
        except DriverError:
            known = False
        if not known:
            return SetResult(step.value, "device_timeout", detail=refusal or _SILENT)
        reported = self._value(part, step.key)
        if reported == step.value:
            return SetResult(step.value, "ok", reported)
        return SetResult(step.value, "device_rejected", reported, refusal or _OTHER)

    async def _told(self, part: Part, step: _Step) -> bool:
        """Whether the unit told of the value by itself."""
        try:
            async with asyncio.timeout(REPORTED_S):
                while self._value(part, step.key) != step.value:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def show(self, part: Part, *, on: bool) -> SetResult:
        """Begin or end that the unit or a channel shows itself. Never raises."""
        place = self._state.shows(part)
        if place is None:
            return SetResult(on, "not_sent", detail="units of this kind have nothing there that shows itself")
        path, name = place
        try:
            status, body = await self._questions.put(path, {name: on})
            if not is_ok(status):
                return SetResult(on, "device_rejected", detail=_refusal(status, body))
            status, body = await self._questions.get(path)
        except DriverError as error:
            return SetResult(on, "device_timeout", detail=error.detail)
        reported = body.get(name) if isinstance(body, dict) else None
        if is_ok(status) and reported is on:
            return SetResult(on, "ok", on)
        if reported is None:
            return SetResult(on, "device_timeout", detail=_SILENT)
        return SetResult(on, "device_rejected", reported, _OTHER)


def _refusal(status: int, body: object) -> str:
    why = _WHY.get(status, "")
    said = body.get("error") if isinstance(body, dict) else None
    words = f"the unit refuses it with status {status}"
    return ": ".join(each for each in (words, why, in_words(said) if said is not None else "") if each)


def nothing_was_read(wanted: Mapping[str, object]) -> dict[str, SetResult]:
    """The results of a unit or part that is not known."""
    return not_sent(wanted, "the unit has not been read yet, or has no such part")
