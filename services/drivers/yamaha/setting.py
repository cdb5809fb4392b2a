"""Mutes a microphone and waits until the base has reported what became of it.

A base reports every change by ``val``, whoever made it. So an equal report is the proof; where another one comes, which
may be older, or none, the mute is asked for once. Source: docs/protocols/executive-elite.md#what-can-be-set
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.drivers.port import DriverError, SetResult
from services.drivers.yamaha.codec.lines import set_
from services.drivers.yamaha.codec.microphones import Base
from services.drivers.yamaha.conversation import Conversation

KEY: Final = "transmitter_muted"
QUESTION: Final = "mutestatus"
REPORTED_S: Final = 1.0
_UNKNOWN = "of an Executive Elite only the mute of a channel can be set"
_NO_SWITCH = f"{KEY} is true or false"
_AWAY = "the channel's microphone is off, charging or out of range: there is nothing to mute"
_SILENT = "the unit did not report what became of it; whether it took it is not known"
_OTHER = "the unit keeps another value; a mute group or a locked button decides over it"


class Setting:
    """Sets keys of channels; the caller does one thing at a time."""

    def __init__(self, conversation: Conversation, base: Base, answer_timeout_s: float) -> None:
        self._conversation = conversation
        self._base = base
        self._timeout_s = answer_timeout_s
        self._reported: dict[int, object] = {}

    def reported(self, number: int, values: Mapping[str, object]) -> None:
        """Note what the base says of a channel."""
        if "muted" in values:
            self._reported[number] = values["muted"]

    async def set(self, number: int, wanted: Mapping[str, object]) -> dict[str, SetResult]:
        """Set keys of a channel. Never raises."""
        results = {}
        for key, value in wanted.items():
            why = _UNKNOWN if key != KEY else _NO_SWITCH if not isinstance(value, bool) else ""
            if not why and not self._base.is_there(number):
                why = _AWAY
            results[key] = (
                SetResult(value, "not_sent", detail=why) if why else await self._mute(number, wanted=value is True)
            )
        return results

    async def _mute(self, number: int, *, wanted: bool) -> SetResult:
        self._reported.clear()
        try:
            self._conversation.send(set_("mute", number, int(wanted)))
            within = min(REPORTED_S, self._timeout_s)
            if not await self._conversation.wait(lambda: number in self._reported, within=within) or (
                self._reported.get(number) is not wanted
            ):
                self._reported.clear()
                await self._conversation.ask([(QUESTION, number)])
        except DriverError as error:
            return SetResult(wanted, "device_timeout", detail=str(error))
        reported = self._reported.get(number)
        if reported is None:
            return SetResult(wanted, "device_timeout", detail=_SILENT)
        if reported is not wanted:
            return SetResult(wanted, "device_rejected", reported, _OTHER)
        return SetResult(wanted, "ok", reported)
