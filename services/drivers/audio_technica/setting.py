"""Sets one value after the other, and shows which unit, transmitter or port is meant.

Theory: a unit answers a command that sets with ACK or NAK, and neither says what it has now. So it is asked after each
of them, and what it answers decides.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.drivers.audio_technica.asking import Asking, Reply
from services.drivers.audio_technica.codec.lines import REFUSALS, SETS, fields
from services.drivers.audio_technica.families.family import Control
from services.drivers.audio_technica.families.reading import Reader
from services.drivers.port import DriverError, SetOutcome, SetResult

_SILENT = "the unit did not report what became of it; whether it took it is not known"
_OTHER = "the unit keeps another value"
_CANNOT = "units of this line cannot be set so"


class Setting:
    """Sets values of one unit; the caller does one thing at a time."""

    def __init__(self, asking: Asking, reader: Reader) -> None:
        self._asking, self._reader = asking, reader
        self._controls = {each.key: each for each in reader.family.controls}

    async def set(self, number: int, wanted: Mapping[str, object]) -> dict[str, SetResult]:
        """Set keys of a part, once all of them can be written: else nothing is sent. Never raises."""
        texts: dict[str, str] = {}
        wrong: dict[str, str] = {}
        for key, value in wanted.items():
            try:
                texts[key] = self._controls[key].write(value)
            except KeyError:
                wrong[key] = _CANNOT
            except ValueError as error:
                wrong[key] = str(error)
        if wrong:
            others = "nothing was sent, because of what is wrong with the others"
            return {key: SetResult(value, "not_sent", detail=wrong.get(key, others)) for key, value in wanted.items()}
        return {key: await self._set(self._controls[key], number, texts[key], wanted[key]) for key in wanted}

    async def _set(self, control: Control, number: int, text: str, wanted: object) -> SetResult:
        link, own = self._reader.place(number)
        try:
            if self._asking.connection.closed.done():
                return SetResult(wanted, "not_sent", detail=self._asking.why_ended().detail)
            done = await self._asking.ask(control.word, f"{own},{text}", link=link, handshake=SETS)
            reply = await self._asking.ask(control.asks, str(own), link=link)
        except DriverError as error:
            return SetResult(wanted, "device_timeout", detail=error.detail)
        except ValueError as error:
            return SetResult(wanted, "not_sent", detail=str(error))
        return self._result(control, wanted, done, reply)

    def _result(self, control: Control, wanted: object, done: Reply, reply: Reply) -> SetResult:
        refused = "" if done.refusal is None else words(done.refusal)
        if not reply.answered or reply.message is None:
            outcome: SetOutcome = "device_rejected" if refused else "device_timeout"
            return SetResult(wanted, outcome, detail=refused or _SILENT)
        question = self._reader.question(reply.message)
        try:
            values = question.read(fields(reply.message.text)[1:])[0] if question is not None else {}
        except ValueError:
            return SetResult(wanted, "device_timeout", detail=_SILENT)
        reported = values.get(control.key)
        if reported == wanted:
            return SetResult(wanted, "ok", reported)
        return SetResult(wanted, "device_rejected", reported, refused or _OTHER)

    async def flash(self, number: int, *, on: bool) -> SetResult:
        """Begin or end the flashing of the unit (0) or of a part. Never raises."""
        flash = self._reader.family.flashes.get(number > 0)
        if flash is None:
            return SetResult(on, "not_sent", detail=f"{self._reader.family.title} has nothing there that flashes")
        pattern = flash.begin if on else flash.stop
        if pattern is None:
            return SetResult(on, "not_sent", detail="it ends by itself after some seconds and cannot be stopped")
        link, own = self._reader.place(number) if number else (self._reader.links[0], 0)
        try:
            reply = await self._asking.ask(flash.word, pattern.format(own), link=link, handshake=SETS)
        except DriverError as error:
            return SetResult(on, "device_timeout", detail=error.detail)
        if reply.refusal is not None:
            return SetResult(on, "device_rejected", detail=words(reply.refusal))
        return SetResult(on, "device_timeout", detail=_SILENT) if reply.silent else SetResult(on, "ok", on)


def words(refusal: int) -> str:
    """Why a unit refuses."""
    return f"the unit refuses: {REFUSALS.get(refusal, f'NAK {refusal:02d}, which no document explains')}"
