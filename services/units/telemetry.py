"""Meters, once an interval and channel: taken from the sessions, spread evenly over the interval.

Samples stay raw bytes in their session until they are taken here, so that their cost does not grow with what is
published of them. The work is cut into slices, because a change of a value must not wait behind a thousand meters.
"""

from __future__ import annotations

import asyncio
from math import ceil
from typing import cast

from services import clock
from services.live import Bus, UnitPart
from services.model import (
    Event,
    Facet,
    Part,
    Telemetry,
)
from services.units.sessions import Sessions, UnitSession

SLICES_MOST = 100
"""Slices of an interval: at 4,000 channels a second 40 channels each, about a millisecond of work."""

METERED_A_SLICE = 50
"""Below so many a slice, fewer slices: to wake up, and to write to the broker, costs as much as several channels."""

QUIET_A_SLICE = 100
"""Channels without meters are only looked at: an idle bridge sleeps."""

LEVELS_S = 30.0

METERS_HOLD_S = 10.0
"""Contract, section 1: a meter value is worth something for ten seconds; slow metering adds its own interval."""


class Metering:
    """Takes telemetry of every live channel, round after round."""

    def __init__(self, sessions: Sessions, bus: Bus, interval_s: float = 1.0) -> None:
        self._sessions = sessions
        self._bus = bus
        self.interval_s = interval_s
        self._round = 0

    async def run(self) -> None:
        """Run until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + self.interval_s, loop.time())
            await self._one_round(due)

    async def _one_round(self, end: float) -> None:
        loop = asyncio.get_running_loop()
        work = self._sessions.live()
        parts = [part for session in work for part in session.unit.parts.values()]
        metered = sum(part.telemetry is not None for part in parts)
        slices = min(SLICES_MOST, max(1, ceil(metered / METERED_A_SLICE), ceil(len(parts) / QUIET_A_SLICE)))
        share = ceil(len(work) / slices)
        rounds = max(1, round(LEVELS_S / self.interval_s))
        begin = loop.time()
        for number in range(slices):
            for place, session in enumerate(work[number * share : (number + 1) * share], number * share):
                self._meter(session)
                if (self._round + place) % rounds == 0:
                    self._levels(session)
            await asyncio.sleep(max(0.0, begin + (end - begin) * (number + 1) / slices - loop.time()))
        self._round += 1

    def _meter(self, session: UnitSession) -> None:
        link = session.link
        if link is None:
            return
        session.unit.heard_s = link.last_heard  # the session itself looks once a keep-alive
        for part in session.unit.parts.values():
            telemetry = cast("Telemetry | None", link.take_telemetry(Part(part.number)))
            if telemetry is None:
                self._let_go(session, part)
                continue
            if telemetry.get("audio_overload"):
                self._tell_overload(part, telemetry)
            part.telemetry, part.unmetered_s = telemetry, 0.0
            part.levels.add(telemetry)
            part.counters.rf_dropouts += telemetry.get("dropouts", 0)
            self._bus.mark(part.address, Facet.TELEMETRY)

    def _tell_overload(self, part: UnitPart, telemetry: Telemetry) -> None:
        """Every interval with an overload counts, and the first of them is an event."""
        part.counters.audio_overload += 1
        if part.telemetry is None or not part.telemetry.get("audio_overload"):
            peak = {"audio_peak_dbfs": telemetry.get("audio_peak_dbfs")}
            self._bus.tell(Event(clock.uuid7(), "audio_overload", clock.now_text(), part.address, peak))

    def _let_go(self, session: UnitSession, part: UnitPart) -> None:
        """Between two samples the newest meters stay readable; meters that ended do not."""
        own = session.unit.record.meter_interval_s
        asked = self._sessions.polling.meter_interval_s if own is None else own
        part.unmetered_s += self.interval_s
        if part.unmetered_s > METERS_HOLD_S + asked:
            part.telemetry = None

    def _levels(self, session: UnitSession) -> None:
        for part in session.unit.parts.values():
            part.newest_levels = part.levels.take()
            if part.newest_levels is not None:
                self._bus.mark(part.address, Facet.LEVELS)
