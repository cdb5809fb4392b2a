"""The session of one unit: connect, read everything, stay connected, lose the connection, wait, connect again.

FIN and RST end a connection at once. Silence ends it too: after one keep-alive without data the unit is asked, after
two it is lost. A unit is online only after a complete first read. Each unit has one session.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import BaseModel

from services.backoff import Backoff, pause_of_absent
from services.drivers import (
    Credentials,
    Description,
    DriverError,
    Link,
    Makers,
    Reading,
    Target,
    families,
    look,
    make_target,
)
from services.live import SessionState, Unit
from services.model import NOUNS, ServiceError, UnitRecord
from services.units.availability import Availability
from services.units.reading_fold import ReadingFold
from services.units.recognition import Recognition
from services.units.unit_queue import UnitQueues

log = logging.getLogger(__name__)

SessionEvent = Literal["connected", "complete", "lost", "due"]

STATES: Mapping[SessionState, Mapping[SessionEvent, SessionState]] = {
    "connecting": {"connected": "reading", "lost": "waiting"},
    "reading": {"complete": "live", "lost": "waiting"},
    "live": {"lost": "waiting"},
    "waiting": {"due": "connecting"},
}
"""State -> what happens -> next state. The diagram in docs/architecture.md is made from it."""

RETRY_FIRST_S, RETRY_MOST_S = 1.0, 3.5
"""Seconds from the start of one attempt to the next: a unit that returns soon is connected within 5 s, read included.
One that has been away for more than a minute is asked less often (`services.backoff.pause_of_absent`)."""

STEADY_S = 10.0
"""Seconds that a unit has to be live before its next loss counts as the first one: a unit that breaks as soon as it was
read is asked less and less often."""

RETRY_PAUSE_S = 0.3
"""Shortest pause between the end of an attempt and the next, in seconds: a rack that boots is not hammered."""

MODES = frozenset({"quadversity_mode", "transmission_mode", "diversity"})
"""Keys with which a unit may get other parts: after a change it is read again."""
SETTLE_S = 2.0
"""How long after such a change: what follows from it is reported one by one, or the unit starts anew. A unit that
changes its mode all the time is not read more often than that."""

LOOK_EVERY = 4
"""Of so many attempts in a row that fail, one knocks at the doors of all drivers, where any driver will do: the unit
may have moved to another protocol with its firmware, or be a unit of another maker."""

AUTO = "auto"
"""In place of a driver's name: any driver that knows the unit."""


@dataclass(frozen=True, slots=True)
class Polling:
    """Intervals and time limits of all sessions, in seconds."""

    refresh_interval_s: float = 300.0
    keepalive_s: float = 10.0
    meter_interval_s: float = 1.0
    connect_timeout_s: float = 3.0
    answer_timeout_s: float = 3.0
    interface: str = ""
    """Local address to connect from, unless the unit has its own."""


