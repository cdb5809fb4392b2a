"""A client's connection to a simulated unit, and the ways in which faults spoil what goes over it."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Sequence
from typing import Protocol, cast

from services.drivers.shure.codec.framing import Framer
from services.drivers.shure.simulation.faults import pieces, with_noise

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 seconds: closing sends RST."""
DEAF = frozenset({"freeze", "control_blocked"})
"""Faults during which nothing is read or written."""


class Served(Protocol):
    """What a connection asks of the unit that it belongs to."""

    faults: set[str]
    rng: random.Random

    def joined(self, connection: Connection) -> None:
        """A client has connected."""

    def left(self, connection: Connection) -> None:
        """A client has gone."""

    def asked(self, connection: Connection, bodies: Sequence[bytes]) -> None:
        """A client asks."""


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, unit: Served) -> None:
        self._unit = unit
        self._framer = Framer()
        self._pieces: list[bytes] = []
        self._due = 0.0
        """Loop time of the last line that waits to be written."""
        self.transport: asyncio.Transport
        self.full = False
        """The client does not read: samples are dropped, as there is nobody to see them."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; small lines must leave at once."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unit.joined(self)
        # uvloop begins to read after this call, whatever is said within
        asyncio.get_running_loop().call_soon(self.read_or_freeze)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._unit.left(self)

    def pause_writing(self) -> None:
        """The buffer is full."""
        self.full = True

    def resume_writing(self) -> None:
        """The client reads again."""
        self.full = False

    def data_received(self, data: bytes) -> None:
        """Requests, in whatever pieces."""
        self._unit.asked(self, self._framer.feed(data))

    def send(self, lines: Sequence[bytes]) -> None:
        """Write whole lines, spoilt by whatever fault the unit has."""
        faults = self._unit.faults
        if not lines or not faults.isdisjoint(DEAF) or self.transport.is_closing():
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

    def send_apart(self, lines: Sequence[bytes], seconds: float) -> None:
        """Write one line after another, each so many seconds behind the one before it."""
        loop = asyncio.get_running_loop()
        for line in lines:
            self._due = max(self._due, loop.time()) + seconds
            loop.call_at(self._due, self.send, [line])

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
