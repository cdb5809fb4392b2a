"""Sets one attribute at a time and waits until the unit has reported what it made of it.

Theory: a unit echoes a request that it takes, and refuses others with a code (TI 1254 p. 6). Datagrams get lost and
values are absolute, so a request is sent again until one of the two comes; an older report of the same word may come
between. So only an equal value is a proof, and where it is not there the attribute is asked for once.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.drivers.port import SetResult, not_sent
from services.drivers.sennheiser.media_control.codec.controls import CONTROLS, Control
from services.drivers.sennheiser.media_control.codec.lines import Refusal
from services.drivers.sennheiser.media_control.codec.state import UnitState
from services.drivers.sennheiser.media_control.questions import Questions

_SILENT = "the unit did not report what became of it; whether it took it is not known"
_STRANGE = "units of this kind cannot be set so"
_OTHER = "the unit keeps another value"


class Setting:
    """Sets attributes of one unit; the caller does one thing at a time."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self._refusal: Refusal | None = None

    def refused(self, refusal: Refusal) -> None:
        """A request was refused."""
        self._refusal = refusal

    async def set(self, state: UnitState, wanted: Mapping[str, object], silence_s: float) -> dict[str, SetResult]:
        """Set keys. Never raises."""
        results: dict[str, SetResult] = {}
        for control in CONTROLS[state.kind]:
            mine = {key: value for key, value in wanted.items() if key in control.keys}
            if not mine:
                continue
            try:
                text = control.write({key: mine.get(key, state.value(key)) for key in control.keys})
            except ValueError as error:
                results |= {key: SetResult(value, "not_sent", detail=str(error)) for key, value in mine.items()}
                continue
            reported = await self._send(state, control, text, mine, silence_s)
            results |= {key: self._result(state, key, value, reported=reported) for key, value in mine.items()}
        return results | not_sent({key: value for key, value in wanted.items() if key not in results}, _STRANGE)

    async def _send(
        self, state: UnitState, control: Control, text: str, wanted: Mapping[str, object], silence_s: float
    ) -> bool:
        """Send one request; whether the unit reported the attribute."""
        self._refusal = None
        silent = await self._questions.ask((f"{control.word} {text}",), silence_s=silence_s)
        if not silent and all(state.value(key) == value for key, value in wanted.items()):
            return True
        refusal = self._refusal
        silent = await self._questions.ask((control.word,), silence_s=silence_s)
        self._refusal = refusal
        return not silent

    def _result(self, state: UnitState, key: str, wanted: object, *, reported: bool) -> SetResult:
        if not reported:
            return SetResult(wanted, "device_timeout", detail=_SILENT)
        value = state.value(key)
        if value == wanted:
            return SetResult(wanted, "ok", value)
        detail = f"the unit refuses it: {self._refusal.reason}" if self._refusal is not None else _OTHER
        return SetResult(wanted, "device_rejected", value, detail)
