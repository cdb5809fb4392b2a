"""One simulated unit on its socket: connections, metering, unasked reports, faults."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence

from services.drivers.port import Part
from services.drivers.shure.simulation.clock import Clock, Timer
from services.drivers.shure.simulation.connection import DEAF, Connection
from services.drivers.shure.simulation.faults import FAULTS, ONCE, SLOW_S
from services.drivers.shure.simulation.receivers import requests
from services.drivers.shure.simulation.receivers.device import Device, FieldAddress
from services.drivers.shure.simulation.receivers.identity import Identities
from services.drivers.shure.simulation.receivers.levels import STEP_MS
from services.drivers.shure.simulation.receivers.scenario import Scenario

_GOLDEN = 0.6180339887498949
"""Multiples of it, modulo 1, lie as evenly as any number of units allows."""
_SPOILING = DEAF | {"fragmented", "garbage"}
_CLOSED = frozenset({"offline", "control_refused"})


class Unit:
    """A simulated receiver, as `services.drivers.port.SimulatedUnit` wants it."""

    def __init__(
        self,
        device: Device,
        clock: Clock,
        host: str,
        port: int,
        *,
        identities: Identities,
        unknown_is_silent: bool,
        meters_apart: bool = False,
        latency_s: float = 0.0,
    ) -> None:
        self.device = device
        self.host = host
        self.port = port
        self.identities = identities
        self.faults: set[str] = set()
        self.rng = random.Random(f"{host} {identities.mac}")
        self._phase = identities.number * _GOLDEN % 1
        self._clock = clock
        self._unknown_is_silent = unknown_is_silent
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._meters: list[Timer] = []
        self._meters_apart = meters_apart
        self._latency_s = latency_s
        self._metered: list[int] = []
        self._scenario: Scenario | None = None
        self.last_written = 0.0
        """Loop time at which the last report of `set_value` had been handed to the sockets, seconds."""

    @property
    def mac(self) -> str:
        """Address of the unit that answers now, lower case with colons."""
        return self.identities.other_mac if "swap" in self.faults else self.identities.mac

    @property
    def model(self) -> str:
        """The model."""
        return self.device.setup.name

    @property
    def label(self) -> str:
        """The device id that the unit shows, without its padding."""
        return self.device.shown((0, "DEVICE_ID", 0)).strip("{} ")

    @property
    def is_listening(self) -> bool:
        """Whether the unit is on the network."""
        return self._server is not None

    async def start(self) -> None:
        """Listen. Raises `OSError` where the address is not ours or taken."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(self), self.host, self.port)
        self._server = server
        self.port = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in tuple(self._connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    def live(self, scenario: Scenario, step_s: float) -> None:
        """Let a scenario change the unit by itself."""
        self._scenario = scenario
        for channel, key, value in scenario.begin():
            self._happen(channel, key, value)
        self._clock.every(step_s, lambda: self._live_on(scenario, step_s), self._phase)

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would; when this returns the report has been written to every connection.

        Keys as in `services.drivers.port.Reading`; telemetry keys (``rf_a_dbm``, ``audio_peak_dbfs``, ``quality`` ...)
        fix a meter at a level. Raises `KeyError` for what the family does not have.
        """
        places = self.device.set_key(part.number, key, value, part.slot)
        if self._scenario is not None and part.number and not part.slot:
            self._scenario.take_over(part.number, key, value)
        self._report(requests.reports(self.device, places))
        self.last_written = asyncio.get_running_loop().time()

    async def fault(self, name: str) -> None:
        """Begin a fault; ``none`` ends them all. Raises `ValueError` for an unknown name."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}: there are {', '.join(FAULTS)}")
        if name == "none":
            await self._recover()
            return
        if name not in ONCE:
            self.faults.add(name)
        await self._begin(name)

    def joined(self, connection: Connection) -> None:
        """A client has connected."""
        self._connections.add(connection)

    def left(self, connection: Connection) -> None:
        """A client has gone. METER_RATE is the unit's, not the connection's: it stays as it is."""
        self._connections.discard(connection)

    def asked(self, connection: Connection, bodies: Sequence[bytes]) -> None:
        """Answer requests of one client."""
        if not self.faults.isdisjoint(DEAF):
            return
        replies: list[bytes] = []
        for body in bodies:
            result = requests.answer(
                self.device, body, unknown_is_silent=self._unknown_is_silent, refuses="refuses" in self.faults
            )
            replies += result.replies + result.reports
            for other in self._connections - {connection}:
                other.send(result.reports)
            for channel in result.flashing:
                seconds = requests.CHANNEL_FLASH_S if channel else requests.DEVICE_FLASH_S
                asyncio.get_running_loop().call_later(seconds, self._stop_flash, channel)
        if "slow" in self.faults:
            asyncio.get_running_loop().call_later(SLOW_S, connection.send, replies)
        elif self._latency_s:
            connection.send_apart(replies, self._latency_s)
        else:
            connection.send(replies)
        if self.device.meter_ms != self._metered:
            self._set_meters()

    def _report(self, lines: Sequence[bytes]) -> None:
        for connection in self._connections:
            connection.send(lines)

    def _stop_flash(self, channel: int) -> None:
        if channel in self.device.flashing:
            self.device.flashing.discard(channel)
            self._report([requests.line((channel, "FLASH", 0), "OFF")])

    def _set_meters(self) -> None:
        """One timer for all channels that share a rate, or one each."""
        for timer in self._meters:
            timer.stop()
        rates = self._metered = list(self.device.meter_ms)
        together = [[channel for channel, its in enumerate(rates) if its == rate] for rate in set(rates) - {0}]
        if self._meters_apart:
            together = [[channel] for channels in together for channel in channels]
        self._meters = [
            self._clock.every(
                rates[channels[0]] / 1000,
                self._metering(rates[channels[0]], channels),
                (self._phase + number / len(together)) % 1 if self._meters_apart else self._phase,
            )
            for number, channels in enumerate(together)
        ]

    def _metering(self, rate_ms: int, channels: Sequence[int]) -> Callable[[], None]:
        device, connections, faults = self.device, self._connections, self.faults
        loops = [device.meter_loops[channel] for channel in channels]
        stride, position = max(1, rate_ms // STEP_MS), device.position

        def meter() -> None:
            nonlocal position
            device.position = position = position + stride
            if not connections:
                return
            lines = [loop.lines[(position + loop.offset) % len(loop.lines)] for loop in loops]
            if not faults.isdisjoint(_SPOILING):
                self._report(lines)
                return
            data = b"".join(lines)
            for connection in connections:
                if not connection.full:
                    connection.transport.write(data)

        return meter

    def _live_on(self, scenario: Scenario, seconds: float) -> None:
        for channel, key, value in scenario.step(seconds):
            self._happen(channel, key, value)

    def _happen(self, channel: int, key: str, value: object) -> None:
        """The scenario changes something: what this family or this transmitter does not have passes unseen."""
        if channel <= self.device.paired and self.device.can_happen(channel, key):
            self._report(requests.reports(self.device, self.device.set_key(channel, key, value)))

    async def _begin(self, name: str) -> None:
        if name == "drop":
            self._close_connections()
        elif name == "reset":
            for connection in tuple(self._connections):
                connection.reset()
        elif name == "freeze":
            for connection in self._connections:
                connection.read_or_freeze()
        elif name in _CLOSED:
            if self._server is not None:
                self._server.close()
                self._server = None
            self._close_connections()
        elif name == "swap":
            self._close_connections()
            self._become(self.identities.other)
        self._show_faults()
        await asyncio.sleep(0)  # sockets close in the next turn of the loop

    async def _recover(self) -> None:
        frozen, closed = "freeze" in self.faults, not self.faults.isdisjoint(_CLOSED)
        if "swap" in self.faults:
            self._close_connections()
            self._become(self.identities.own)
        self.faults.clear()
        self._show_faults()
        if frozen:
            for connection in self._connections:
                connection.read_or_freeze()
        if closed:
            await self.start()

    def _show_faults(self) -> None:
        """Faults that show in what the unit says are reported like any change."""
        device = self.device

        def change() -> None:
            device.names_blank = "blank_name" in self.faults
            device.transmitters_off = "transmitter_off" in self.faults

        self._report(requests.reports(device, device.changed_by(device.channels, change)))

    def _become(self, texts: Mapping[FieldAddress, str]) -> None:
        for place, value in texts.items():
            self.device.write(place, value)

    def _close_connections(self) -> None:
        for connection in tuple(self._connections):
            connection.transport.close()
