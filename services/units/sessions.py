"""One receiver's life: connect, read, stay, be lost, wait, connect again; and the keeper of all those lives.

Health comes from the age of what was heard, not from the socket: FIN and RST end a session at once, silence ends it
after two keep-alives. A receiver is online only after a complete first read. Each receiver has one session.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from services.drivers import Driver, DriverError, Link, Reading, Target, telling
from services.live import Inventory, Unit
from services.model import Address, AvailabilityReason, Identity, ServiceError, UnitRecord
from services.units.availability import Availability
from services.units.reading_fold import Intake

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

STUBBORN_S = 15.0
"""Where someone has to act first (a menu, a password, a swapped unit), trying faster helps nobody."""

STUBBORN: frozenset[AvailabilityReason] = frozenset({"wrong_model", "identity_conflict", "auth_failed"})

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


Verify = Callable[[Unit, Driver, Identity], None]
"""Raises `DriverError` where the unit that answered is not the one that is expected."""


class UnitSession:
    """One receiver's life."""

    def __init__(
        self,
        unit: Unit,
        drivers: Sequence[Driver],
        intake: Intake,
        availability: Availability,
        polling: Polling,
        verify: Verify,
    ) -> None:
        self.unit = unit
        self.state: State = "connecting"
        self.link: Link | None = None
        self._drivers = drivers
        self._intake = intake
        self._availability = availability
        self._polling = polling
        self._verify = verify
        self._turn = asyncio.Lock()
        self._waiting: asyncio.Future[None] | None = None
        self._attempts = 0
        self._failures: dict[int, DriverError] = {}

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
                try:
                    await self._converse()
                except DriverError as error:
                    self._lost(error)
                await asyncio.sleep(self._pause(loop.time() - started))
                self._step("due")
        finally:
            self.link = None

    def configure(self, polling: Polling) -> None:
        """Ask otherwise from now on, without losing the connection."""
        self._polling = polling
        if self.link is not None:
            self.link.set_meter_interval(self._target(self.unit.record).meter_interval_s)

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
        record = self.unit.record
        self._intake.begin(self.unit)
        driver = self._drivers[self._attempts % len(self._drivers)]  # where it is to be found out, each in its turn
        async with driver.connect(self._target(record), self._listen) as link:
            self._step("connected")
            self.link = link
            try:
                identity = await link.read_all()
                self._verify(self.unit, driver, identity)
                self._step("complete")
                self._attempts, self._drivers = 0, [driver]
                self._failures.clear()
                self.unit.heard_s = link.last_heard
                self._intake.complete(self.unit)
                log.info("receiver is online", extra=self._words(model=identity.model, firmware=identity.firmware))
                await self._stay(link)
            finally:
                self.link = None

    async def _stay(self, link: Link) -> None:
        """Watch the age of what is heard, and re-read now and then; ends by raising `DriverError`."""
        loop = asyncio.get_running_loop()
        refresh_at = loop.time() + self._refresh_in()
        closed = asyncio.ensure_future(link.wait_closed())
        try:
            while True:
                heard = self.unit.heard_s = link.last_heard
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
        self._intake.take(self.unit, readings)

    # -- between conversations -------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        self.state = STATES[self.state][step]
        self.unit.session = self.state

    def _lost(self, error: DriverError) -> None:
        was_live = self.live
        # where several drivers take turns, the one that knows most of the unit has the word
        self._failures[self._attempts % len(self._drivers)] = error
        error = min(self._failures.values(), key=lambda each: telling(each.reason))
        self._step("lost")
        self._attempts += 1
        if was_live:
            loop_time = asyncio.get_running_loop().time()
            self.unit.reconnects.append(loop_time)
            self.unit.reconnects_total += 1
        if was_live or self.unit.reason != error.reason:  # said once, not at every retry
            log.warning(
                "receiver is lost" if was_live else "receiver is not reachable",
                extra=self._words(reason=error.reason, why=error.detail),
            )
        self._availability.set(self.unit, "offline", error.reason, detail=error.detail)

    def _pause(self, elapsed: float) -> float:
        if self.unit.reason in STUBBORN:
            return STUBBORN_S * random.uniform(0.7, 1.0)
        period = min(RETRY_MOST_S, RETRY_FIRST_S * 2.0 ** min(self._attempts - 1, 8))
        return max(RETRY_PAUSE_S, period * random.uniform(0.5, 1.0) - elapsed)

    def _refresh_in(self) -> float:
        return self._polling.refresh_interval_s * random.uniform(0.8, 1.0)

    def _target(self, record: UnitRecord) -> Target:
        meter = record.meter_interval_s
        return Target(
            host=record.host,
            port=record.port,
            interface=record.interface or self._polling.interface,
            meter_interval_s=self._polling.meter_interval_s if meter is None else meter,
            connect_timeout_s=self._polling.connect_timeout_s,
            answer_timeout_s=self._polling.answer_timeout_s,
        )

    def _words(self, **more: object) -> dict[str, object]:
        return {"receiver": self.unit.address.id, "host": self.unit.record.host, **more}

    def _offline_words(self) -> str:
        return f"receiver {self.unit.address.id} is offline: {self.unit.last_error or self.unit.reason}"


class Sessions:
    """Keeps one session for each receiver of the inventory."""

    def __init__(
        self,
        inventory: Inventory,
        drivers: Mapping[str, Driver],
        intake: Intake,
        availability: Availability,
        polling: Polling,
    ) -> None:
        self._inventory = inventory
        self._drivers = drivers
        self._intake = intake
        self._availability = availability
        self.polling = polling
        self.verify: Verify = lambda _unit, _driver, _identity: None
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
        drivers = self._drivers_for(unit.record)
        if not drivers:
            detail = f"there is no driver {unit.record.driver!r}; installed: {', '.join(sorted(self._drivers))}"
            log.error("receiver has no driver", extra={"receiver": unit.address.id, "why": detail})
            self._availability.set(unit, "offline", "wrong_model", detail=detail)
            return
        if not drivers[0].scans:
            self._availability.set(unit, "offline", "never_seen")
            return
        self._availability.set(unit, "offline", "connecting")
        if unit.capabilities is None and unit.record.family is not None:  # known from an earlier run
            unit.capabilities = drivers[0].families.get(unit.record.family)
        session = UnitSession(unit, drivers, self._intake, self._availability, self.polling, self.verify)
        unit.session = session.state
        task = asyncio.create_task(session.run(), name=f"session {unit.address.id}")
        task.add_done_callback(self._ended)
        self._running[unit.address] = (session, task)

    def _drivers_for(self, record: UnitRecord) -> list[Driver]:
        if record.driver == AUTO:
            return [driver for driver in self._drivers.values() if driver.scans]
        return [self._drivers[record.driver]] if record.driver in self._drivers else []

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
                asyncio.get_running_loop().call_later(STUBBORN_S, self._again, session.unit)

    def _again(self, unit: Unit) -> None:
        """Start after a wait, in which the receiver may have gone or somebody else may have started it."""
        if self._inventory.units.get(unit.address) is unit and unit.address not in self._running:
            self.start(unit)
