"""One receiver's life: connect, read, stay, be lost, wait, connect again; and the keeper of all those lives.

Health comes from the age of what was heard, not from the socket: FIN and RST end a session at once, silence ends it
after two keep-alives. A receiver is online only after a complete first read. Each receiver has one session.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from services.drivers import (
    DriverError,
    Link,
    Makers,
    Reading,
    Target,
    families,
    look,
    make_target,
)
from services.live import Inventory, Unit
from services.model import Address, ServiceError, UnitRecord
from services.units.availability import Availability
from services.units.reading_fold import ReadingFold
from services.units.recognition import Recognition

log = logging.getLogger(__name__)

State = Literal["connecting", "reading", "live", "waiting"]
Step = Literal["connected", "complete", "lost", "due"]

STATES: Mapping[State, Mapping[Step, State]] = {
    "connecting": {"connected": "reading", "lost": "waiting"},
    "reading": {"complete": "live", "lost": "waiting"},
    "live": {"lost": "waiting"},
    "waiting": {"due": "connecting"},
}
"""State -> what happens -> next state. `docs/` draws its picture from here."""

RETRY_FIRST_S, RETRY_MOST_S = 1.0, 3.5
"""From one attempt's start to the next: a receiver that returns is connected within 5 s, read included."""

RETRY_PAUSE_S = 0.3
"""At least so long between the end of an attempt and the next: a rack that boots is not hammered."""

FAILED_S = 15.0
"""Before a session that failed by a mistake of ours begins again."""

FAILURES_KEPT = 2
"""Failures in a row after which a unit with any driver is looked for with all of them again: it may have moved to
another protocol with its firmware, or be another unit."""

AUTO = "auto"
"""In place of a driver's name: whichever knows the unit."""


@dataclass(frozen=True, slots=True)
class Polling:
    """How receivers are asked, in seconds."""

    refresh_interval_s: float = 300.0
    keepalive_s: float = 10.0
    meter_interval_s: float = 1.0
    connect_timeout_s: float = 3.0
    answer_timeout_s: float = 3.0
    interface: str = ""
    """Local address to connect from, unless the receiver has its own."""


