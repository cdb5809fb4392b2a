"""Sets one address at a time and waits until the unit has reported what it made of it.

Theory: a unit echoes the value that it adopted, which may be another one: some clamp in silence, some refuse with a
code. Datagrams get lost and values are absolute, so a request is sent again until an answer comes; an older report of
the same address may come between. So only an equal value is a proof, and where it is not there the address is asked
once. Source: docs/protocols/sennheiser-ssc.md#setting.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.drivers.port import SetResult, not_sent
from services.drivers.sennheiser.ssc.codec.state import UnitState
from services.drivers.sennheiser.ssc.codec.wire import Refusal
from services.drivers.sennheiser.ssc.codec.words import words_of
from services.drivers.sennheiser.ssc.questions import Questions
from services.model import Part, SettableRange

_SILENT = "the unit did not report what became of it; whether it took it is not known"
_STRANGE = "units of this kind cannot be set so"
_OTHER = "the unit keeps another value"
NOTHING = object()


class Setting:
    """Sets addresses of one unit; the caller does one thing at a time."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self._address = ""
        self._heard: object = NOTHING
        self._refusal: Refusal | None = None

    def heard(self, address: str, value: object) -> None:
        """Something was reported."""
        if address == self._address:
            self._heard = value

    def refused(self, refusal: Refusal) -> None:
        """Something was refused."""
        if refusal.address == self._address and self._refusal is None:
            self._refusal = refusal

    async def set(
        self,
        state: UnitState,
        part: Part,
        wanted: Mapping[str, object],
        settable: Mapping[str, SettableRange],
        silence_s: float,
    ) -> dict[str, SetResult]:
        """Set keys of a part, within the range that the unit itself gave. Never raises."""
        results: dict[str, SetResult] = {}
        for key, value in wanted.items():
            found = state.control(part.number, key)
            if found is None or key not in settable:
                results |= not_sent({key: value}, _STRANGE)
                continue
            address, control = found
            try:
                written = control.write(value)
                _within(value, settable[key])
            except ValueError as error:
                results |= not_sent({key: value}, str(error))
                continue
            reported = await self.write(address, written, silence_s)
            results[key] = self._result(value, state.value(part.number, key), reported=reported)
        return results

    async def write(self, address: str, value: object, silence_s: float) -> bool:
        """Write a value at an address; whether the unit reported what stands there now."""
        self._address, self._heard, self._refusal = address, NOTHING, None
        try:
            silent = await self._questions.ask({address: value}, silence_s=silence_s)
            if not silent and self._is(value):
                return True
            self._heard = NOTHING
            silent = await self._questions.ask({address: None}, silence_s=silence_s)
            return not silent and self._heard is not NOTHING
        finally:
            self._address = ""

    async def switch(self, address: str, silence_s: float, *, on: bool, place: int = -1, count: int = 0) -> SetResult:
        """Switch something that has no key of its own: alone, or at one place of a list that has ``count``."""
        value: object = on if place < 0 else [on if each == place else None for each in range(count)]
        if not await self.write(address, value, silence_s):
            return self._result(on, None, reported=False)
        heard = self._heard
        if place >= 0:
            heard = heard[place] if isinstance(heard, list) and place < len(heard) else None
        return self._result(on, heard, reported=True)

    def _is(self, value: object) -> bool:
        """Whether what was heard is the value, in a list that of each place that was not left alone."""
        heard = self._heard
        if isinstance(value, list) and isinstance(heard, list) and len(heard) == len(value):
            return all(wanted is None or wanted == now for wanted, now in zip(value, heard, strict=True))
        return type(heard) is type(value) and heard == value

    def _result(self, wanted: object, value: object, *, reported: bool) -> SetResult:
        if not reported and self._refusal is None:
            return SetResult(wanted, "device_timeout", detail=_SILENT)
        if value == wanted:
            return SetResult(wanted, "ok", value)
        refusal = self._refusal
        detail = _OTHER if refusal is None else f"the unit refuses it: {words_of(refusal.code, refusal.said)}"
        return SetResult(wanted, "device_rejected", value, detail)


def _within(value: object, can: SettableRange) -> None:
    """Raises `ValueError` for a number outside of what the unit says of itself."""
    if isinstance(value, int | float) and "minimum" in can and not can["minimum"] <= value <= can["maximum"]:
        raise ValueError(f"{value} is not within {can['minimum']:g} to {can['maximum']:g}")
