"""One simulated Shure charger on its socket: connections, time that passes, unasked reports, faults."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from services.drivers.shure.simulation.chargers.batteries import some_battery
from services.drivers.shure.simulation.chargers.unit import FLASH_S, Charger
from services.drivers.shure.simulation.connection import DEAF, Connection
from services.drivers.shure.simulation.faults import FAULTS as FAULTS_OF_RECEIVERS
from services.drivers.shure.simulation.faults import ONCE, SLOW_S

FAULTS: Mapping[str, str] = {
    **{
        name: FAULTS_OF_RECEIVERS[name]
        for name in ("none", "drop", "reset", "freeze", "fragmented", "garbage", "slow", "offline")
    },
    "control_blocked": "Connections are accepted and everything is ignored.",
    "control_refused": "The port is closed.",
    "refuses": "Nothing can be set: each SET is answered with an error.",
    "swap": "Another charger answers at this address: other name and MAC address.",
}
REBOOT_S = 2.0
"""How long a unit is away after SET REBOOT; the real length is not known."""
_CLOSED = frozenset({"offline", "control_refused"})
MEAN_DOCKED_S, MEAN_AWAY_S = 4 * 3600.0, 3 * 3600.0
"""How long a battery stays in a bay, and a bay empty, on average."""


class Numbered(Protocol):
    """A part of a unit: ``number`` 0 is the charger, from 1 its bays."""

    @property
    def number(self) -> int:
        """Number of the bay."""


class SimulatedCharger:
    """A charger that listens: `SimulatedUnit` of the port."""

    def __init__(self, charger: Charger, port: int, *, stranger: tuple[str, str], unknown_is_silent: bool) -> None:
        """``stranger`` are name and MAC address of the unit that answers during ``swap``."""
        self.charger = charger
        self.host = charger.host
        self.port = port
        self.faults: set[str] = set()
        self.connections: set[Connection] = set()
        self.rng = random.Random(charger.mac)
        self._own = charger.device_id, charger.mac
        self._stranger = stranger
        self._unknown_is_silent = unknown_is_silent
        self._server: asyncio.Server | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._rebooting: asyncio.Task[None] | None = None
        self._visits: dict[int, float] = {}

    @property
    def mac(self) -> str:
        """Address of the unit that answers now, lower case with colons."""
        return self.charger.mac

    @property
    def model(self) -> str:
        """The model."""
        return self.charger.model

    @property
    def label(self) -> str:
        """The name that the unit shows."""
        return self.charger.device_id

    @property
    def is_listening(self) -> bool:
        """Whether the unit is on the network."""
        return self._server is not None

    async def start(self) -> None:
        """Listen. Raises `OSError` where the address is not ours or taken."""
        server = await asyncio.get_running_loop().create_server(lambda: Connection(self), self.host, self.port)
        self._server = server
        self.port = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        for timer in self._timers:
            timer.cancel()
        if self._rebooting is not None:
            self._rebooting.cancel()
        self._leave()
        for connection in tuple(self.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    # -- what happens to it ------------------------------------------------------------------------------------

    def set_value(self, part: Numbered, key: str, value: object) -> None:
        """Change something as its user would; when this returns the reports have been written to every connection.

        Keys are those of a bay and a charger, with ``None`` for unknown; ``occupied`` puts a battery in or takes it
        out, ``charge_state`` keeps a state until it is set to ``None``. Raises `KeyError` for what the unit does not
        have, `ValueError` for a value that it cannot take.
        """
        self._report(self.charger.set_value(part.number, key, value))

    def set_wire(self, part: Numbered, name: str, text: str | None) -> None:
        """Report ``text`` as a property, whatever stands there; ``None`` ends it."""

        def override() -> None:
            self.charger.overridden.pop((part.number, name), None)
            if text is not None:
                self.charger.overridden[part.number, name] = text

        self._report(self.charger.changed_by(override))

    def pass_time(self, seconds: float) -> None:
        """Let time pass in the bays; what changes is reported."""
        self._report(self.charger.pass_time(seconds))

    def people_pass(self, seconds: float) -> None:
        """Let people bring batteries and fetch them for that long."""
        for bay in self.charger.bays:
            there = self.charger.bays[bay] is not None
            left = self._visits.get(bay, self._visit(there=there)) - seconds
            if left <= 0 and (there or bay not in self.charger.missing_bays):
                self._report(self.charger.changed_by(partial(self._change_battery, bay, there=not there)))
                left = self._visit(there=not there)
            self._visits[bay] = left

    def _visit(self, *, there: bool) -> float:
        return self.rng.expovariate(1 / (MEAN_DOCKED_S if there else MEAN_AWAY_S))

    def _change_battery(self, bay: int, *, there: bool) -> None:
        self.charger.bays[bay] = some_battery(self.rng) if there else None

    async def fault(self, name: str) -> None:
        """Begin a fault; ``none`` ends them all. What only receivers can have changes nothing.

        Raises `ValueError` for an unknown name.
        """
        if name not in FAULTS:
            if name in FAULTS_OF_RECEIVERS:
                return
            raise ValueError(f"no fault {name!r}: there are {', '.join(FAULTS)}")
        if name == "none":
            await self._recover()
            return
        if name not in ONCE:
            self.faults.add(name)
        if name in ("drop", "swap"):
            self._close()
        elif name == "reset":
            for connection in tuple(self.connections):
                connection.reset()
        elif name in _CLOSED:
            self._leave()
            self._close()
        self._become()
        await asyncio.sleep(0)  # sockets close in the next turn of the loop

    async def _recover(self) -> None:
        if "swap" in self.faults:
            self._close()
        self.faults.clear()
        self._become()
        if self._server is None:
            await self.start()

    def _become(self) -> None:
        """Be oneself or the stranger, frozen or not."""
        strange = "swap" in self.faults
        if strange != ((self.charger.device_id, self.charger.mac) == self._stranger):
            if strange:
                self._own = self.charger.device_id, self.charger.mac
            self.charger.device_id, self.charger.mac = self._stranger if strange else self._own
        for connection in self.connections:
            connection.read_or_freeze()

    def _leave(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _close(self) -> None:
        for connection in tuple(self.connections):
            connection.transport.close()

    # -- what it says ------------------------------------------------------------------------------------------

    def joined(self, connection: Connection) -> None:
        """A client has connected."""
        self.connections.add(connection)

    def left(self, connection: Connection) -> None:
        """A client has gone."""
        self.connections.discard(connection)

    def asked(self, connection: Connection, bodies: Sequence[bytes]) -> None:
        """Answer requests of one client."""
        if not self.faults.isdisjoint(DEAF):
            return
        replies: list[bytes] = []
        for body in bodies:
            result = self.charger.answer(body, refuses="refuses" in self.faults)
            replies += [] if result.refused and self._unknown_is_silent else result.replies + result.reports
            for other in self.connections - {connection}:
                other.send(result.reports)
            if result.flashes:
                self._later(FLASH_S, lambda: self._report(self.charger.stop_flash()))
            if result.reboots:
                self._rebooting = asyncio.get_running_loop().create_task(self._reboot())
        if "slow" in self.faults:
            self._later(SLOW_S, lambda: connection.send(replies))
        else:
            connection.send(replies)

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        now = asyncio.get_running_loop().time()
        self._timers = [timer for timer in self._timers if timer.when() >= now]
        self._timers.append(asyncio.get_running_loop().call_later(seconds, work))

    async def _reboot(self) -> None:
        self._leave()
        self._close()
        await asyncio.sleep(REBOOT_S)
        if self._server is None and self.faults.isdisjoint(_CLOSED):
            await self.start()

    def _report(self, lines: Sequence[bytes]) -> None:
        for connection in self.connections:
            connection.send(lines)