class UnitSession:
    """One receiver's life."""

    def __init__(
        self,
        unit: Unit,
        makers: Makers,
        names: Sequence[str],
        fold: ReadingFold,
        availability: Availability,
        polling: Polling,
        recognition: Recognition,
    ) -> None:
        self.unit = unit
        self.state: State = "connecting"
        self.link: Link | None = None
        self._makers = makers
        self._names = names
        """Drivers that may know the unit."""
        self._answering = _likely(makers, names, unit.record)
        """The one that is asked first, until it fails."""
        self._fold = fold
        self._availability = availability
        self._polling = polling
        self._recognition = recognition
        self._turn = asyncio.Lock()
        self._waiting: asyncio.Future[None] | None = None
        self._attempts = 0
        self._changed = asyncio.Event()

    @property
    def live(self) -> bool:
        """Whether a complete read came in this session."""
        return self.state == "live"

    async def run(self) -> None:
        """Live until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                started = loop.time()
                self._changed.clear()
                try:
                    await self._converse()
                except DriverError as error:
                    self._lost(error)
                    await self._wait(self._pause(error.again_s, loop.time() - started))
                self._step("due")
        finally:
            self.link = None

    def configure(self, polling: Polling) -> None:
        """Ask otherwise from now on, without losing the connection."""
        self._polling = polling
        self._changed.set()
        if self.link is not None:
            self.link.meter(None, self._target(self.unit.record).meter_interval_s)

    async def refresh(self) -> None:
        """Read everything again. Raises `ServiceError` (device_offline, device_timeout).

        Reads of one receiver follow each other; whoever asks while one waits for its turn gets that one's outcome,
        because it begins after the question.
        """
        if self._waiting is None:
            self._waiting = asyncio.ensure_future(self._read_in_turn())
        await asyncio.shield(self._waiting)

    async def _read_in_turn(self) -> None:
        async with self._turn:
            self._waiting = None
            link = self.link
            if link is None or not self.live:
                raise ServiceError("device_offline", self._offline_words())
            try:
                await link.read_all()
            except DriverError as error:
                raise ServiceError("device_timeout", error.detail) from error

    # -- one conversation ------------------------------------------------------------------------------------

    async def _converse(self) -> None:
        target = self._target(self.unit.record)
        self._fold.begin(self.unit)
        name = self._answering or (await look(self._makers, target, self._names))[0].driver
        async with self._makers.maker(name).connect(target, self._listen) as link:
            self._step("connected")
            self.link = link
            try:
                description = await link.read_all()
                self._recognition.verify(self.unit, name, description)
                self._step("complete")
                self._attempts, self._answering = 0, name
                self.unit.link_state.opened(link)
                self._fold.complete(self.unit)
                who = description.identity
                log.info("receiver is online", extra=self._words(model=who.model, firmware=who.firmware))
                await self._stay(link)
            finally:
                self.link = None
                self.unit.link_state.closed()

    async def _stay(self, link: Link) -> None:
        """Watch the age of what is heard, and re-read now and then; ends by raising `DriverError`."""
        loop = asyncio.get_running_loop()
        refresh_at = loop.time() + self._refresh_in()
        closed = asyncio.ensure_future(link.wait_closed())
        try:
            while True:
                heard = link.last_heard
                now, keepalive = loop.time(), self._polling.keepalive_s
                if now - heard >= 2 * keepalive:
                    raise DriverError("silent", f"nothing was heard for {now - heard:.0f} s, though we asked")
                if now - heard >= keepalive:
                    link.ask_alive()
                    wake = heard + 2 * keepalive
                else:
                    wake = heard + keepalive
                if now >= refresh_at and now - heard < keepalive:  # first it has to show that it is there at all
                    refresh_at = now + self._refresh_in()
                    await self._heal()
                if refresh_at > now:
                    wake = min(wake, refresh_at)
                await asyncio.wait({closed}, timeout=max(0.01, wake - loop.time()))
                if closed.done():
                    raise closed.result()
        finally:
            closed.cancel()

    async def _heal(self) -> None:
        """The periodic complete read; a slow answer alone does not end a session that is heard."""
        try:
            await self.refresh()
        except ServiceError as error:
            log.warning("complete re-read failed", extra=self._words(why=error.detail))

    def _listen(self, readings: Sequence[Reading]) -> None:
        self._fold.take(self.unit, readings)

    # -- between conversations -------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        self.state = STATES[self.state][step]
        self.unit.link_state.session = self.state

    def _lost(self, error: DriverError) -> None:
        was_live = self.live
        self._step("lost")
        self._attempts += 1
        if len(self._names) > 1 and self._attempts >= FAILURES_KEPT:
            self._answering = None
        if was_live:
            loop_time = asyncio.get_running_loop().time()
            self.unit.link_state.lost(loop_time)
        if was_live or self.unit.availability.reason != error.reason:  # said once, not at every retry
            log.warning(
                "receiver is lost" if was_live else "receiver is not reachable",
                extra=self._words(reason=error.reason, why=error.detail),
            )
        self._availability.set(self.unit, "offline", error.reason, detail=error.detail)

    async def _wait(self, seconds: float | None) -> None:
        """Until the pause is over (``None``: never by itself) or the settings changed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    def _pause(self, again_s: float | None, elapsed: float) -> float | None:
        if again_s is None:
            return None
        if again_s > 0:
            return again_s * random.uniform(1.0, 1.2)
        period = min(RETRY_MOST_S, RETRY_FIRST_S * 2.0 ** min(self._attempts - 1, 8))
        return max(RETRY_PAUSE_S, period * random.uniform(0.5, 1.0) - elapsed)

    def _refresh_in(self) -> float:
        return self._polling.refresh_interval_s * random.uniform(0.8, 1.0)

    def _target(self, record: UnitRecord) -> Target:
        return target_of(record, self._polling, self.unit.options)

    def _words(self, **more: object) -> dict[str, object]:
        return {"receiver": self.unit.address.id, "host": self.unit.record.host, **more}

    def _offline_words(self) -> str:
        there = self.unit.availability
        return f"receiver {self.unit.address.id} is offline: {there.detail or there.reason}"


def target_of(record: UnitRecord, polling: Polling, options: BaseModel | None = None) -> Target:
    """Where a unit is, and how it is asked."""
    meter = record.meter_interval_s
    return make_target(
        record.host,
        record.port,
        unit=record.behind,
        interface=record.interface or polling.interface,
        options=options,
        meter_interval_s=polling.meter_interval_s if meter is None else meter,
        connect_timeout_s=polling.connect_timeout_s,
        answer_timeout_s=polling.answer_timeout_s,
    )


def _likely(makers: Makers, names: Sequence[str], record: UnitRecord) -> str | None:
    """The only driver that may know the unit, or the only one that knows its family."""
    fitting = [
        name
        for name in names
        if makers[name].manufacturer == record.manufacturer and record.family in families(makers[name])
    ]
    return names[0] if len(names) == 1 else fitting[0] if len(fitting) == 1 else None


