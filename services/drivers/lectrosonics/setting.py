"""Sets one property at a time and waits until the unit has reported what it made of it.

Theory: a set is answered by ``OK`` with the value that the unit now has. An equal one is the proof; where another one
comes, or an error, or ``OK`` alone, or nothing, the property is asked for once.
Source: docs/protocols/lectrosonics-dsqd.md#what-can-be-set.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from services.drivers.lectrosonics.codec.controls import CONTROLS, Control
from services.drivers.lectrosonics.codec.lines import Answer, Message, Refusal, get, set_
from services.drivers.lectrosonics.codec.state import UnitState
from services.drivers.port import DriverError, SetResult

Ask = Callable[[bytes, str, int], Awaitable[Message | None]]
"""Sends a request about a word of a channel, merges the answer into the state, and returns it."""

_OTHERS: Final = "nothing was sent, because of what is wrong with the others"
_STRANGE: Final = "of a channel of a DSQD only name, gain, mute and frequency can be set"
_SILENT: Final = "the unit did not report what became of it; whether it took it is not known"
_REFUSES: Final = "the unit answers with an error: {}"
_OTHER: Final = "the unit keeps another value"


class Setting:
    """Sets properties of one unit; the caller does one thing at a time."""

    def __init__(self, state: UnitState) -> None:
        self._state = state

    async def set(self, ask: Ask, number: int, wanted: Mapping[str, object]) -> dict[str, SetResult]:
        """Set keys of a channel, once all of them can be written: else nothing is sent. Never raises."""
        wrong = dict.fromkeys(wanted, _STRANGE)
        written: list[tuple[Control, str]] = []
        for control in CONTROLS:
            if control.key in wanted:
                try:
                    written.append((control, control.write(wanted[control.key])))
                    del wrong[control.key]
                except ValueError as error:
                    wrong[control.key] = str(error)
        if wrong:
            return {key: SetResult(value, "not_sent", detail=wrong.get(key, _OTHERS)) for key, value in wanted.items()}
        results = {}
        for control, text in written:
            results[control.key] = await self._one(ask, number, control, text, wanted[control.key])
        return {key: results[key] for key in wanted}

    async def _one(self, ask: Ask, number: int, control: Control, text: str, wanted: object) -> SetResult:
        """Set one property; what the unit reports of it last counts."""
        try:
            first = await ask(set_(control.word, number, text), control.word, number)
            last = first
            if not self._tells(first) or self._state.value(number, control.key) != wanted:
                last = await ask(get(control.word, number), control.word, number)
        except DriverError as error:
            return SetResult(wanted, "device_timeout", detail=str(error))
        if not self._tells(last):
            return SetResult(wanted, "device_timeout", detail=_SILENT)
        reported = self._state.value(number, control.key)
        if reported == wanted:
            return SetResult(wanted, "ok", reported)
        detail = _REFUSES.format(first.text) if isinstance(first, Refusal) else _OTHER
        return SetResult(wanted, "device_rejected", reported, detail)

    @staticmethod
    def _tells(message: Message | None) -> bool:
        """Whether a message carries a value: an ``OK`` alone does not."""
        return isinstance(message, Answer) and bool(message.word)
