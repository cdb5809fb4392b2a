"""Meters, once an interval and part: taken from the sessions, spread evenly over the interval.

Samples stay raw bytes in their session until they are taken here, so that their cost does not grow with what is
published of them. The work is cut into slices, because a change of a value must not wait behind a thousand meters.
"""

from __future__ import annotations

import asyncio
import logging
from math import ceil

from services import clock
from services.drivers import Reading
from services.live import Changes, Unit, UnitPart
from services.model import Event, Facet, Telemetry
from services.units.reading_fold import ReadingFold
from services.units.session import UnitSession
from services.units.sessions import Sessions

log = logging.getLogger(__name__)

SLICES_MOST = 100
"""Slices of an interval: at 4,000 channels a second 40 channels each, about a millisecond of work."""

METERED_A_SLICE = 50
"""Below so many a slice, fewer slices: to wake up, and to write to the broker, costs as much as several channels."""

QUIET_A_SLICE = 100
"""Channels without meters are only looked at: an idle bridge sleeps."""

RECEIVED = "carrier_received"
"""Evidence for ``transmitter_present``: see `services.rules.channels`."""

LEVELS_S = 30.0
"""Seconds that `levels` sum up (docs/topics.md)."""

METERS_HOLD_S = 10.0
"""Contract, section 1: a meter value is worth something for ten seconds; slow metering adds its own interval."""


class TelemetryCollector:
    """Takes telemetry of every live part, round after round."""

    def __init__(self, sessions: Sessions, changes: Changes, fold: ReadingFold, interval_s: float = 1.0) -> None:
        self._sessions = sessions
        self._changes = changes
        self._fold = fold
        self._loop = asyncio.get_running_loop()
        self.interval_s = interval_s
        self._round = 0
        self._failing: set[str] = set()
        """Units whose meters could not be read, by id: the log has each of them once."""

    async def run(self) -> None:
        """Run until cancelled."""
        due = self._loop.time()
        while True:
            due = max(due + self.interval_s, self._loop.time())
            await self._one_round(due)

    async def _one_round(self, end: float) -> None:
        loop = self._loop
        work = self._sessions.live()
        parts = [part for session in work for part in session.unit.parts.values()]
        metered = sum(part.meters.newest is not None for part in parts)
        slices = min(SLICES_MOST, max(1, ceil(metered / METERED_A_SLICE), ceil(len(parts) / QUIET_A_SLICE)))
        share = ceil(len(work) / slices)
        rounds = max(1, round(LEVELS_S / self.interval_s))
        begin = loop.time()
        for number in range(slices):
            for place, session in enumerate(work[number * share : (number + 1) * share], number * share):
                self._collect(session)
                if (self._round + place) % rounds == 0:
                    self._record(session.unit)
            await asyncio.sleep(max(0.0, begin + (end - begin) * (number + 1) / slices - loop.time()))
        self._round += 1

    def _collect(self, session: UnitSession) -> None:
        try:
            self._take(session)
        except Exception:  # a driver's bug must not take the meters of all other units with it
            unit = session.unit.address.id
            if unit not in self._failing:
                self._failing.add(unit)
                log.exception("meters of a unit cannot be read; please report this", extra={"unit": unit})

    def _take(self, session: UnitSession) -> None:
        link = session.link
        if link is None:
            return
        now = self._loop.time()
        for part in list(session.unit.parts.values()):
            telemetry: Telemetry | None = link.take_telemetry(part.place)
            if telemetry is None:
                self._miss(session.unit, part)
                continue
            telemetry = part.meters.reception.judge(telemetry, part.state.get("transmitter_present"), now)
            if telemetry.get("audio_overload"):
                self._count_overload(part, telemetry)
            part.meters.take(telemetry)
            part.counters.rf_dropouts += telemetry.get("dropouts", 0)
            self._changes.mark(part.address, Facet.TELEMETRY)
            self._witness(session.unit, part, part.meters.reception.received)

    def _witness(self, unit: Unit, part: UnitPart, received: bool | None) -> None:  # noqa: FBT001 - a value
        """Where a unit has several signs of a transmitter, whether a carrier is received decides between them."""
        if received is part.reported.get(RECEIVED) or part.abilities is None or len(part.abilities.presence) < 2:  # noqa: PLR2004
            return
        self._fold.take(unit, [Reading(part.place, {RECEIVED: received})])

    def _count_overload(self, part: UnitPart, telemetry: Telemetry) -> None:
        """Every interval with an overload counts, and the first of them is an event."""
        part.counters.audio_overload += 1
        newest = part.meters.newest
        if newest is None or not newest.get("audio_overload"):
            peak = {"audio_peak_dbfs": telemetry.get("audio_peak_dbfs")}
            self._changes.enqueue(Event(clock.uuid7(), "audio_overload", clock.now_text(), part.address, peak))

    def _miss(self, unit: Unit, part: UnitPart) -> None:
        """Between two samples the newest meters stay readable; meters that ended do not."""
        own = unit.record.meter_interval_s
        asked = self._sessions.polling.meter_interval_s if own is None else own
        hold_s = METERS_HOLD_S + asked
        part.meters.miss(self.interval_s, hold_s)
        if asked == 0 or part.meters.unmetered_s > hold_s:
            self._witness(unit, part, received=False)  # there are no meters: the unit's own signs have to do

    def _record(self, unit: Unit) -> None:
        for part in unit.parts.values():
            if part.meters.record():
                self._changes.mark(part.address, Facet.LEVELS)