class UnitSession:
    """Keeps one unit connected and read."""

    def __init__(
        self,
        unit: Unit,
        makers: Makers,
        names: Sequence[str],
        fold: ReadingFold,
        availability: Availability,
        polling: Polling,
        recognition: Recognition,
        queues: UnitQueues,
        *,
        credentials: Credentials,
    ) -> None:
        self.unit = unit
        unit.link_state.session = "connecting"
        self.link: Link | None = None
        self._makers = makers
        self._names = names
        """Drivers that may know the unit."""
        self._likely = likely_driver(makers, names, unit.record)
        """The one that read it last, or that knows its family."""
        self._fold = fold
        self._availability = availability
        self._polling = polling
        self._recognition = recognition
        self._queues = queues
        self._credentials = credentials
        self._used: tuple[str, BaseModel | None] | None = None
        """The driver of the last attempt, and the options that it was given."""
        self._waiting: asyncio.Future[None] | None = None
        self._refused: asyncio.Future[DriverError] = asyncio.get_running_loop().create_future()
        """Set where a later read of this conversation found another unit."""
        self._modes: dict[tuple[object, str], object] = {}
        """What was reported of `MODES` in this conversation."""
        self._mode_changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._attempts = 0
        """Attempts in a row that failed."""
        self._backoff = Backoff(RETRY_FIRST_S, RETRY_MOST_S)
        self._live_since = 0.0
        self._away_since = asyncio.get_running_loop().time()
        """Loop time from which on the unit has not been live."""
        self._changed = asyncio.Event()

    @property
    def state(self) -> SessionState:
        """The state of the session."""
        return self.unit.link_state.session

    @property
    def live(self) -> bool:
        """Whether a complete read came in this session."""
        return self.state == "live"

    async def run(self) -> None:
        """Keep the unit connected until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                started = loop.time()
                self._changed.clear()
                try:
                    await self._converse()
                except DriverError as error:
                    if self.state != "waiting":
                        self._lost(error)
                    await self._wait(self._pause(error.again_s, loop.time() - started))
                self._enter("due")
        finally:
            self.link = None

    def configure(self, polling: Polling) -> None:
        """Use other intervals and time limits from now on, without losing the connection."""
        self._polling = polling
        self._changed.set()
        self.meter()

    @property
    def meter_interval_s(self) -> float:
        """The unit's own metering interval, in seconds; 0 is off."""
        return self._target(self.unit.record).meter_interval_s

    def meter(self) -> None:
        """Ask for the unit's own metering interval over the open connection."""
        if self.link is not None:
            self.link.meter(None, self.meter_interval_s)

    async def refresh(self) -> None:
        """Read everything again. Raises `ServiceError` (device_offline, device_timeout).

        Reads wait for their turn in the unit's queue. A caller that comes while a read waits gets the outcome of that
        read, because it begins after the call.
        """
        if self._waiting is None:
            self._waiting = asyncio.ensure_future(self._queues.run(self.unit.address, self._read_next, internal=True))
            self._waiting.add_done_callback(_retrieve)
        await asyncio.shield(self._waiting)

    async def read(self) -> None:
        """Read everything again at once, as part of work that has its turn already. Raises `ServiceError` likewise."""
        link = self.link
        if link is None or not self.live:
            raise ServiceError("device_offline", self._offline_words())
        try:
            description = await link.read_all()
        except DriverError as error:
            raise ServiceError("device_timeout", error.detail) from error
        if self.link is link and self._likely is not None:
            self._take_over(self._likely, description)

    def _take_over(self, driver: str, description: Description) -> None:
        """Parts come and go while a unit is connected, and so may the unit itself. Raises `ServiceError`."""
        try:
            self._recognition.verify(self.unit, driver, description)
        except DriverError as error:
            if not self._refused.done():
                self._refused.set_result(error)
            raise ServiceError("device_offline", error.detail) from error

    async def _read_next(self) -> None:
        self._waiting = None
        await self.read()

    @property
    def outdated(self) -> bool:
        """Whether the last attempt had other options than the next one would get: a new password, for example."""
        if self._used is None:
            return False
        name, options = self._used
        return options != self._credentials.options(name, self._target(self.unit.record).host, self.unit.options)

    # -- one conversation ------------------------------------------------------------------------------------

    async def _converse(self) -> None:
        target = self._target(self.unit.record)
        self._fold.begin(self.unit)
        self._modes.clear()
        name = await self._choose(target)
        options = self._credentials.options(name, target.host, self.unit.options)
        self._used = name, options
        target = replace(target, options=options)
        async with self._makers.maker(name).connect(target, self._receive) as link:
            self._enter("connected")
            self.link, self._refused = link, asyncio.get_running_loop().create_future()
            try:
                description = await link.read_all()
                self._recognition.verify(self.unit, name, description)
                self._enter("complete")
                self._attempts, self._likely = 0, name
                self._live_since = asyncio.get_running_loop().time()
                self.unit.link_state.opened(link)
                self._fold.complete(self.unit)
                who = description.identity
                log.info("unit is online", extra=self._words(model=who.model, firmware=who.firmware))
                await self._stay(link)
            except DriverError as error:
                self._lost(error)  # now: to close politely may take half a second
                raise
            finally:
                self.link = None
                self.unit.link_state.closed(link)

    async def _choose(self, target: Target) -> str:
        """The driver for this attempt. Raises `DriverError` where all were asked and nobody answered."""
        asks_all = len(self._names) > 1 and self._attempts % LOOK_EVERY == LOOK_EVERY - 1
        if self._likely is not None and not asks_all:
            return self._likely
        try:
            return (await look(self._makers, target, self._names))[0].driver
        except DriverError:
            if self._likely is None:
                raise
            return self._likely  # nobody answers: what its own driver has to say of it helps people most

    async def _stay(self, link: Link) -> None:
        """Watch the age of the newest data; re-read all once a refresh interval. Ends by raising `DriverError`."""
        loop = asyncio.get_running_loop()
        refresh_at = loop.time() + self._refresh_in()
        closed = asyncio.ensure_future(link.wait_closed())
        ends = (closed, self._refused)
        try:
            while True:
                received = link.last_received
                now, keepalive = loop.time(), self._polling.keepalive_s
                if now - received >= 2 * keepalive:
                    raise DriverError("silent", f"nothing was received for {now - received:.0f} s, though we asked")
                if now - received >= keepalive:
                    link.ask_alive()
                    wake = received + 2 * keepalive
                else:
                    wake = received + keepalive
                if self._mode_changed.done():
                    self._mode_changed = loop.create_future()
                    refresh_at = min(refresh_at, now + SETTLE_S)
                if now >= refresh_at and now - received < keepalive:  # a silent unit is asked first
                    refresh_at = now + self._refresh_in()
                    await self._reread()
                if refresh_at > now:
                    wake = min(wake, refresh_at)
                timeout = max(0.01, wake - loop.time())
                await asyncio.wait((*ends, self._mode_changed), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                for end in ends:
                    if end.done():
                        raise end.result().afresh()
        finally:
            closed.cancel()

    async def _reread(self) -> None:
        """Do the periodic complete read. A slow answer alone does not end a session that still receives data."""
        try:
            await self.refresh()
        except ServiceError as error:
            log.warning("complete re-read failed", extra=self._words(why=error.detail))

    def _receive(self, readings: Sequence[Reading]) -> None:
        if self.state == "waiting":  # what comes while a lost connection is being closed is no evidence any more
            return
        try:
            self._fold.take(self.unit, readings)
            self._watch_modes(readings)
        except Exception:  # a mistake of ours in what follows from a reading must not look like a broken connection
            log.exception("reading could not be taken in; please report this", extra=self._words())

    def _watch_modes(self, readings: Sequence[Reading]) -> None:
        """Have the unit read again soon where one of `MODES` changed."""
        for reading in readings:
            for key in MODES & reading.values.keys():
                value = reading.values[key]
                before = self._modes.setdefault((reading.part, key), value)
                self._modes[reading.part, key] = value
                if before != value and self.live and not self._mode_changed.done():
                    self._mode_changed.set_result(None)

    # -- between conversations -------------------------------------------------------------------------------

    def _enter(self, event: SessionEvent) -> None:
        self.unit.link_state.session = STATES[self.state][event]

    def _lost(self, error: DriverError) -> None:
        was_live = self.live
        self._enter("lost")
        self._attempts += 1
        if was_live:
            loop_time = self._away_since = asyncio.get_running_loop().time()
            self.unit.link_state.lost(loop_time)
            if loop_time - self._live_since >= STEADY_S:
                self._backoff.reset()
        if was_live or self.unit.availability.reason != error.reason:  # logged once, not at every retry
            log.warning(
                "unit is lost" if was_live else "unit is not reachable",
                extra=self._words(reason=error.reason, why=error.detail),
            )
        self._availability.set(self.unit, "offline", error.reason, detail=error.detail)

    async def _wait(self, seconds: float | None) -> None:
        """Wait until the pause is over (``None``: never by itself) or the settings changed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    def _pause(self, again_s: float | None, elapsed: float) -> float | None:
        if again_s is None:
            return None
        if again_s > 0:
            return again_s * random.uniform(1.0, 1.2)
        away_s = asyncio.get_running_loop().time() - self._away_since
        return max(RETRY_PAUSE_S, max(self._backoff.pause(), pause_of_absent(away_s)) - elapsed)

    def _refresh_in(self) -> float:
        return self._polling.refresh_interval_s * random.uniform(0.8, 1.0)

    def _target(self, record: UnitRecord) -> Target:
        return target_of(record, self._polling, self.unit.options)

    def _words(self, **more: object) -> dict[str, object]:
        return {"unit": self.unit.address.id, "host": self.unit.record.host, **more}

    def _offline_words(self) -> str:
        there = self.unit.availability
        noun = NOUNS[self.unit.address.kind]
        return f"{noun} {self.unit.address.id} is offline: {there.detail or there.reason}"


def _retrieve(read: asyncio.Future[None]) -> None:
    """Retrieve the error of a read for which no caller waits any more, so that asyncio does not log it."""
    if not read.cancelled():
        read.exception()


def target_of(record: UnitRecord, polling: Polling, options: BaseModel | None = None) -> Target:
    """The target of a unit: where it is, and the time limits for asking it."""
    meter = record.meter_interval_s
    return make_target(
        record.host,
        record.port,
        unit=record.behind,
        interface=record.interface or polling.interface,
        family=record.family or "",
        certificate=record.certificate or "",
        options=options,
        meter_interval_s=polling.meter_interval_s if meter is None else meter,
        connect_timeout_s=polling.connect_timeout_s,
        answer_timeout_s=polling.answer_timeout_s,
    )


def likely_driver(makers: Makers, names: Sequence[str], record: UnitRecord) -> str | None:
    """The only driver that may know the unit, or the only one that knows its family."""
    fitting = [
        name
        for name in names
        if makers[name].manufacturer == record.manufacturer and record.family in families(makers[name])
    ]
    return names[0] if len(names) == 1 else fitting[0] if len(fitting) == 1 else None
