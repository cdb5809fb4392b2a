"""Sets one property at a time and waits until the receiver has reported what it made of it.

Theory: a receiver answers a SET with a REPORT of the property. Datagrams get lost and values are absolute, so a request
is sent again until one comes. An equal report is the proof; anything else proves nothing yet, for an older report may
be under way, and the property is asked for once. What the receiver answers to that is what it has.
Source: docs/protocols/uhfr.md#what-can-be-set.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.drivers.port import SetResult
from services.drivers.shure.uhfr.codec.controls import CONTROLS, FLASH, Control
from services.drivers.shure.uhfr.codec.lines import get, set_
from services.drivers.shure.uhfr.codec.state import UnitState
from services.drivers.shure.uhfr.questions import Questions

SET_S = 1.0
"""What was not reported of a SET after so long is asked for; a receiver reports within milliseconds."""

Values = Mapping[str, object]

_OTHERS = "nothing was sent, because of what is wrong with the others"
_SILENT = "the unit did not report what became of it; whether it took it is not known"
_STRANGE = "this unit did not report such a value, so it cannot be set"
_OTHER = "the unit keeps another value: it is locked, or cannot have this value (for example outside its band)"


class Setting:
    """Sets properties of one receiver; the caller does one thing at a time."""

    def __init__(self, questions: Questions, state: UnitState) -> None:
        self._questions = questions
        self._state = state

    async def set(self, channel: int, wanted: Values, silence_s: float) -> dict[str, SetResult]:
        """Set keys of a channel, once all of them can be written: else nothing is sent. Never raises."""
        wrong = dict.fromkeys(wanted, _STRANGE)
        written: list[tuple[Control, str, Values]] = []
        for control in CONTROLS:
            mine: Values = {key: value for key, value in wanted.items() if key in control.can}
            if not mine or (channel, control.word) not in self._state.answered:
                continue
            try:
                written.append((control, control.write(self._completed(channel, control, mine)), mine))
            except ValueError as error:
                wrong |= dict.fromkeys(mine, str(error))
                continue
            for key in mine:
                del wrong[key]
        if wrong:
            return {key: SetResult(value, "not_sent", detail=wrong.get(key, _OTHERS)) for key, value in wanted.items()}
        results: dict[str, SetResult] = {}
        for control, text, mine in written:
            reported = await self._send(channel, control, text, mine, silence_s)
            results |= {key: self._result(channel, key, value, reported=reported) for key, value in mine.items()}
        return {key: results[key] for key in wanted}

    async def flash(self, *, on: bool, silence_s: float) -> SetResult:
        """Make the receiver show itself; no source has a way to end that. Never raises."""
        if not on:
            return SetResult(on, "not_sent", detail="the unit ends it by itself")
        silent = await self._questions.ask({(0, FLASH): set_(0, FLASH)}, silence_s=min(SET_S, silence_s))
        return SetResult(on, "device_timeout", detail=_SILENT) if silent else SetResult(on, "ok", on)

    def _completed(self, channel: int, control: Control, wanted: Values) -> Values:
        """Values of all keys of a control: what is not wanted otherwise stays as it is. Raises `ValueError`."""
        had = {key: self._state.value(channel, key) for key in control.can if key not in wanted}
        if missing := sorted(key for key, value in had.items() if value is None):
            raise ValueError(f"give {' and '.join(missing)} too: the unit has none now")
        return {**had, **wanted}

    async def _send(self, channel: int, control: Control, text: str, wanted: Values, silence_s: float) -> bool:
        """Send one request; whether the receiver reported the property in the end."""
        address = (channel, control.word)
        request = {address: set_(channel, control.word, text)}
        silent = await self._questions.ask(request, silence_s=min(SET_S, silence_s))
        if not silent and all(self._state.value(channel, key) == value for key, value in wanted.items()):
            return True
        return not await self._questions.ask({address: get(*address)}, silence_s=silence_s)

    def _result(self, channel: int, key: str, wanted: object, *, reported: bool) -> SetResult:
        if not reported:
            return SetResult(wanted, "device_timeout", detail=_SILENT)
        value = self._state.value(channel, key)
        return (
            SetResult(wanted, "ok", value) if value == wanted else SetResult(wanted, "device_rejected", value, _OTHER)
        )
