"""One simulated unit of Microflex Wireless on its socket: connections, meters, unasked reports, faults."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

from services.drivers.port import Part
from services.drivers.shure.simulation.clock import Clock, Timer
from services.drivers.shure.simulation.connection import DEAF, Connection
from services.drivers.shure.simulation.faults import FAULTS, ONCE, SLOW_S
from services.drivers.shure.simulation.mxw.access_points import AccessPoint
from services.drivers.shure.simulation.mxw.answering import Place
from services.drivers.shure.simulation.mxw.machine import FLASH_S, Machine

_CLOSED = frozenset({"offline", "control_refused"})
Identity = tuple[str, str, str]
"""Name, serial number, MAC address."""


class MicroflexUnit:
    """A unit that listens: `SimulatedUnit` of the port."""

    def __init__(
        self, machine: Machine, port: int, clock: Clock, *, stranger: Identity, still: bool, unknown_is_silent: bool
    ) -> None:
        """``stranger`` is who answers during ``swap``."""
        self.machine = machine
        self.host = machine.host
        self.port = port
        self.faults: set[str] = set()
        self.connections: set[Connection] = set()
        self.rng = random.Random(machine.mac)
        self._own: Identity = (machine.device_id, machine.serial, machine.mac)
        self._stranger = stranger
        self._still = still
        self._unknown_is_silent = unknown_is_silent
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._later_calls: set[asyncio.TimerHandle] = set()
        self._meters: dict[int, tuple[int, Timer]] = {}
        """Interval in ms and timer, by channel."""

    @property
    def mac(self) -> str:
        """Address of the unit that answers now, lower case with colons."""
        return self.machine.mac

    @property
    def model(self) -> str:
        """The model."""
        return self.machine.model

    @property
    def label(self) -> str:
        """The name that the unit shows."""
        return self.machine.device_id

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
        for call in self._later_calls:
            call.cancel()
        for _, timer in self._meters.values():
            timer.stop()
        self._leave()
        for connection in tuple(self.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    # -- what happens to it ------------------------------------------------------------------------------------

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would; when this returns the reports have been written to every connection.

        Keys as in `services.drivers.port.Reading`, and those of ``more``. Raises `KeyError` for what the unit does not
        have, `ValueError` for a value that it cannot take.
        """
        self._report(self.machine.set_value(part.number, key, value))
        self._settle()

    def live_value(self, number: int, key: str, value: object) -> None:
        """The same, by people of the simulation."""
        self.set_value(Part(number), key, value)

    def set_wire(self, place: Place, text: str | None) -> None:
        """Report ``text`` as a property, whatever stands there; ``None`` ends it."""

        def override() -> None:
            self.machine.overridden.pop(place, None)
            if text is not None:
                self.machine.overridden[place] = text

        self._report(self.machine.changed_by(override))

    def pass_time(self, seconds: float) -> None:
        """Let time pass; what changes is reported."""
        self._report(self.machine.changed_by(lambda: self.machine.age(seconds)))

    async def fault(self, name: str) -> None:
        """Begin a fault; ``none`` ends them all. Raises `ValueError` for an unknown name."""
        if name not in FAULTS:
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
        """Be oneself or the stranger, frozen or not, with names and microphones or without."""
        machine = self.machine
        now: Identity = (machine.device_id, machine.serial, machine.mac)
        strange = "swap" in self.faults
        if strange and now != self._stranger:
            self._own = now
        if strange != (now == self._stranger):
            machine.device_id, machine.serial, machine.mac = self._stranger if strange else self._own
        self._report(machine.changed_by(self._show_faults))
        for connection in self.connections:
            connection.read_or_freeze()

    def _show_faults(self) -> None:
        if isinstance(self.machine, AccessPoint):
            self.machine.names_blank = "blank_name" in self.faults
            self.machine.all_off = "transmitter_off" in self.faults

    def _settle(self) -> None:
        if isinstance(self.machine, AccessPoint):
            self.machine.settle()

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
            result = self.machine.answer(body, refuses="refuses" in self.faults)
            replies += [] if result.refused and self._unknown_is_silent else result.replies + result.reports
            for other in self.connections - {connection}:
                other.send(result.reports)
            for index in result.flashing:
                self._later(FLASH_S, self._end_flash(index))
        if "slow" in self.faults:
            self._later(SLOW_S, lambda: connection.send(replies))
        else:
            connection.send(replies)
        self._set_meters()

    def _end_flash(self, index: int) -> Callable[[], None]:
        return lambda: self._report(self.machine.stop_flash(index))

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        now = asyncio.get_running_loop().time()
        self._later_calls = {call for call in self._later_calls if call.when() >= now}
        self._later_calls.add(asyncio.get_running_loop().call_later(seconds, work))

    def _set_meters(self) -> None:
        if not isinstance(self.machine, AccessPoint):
            return
        for number, channel in self.machine.channels.items():
            rate, timer = self._meters.get(number, (0, None))
            if rate == channel.meter_ms:
                continue
            if timer is not None:
                timer.stop()
                del self._meters[number]
            if channel.meter_ms:
                work = self._metering(self.machine, number)
                self._meters[number] = channel.meter_ms, self._clock.every(channel.meter_ms / 1000, work)

    def _metering(self, machine: AccessPoint, number: int) -> Callable[[], None]:
        def meter() -> None:
            if self.connections:
                self._report([machine.sample(number, self.rng, still=self._still)])

        return meter

    def _report(self, lines: Sequence[bytes]) -> None:
        for connection in self.connections:
            connection.send(lines)