class Sessions:
    """Keeps one session for each receiver of the inventory."""

    def __init__(
        self,
        inventory: Inventory,
        makers: Makers,
        fold: ReadingFold,
        availability: Availability,
        recognition: Recognition,
        polling: Polling,
    ) -> None:
        self._inventory = inventory
        self._makers = makers
        self._fold = fold
        self._availability = availability
        self._recognition = recognition
        self.polling = polling
        self._running: dict[Address, tuple[UnitSession, asyncio.Task[None]]] = {}

    def configure(self, polling: Polling) -> None:
        """Ask receivers otherwise from now on, those that are connected too."""
        self.polling = polling
        for session, _ in self._running.values():
            session.configure(polling)

    def get(self, address: Address) -> UnitSession | None:
        """The session of a receiver."""
        running = self._running.get(address)
        return running[0] if running else None

    def live(self) -> list[UnitSession]:
        """Sessions with a complete read behind them."""
        return [session for session, _ in self._running.values() if session.live and session.link is not None]

    def start(self, unit: Unit) -> None:
        """Begin a receiver's life; gear that is only listed has none."""
        names = self._drivers_for(unit.record)
        if not names:
            detail = f"there is no driver {unit.record.driver!r}; installed: {', '.join(sorted(self._makers))}"
            log.error("receiver has no driver", extra={"receiver": unit.address.id, "why": detail})
            self._availability.set(unit, "offline", "wrong_model", detail=detail)
            return
        if not self._makers[names[0]].doors:
            self._availability.set(unit, "offline", "never_seen")
            return
        self._availability.set(unit, "offline", "connecting")
        likely = _likely(self._makers, names, unit.record)
        if likely is not None:
            self._recognition.expect(unit, self._makers[likely])
        session = UnitSession(
            unit, self._makers, names, self._fold, self._availability, self.polling, self._recognition
        )
        unit.link_state.session = session.state
        task = asyncio.create_task(session.run(), name=f"session {unit.address.id}")
        task.add_done_callback(self._ended)
        self._running[unit.address] = (session, task)

    def _drivers_for(self, record: UnitRecord) -> list[str]:
        if record.driver == AUTO:
            return [name for name, driver in self._makers.items() if driver.doors]
        return [record.driver] if record.driver in self._makers else []

    def first_contact(
        self, host: str, port: int | None, *, unit: str = "", interface: str = "", options: BaseModel | None = None
    ) -> Target:
        """The target of a unit that is not in the inventory yet: asked as all others are."""
        polling = self.polling
        return make_target(
            host,
            port,
            unit=unit,
            interface=interface or polling.interface,
            options=options,
            meter_interval_s=polling.meter_interval_s,
            connect_timeout_s=polling.connect_timeout_s,
            answer_timeout_s=polling.answer_timeout_s,
        )

    async def stop(self, address: Address) -> None:
        """End a receiver's life politely: metering off, then closed."""
        running = self._running.pop(address, None)
        if running is None:
            return
        running[1].cancel()
        with suppress(asyncio.CancelledError):
            await running[1]

    async def restart(self, unit: Unit) -> None:
        """Connect anew, for a changed host or setting."""
        await self.stop(unit.address)
        self._again(unit)

    async def refresh(self, address: Address) -> None:
        """Read one receiver again, whole. Raises `ServiceError`."""
        session = self.get(address)
        if session is None:
            raise ServiceError("device_offline", f"receiver {address.id} has no session")
        await session.refresh()

    async def close(self) -> None:
        """End all lives at once."""
        tasks = [task for _, task in self._running.values()]
        self._running.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A session ends only by being cancelled; anything else is our own bug, and must not stop the others."""
        if task.cancelled() or task.exception() is None:
            return
        error = task.exception()
        log.error("session failed and starts again", extra={"task": task.get_name()}, exc_info=error)
        for address, (session, running) in list(self._running.items()):
            if running is task:
                del self._running[address]
                self._availability.set(session.unit, "offline", "timeout", detail=f"internal: {error}")
                asyncio.get_running_loop().call_later(FAILED_S, self._again, session.unit)

    def _again(self, unit: Unit) -> None:
        """Start after a wait, in which the receiver may have gone or somebody else may have started it."""
        if self._inventory.units.get(unit.address) is unit and unit.address not in self._running:
            self.start(unit)
