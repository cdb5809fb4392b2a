"""Starts, restarts and stops the sessions: one for each unit of the inventory that has a driver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from functools import partial

from pydantic import BaseModel

from services.drivers import Credentials, Makers, Target, asks_strangers, make_target
from services.live import Inventory, Unit
from services.model import Address, ServiceError, UnitRecord
from services.units.availability import Availability
from services.units.reading_fold import ReadingFold
from services.units.recognition import Recognition
from services.units.session import AUTO, Polling, UnitSession, likely_driver
from services.units.unit_queue import UnitQueues

log = logging.getLogger(__name__)

FAILED_S = 15.0
"""Seconds before a session that ended by a bug of ours begins again."""


STOP_S = 2.0
"""How long a session may take to end: metering off and a polite close take 1.5 s at most."""

LEAVE_S = 0.5
"""How long one that took longer, and was cancelled once more, may still take before it is left behind."""


class Sessions:
    """Keeps one session for each unit of the inventory."""

    def __init__(
        self,
        inventory: Inventory,
        makers: Makers,
        fold: ReadingFold,
        availability: Availability,
        recognition: Recognition,
        queues: UnitQueues,
        polling: Polling,
        credentials: Credentials | None = None,
    ) -> None:
        self._inventory = inventory
        self._makers = makers
        self._fold = fold
        self._availability = availability
        self._recognition = recognition
        self._queues = queues
        self.polling = polling
        self.credentials = credentials or Credentials(makers)
        self._running: dict[Address, tuple[UnitSession, asyncio.Task[None]]] = {}

    def configure(self, polling: Polling) -> None:
        """Use other intervals and time limits from now on, for connected units too."""
        self.polling = polling
        for session, _ in self._running.values():
            session.configure(polling)

    def get(self, address: Address) -> UnitSession | None:
        """The session of a unit; ``None`` where it has none."""
        running = self._running.get(address)
        return running[0] if running else None

    def meter(self, unit: Unit) -> None:
        """Ask for the metering interval that a unit's record has now."""
        session = self.get(unit.address)
        if session is not None:
            session.meter()

    def outdated(self) -> list[Unit]:
        """Units whose conversation was begun, or refused, with other options than they have now."""
        return [session.unit for session, _ in self._running.values() if session.outdated]

    def live(self) -> list[UnitSession]:
        """Sessions whose unit was read completely and is connected."""
        return [session for session, _ in self._running.values() if session.live and session.link is not None]

    def start(self, unit: Unit) -> None:
        """Start the session of a unit; a unit of a driver without doors is only listed and has none."""
        names = self._drivers_for(unit.record)
        if not names:
            wanted = f"for {unit.record.manufacturer}" if unit.record.driver == AUTO else repr(unit.record.driver)
            detail = f"there is no driver {wanted}; installed: {', '.join(sorted(self._makers))}"
            log.error("unit has no driver", extra={"unit": unit.address.id, "why": detail})
            self._availability.set(unit, "offline", "wrong_model", detail=detail)
            return
        if not self._makers[names[0]].doors:
            self._availability.set(unit, "offline", "never_seen")
            return
        self._availability.set(unit, "offline", "connecting")
        likely = likely_driver(self._makers, names, unit.record)
        if likely is not None:
            self._recognition.expect(unit, self._makers[likely])
        session = UnitSession(
            unit,
            self._makers,
            names,
            self._fold,
            self._availability,
            self.polling,
            self._recognition,
            self._queues,
            credentials=self.credentials,
        )
        task = asyncio.create_task(session.run(), name=f"session {unit.address.id}")
        task.add_done_callback(partial(self._ended, unit))
        self._running[unit.address] = (session, task)

    def _drivers_for(self, record: UnitRecord) -> list[str]:
        if record.driver == AUTO:
            makers = {driver.manufacturer for driver in self._makers.values()}
            if record.model is not None and record.manufacturer not in makers:
                return []  # it answered once, to a driver that is no longer installed
            return [name for name, driver in self._makers.items() if asks_strangers(driver)]
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
        """End the session of a unit: metering is switched off, then the connection is closed."""
        running = self._running.get(address)
        if running is None:
            return
        await _end([running[1]])
        if self._running.get(address) is running:
            del self._running[address]

    async def restart(self, unit: Unit) -> None:
        """Connect anew, for a changed host or setting."""
        await self.stop(unit.address)
        self._again(unit)

    async def refresh(self, address: Address) -> None:
        """Read one unit again, whole, in its turn. Raises `ServiceError`."""
        await self._session(address).refresh()

    async def read(self, address: Address) -> None:
        """Read one unit again, whole, as part of work that has its turn already. Raises `ServiceError`."""
        await self._session(address).read()

    async def close(self) -> None:
        """End all sessions at the same time."""
        tasks = [task for _, task in self._running.values()]
        self._running.clear()
        await _end(tasks)

    def _session(self, address: Address) -> UnitSession:
        session = self.get(address)
        if session is None:
            raise ServiceError("device_offline", f"{address.kind} {address.id} has no session")
        return session

    def _ended(self, unit: Unit, task: asyncio.Task[None]) -> None:
        """Take a session out; one that was not cancelled has failed by a bug of ours, and begins again."""
        running = self._running.get(unit.address)
        if running is not None and running[1] is task:
            del self._running[unit.address]
        if unit.address not in self._running:  # else this one was left behind, and another has begun
            unit.link_state.session = "idle"
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        detail = f"internal: {type(error).__name__}: {error}"
        if unit.availability.detail != detail:  # once, and not at every try
            log.error("session failed and starts again", extra={"task": task.get_name()}, exc_info=error)
        self._availability.set(unit, "offline", "timeout", detail=detail)
        asyncio.get_running_loop().call_later(FAILED_S, self._again, unit)

    def _again(self, unit: Unit) -> None:
        """Start a session unless the unit was removed, or started by another call, meanwhile."""
        if self._inventory.units.get(unit.address) is unit and unit.address not in self._running:
            self.start(unit)


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    """End sessions politely; a driver that hangs while it closes must not hold up a reload or the bridge's end."""
    late = set(tasks)
    for limit_s in (STOP_S, LEAVE_S):
        for task in late:
            task.cancel()
        if late:
            # to await a task itself would take a cancellation of the caller for the end of the session, and lose it
            _, late = await asyncio.wait(late, timeout=limit_s)
    for task in late:
        log.error("a session does not end and is left behind; please report this", extra={"task": task.get_name()})
