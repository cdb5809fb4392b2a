"""One simulated P10T on its socket: lines, few places for connections, meters of the unit, faults."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Protocol, cast

from services.drivers.shure.simulation.clock import Clock, Timer
from services.drivers.shure.simulation.connection import DEAF
from services.drivers.shure.simulation.faults import ONCE, pieces, with_noise
from services.drivers.shure.simulation.transmitters.faults import FAULTS, LOSE_EVERY, SLOW_S, TAKEN_MS
from services.drivers.shure.simulation.transmitters.rack import TRANSMITTERS, Rack

LINE_END = b"\r\n"
LINE_MOST = 256
"""Bytes of a line that are kept; what is longer is no command."""
_CLOSED = frozenset({"offline", "control_refused"})
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 seconds: closing sends RST."""


class Place(Protocol):
    """A part of a unit: ``number`` 0 is the unit, 1 and 2 are its transmitters."""

    @property
    def number(self) -> int:
        """Number of the transmitter."""


class SimulatedTransmitter:
    """A P10T that listens: `SimulatedUnit` of the port."""

    def __init__(self, rack: Rack, clock: Clock, host: str, port: int, *, mac: str, places: int) -> None:
        """``places`` are the connections that it takes; how many a real one takes is not known, but they are few."""
        self.rack = rack
        self.host = host
        self.port = port
        self.mac = mac
        self.faults: set[str] = set()
        self.connections: set[Connection] = set()
        self.rng = random.Random(f"{host} {mac}")
        self.heard: list[bytes] = []
        """The newest lines that came, without their ends."""
        self._places = places
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._meters: list[Timer] = []
        self._metered: dict[int, int] = {}
        self._commands = 0
        self._own_names: dict[tuple[int, str], str] = {}

    @property
    def model(self) -> str:
        """The model as it stands in adverts."""
        return "PSM1KTx"

    @property
    def label(self) -> str:
        """The name that the unit shows."""
        return self.rack.values[0, "DEVICE_NAME"]

    @property
    def is_listening(self) -> bool:
        """Whether the unit is on the network."""
        return self._server is not None

    @property
    def full(self) -> bool:
        """Whether all places are taken: a further connection is accepted and closed."""
        return "full" in self.faults or len(self.connections) >= self._places

    async def start(self) -> None:
        """Listen. Raises `OSError` where the address is not ours or taken."""
        self._server = await asyncio.get_running_loop().create_server(lambda: Connection(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        self._leave()
        for connection in tuple(self.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    def set_value(self, part: Place, key: str, value: object) -> None:
        """Change something as its user would; when this returns the report has been written to every connection.

        Raises `KeyError` for what the unit does not have.
        """
        self._report(self.rack.set_value(part.number, key, value))

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
        if name == "swap":
            self._own_names = {place: text for place, text in self.rack.values.items() if place[1].endswith("NAME")}
            self.rack.values |= {place: f"OTHER {place[0]}" for place in self._own_names}
        self._show_faults()
        await asyncio.sleep(0)  # sockets close in the next turn of the loop

    async def _recover(self) -> None:
        if "swap" in self.faults:
            self._close()
            self.rack.values |= self._own_names
        self.faults.clear()
        self._show_faults()
        if self._server is None:
            await self.start()

    def _show_faults(self) -> None:
        def change() -> None:
            self.rack.names_blank = "blank_name" in self.faults
            self.rack.off_air = "transmitter_off" in self.faults

        self._report(self.rack.changed_by(change))
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

    def asked(self, connection: Connection, line: bytes) -> None:
        """Answer one line of a client."""
        if not self.faults.isdisjoint(DEAF):
            return
        self.heard = [*self.heard[-199:], line]
        self._commands += 1
        if "lossy" in self.faults and self._commands % LOSE_EVERY == 0:
            return
        result = self.rack.answer(line, refuses="refuses" in self.faults)
        for other in self.connections - {connection}:
            other.send(result.reports)
        replies = result.replies + result.reports
        if "slow" in self.faults and replies:
            asyncio.get_running_loop().call_later(SLOW_S, connection.send, replies)
        else:
            connection.send(replies)
        if self.rack.meter_ms != self._metered:
            self._set_meters()
            if "rate_taken" in self.faults:
                self.take_rate(TAKEN_MS)

    def take_rate(self, milliseconds: int) -> None:
        """Another controller sets the metering rate of both transmitters, which everybody is told."""
        for channel in TRANSMITTERS:
            result = self.rack.answer(b"< SET %d METER_RATE %d >" % (channel, milliseconds))
            self._report(result.reports)
        self._set_meters()

    def _set_meters(self) -> None:
        """The rate is the unit's: it goes on whoever leaves, and everybody who is connected gets the meters."""
        for timer in self._meters:
            timer.stop()
        self._metered = dict(self.rack.meter_ms)
        self._meters = [
            self._clock.every(self._metered[channel] / 1000, self._metering(channel))
            for channel in TRANSMITTERS
            if self._metered[channel]
        ]

    def _metering(self, channel: int) -> Callable[[], None]:
        def meter() -> None:
            if self.connections:
                self._report(self.rack.meters(channel))

        return meter

    def _report(self, lines: Sequence[bytes]) -> None:
        for connection in self.connections:
            connection.send(lines)


class Connection(asyncio.Protocol):
    """One client. Only what ends in CR LF is a command, and one line is one command."""

    def __init__(self, unit: SimulatedTransmitter) -> None:
        self._unit = unit
        self._rest = b""
        self._pieces: list[bytes] = []
        self._full = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the client in, or close it at once where there is no place."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._unit.full:
            self.transport.close()
            return
        self._unit.connections.add(self)
        asyncio.get_running_loop().call_soon(self.read_or_freeze)

    def connection_lost(self, exc: Exception | None) -> None:
        """End. METER_RATE is the unit's, not the connection's: it stays as it is."""
        self._unit.connections.discard(self)

    def pause_writing(self) -> None:
        """The buffer is full."""
        self._full = True

    def resume_writing(self) -> None:
        """The client reads again."""
        self._full = False

    def data_received(self, data: bytes) -> None:
        """Lines, in whatever pieces."""
        *lines, rest = (self._rest + data).split(LINE_END)
        self._rest = rest[-LINE_MOST:]
        for line in lines:
            self._unit.asked(self, line)

    def send(self, lines: Sequence[bytes]) -> None:
        """Write whole lines, spoilt by whatever fault the unit has."""
        faults = self._unit.faults
        if not lines or self._full or not faults.isdisjoint(DEAF) or self.transport.is_closing():
            return
        if "garbage" in faults:
            lines = with_noise(lines, self._unit.rng)
        data = b"".join(lines)
        if "fragmented" in faults or self._pieces:
            waiting = bool(self._pieces)
            self._pieces += pieces(data, self._unit.rng)
            if not waiting:
                self._send_pieces(0)
        else:
            self.transport.write(data)

    def _send_pieces(self, at: int) -> None:
        """One piece a turn of the event loop: each is a segment, for there is no Nagle."""
        if at < len(self._pieces) and not self.transport.is_closing():
            self.transport.write(self._pieces[at])
            asyncio.get_running_loop().call_soon(self._send_pieces, at + 1)
        else:
            self._pieces.clear()

    def reset(self) -> None:
        """End with RST."""
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def read_or_freeze(self) -> None:
        """Read, but not while the unit is frozen."""
        if self.transport.is_closing():
            return
        if "freeze" in self._unit.faults:
            self.transport.pause_reading()
        elif not self.transport.is_reading():
            self.transport.resume_reading()
