"""A client's connection to a simulated base: negotiation, login, lines, and what faults make of them."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, cast

from services.drivers.yamaha.simulation.faults import SLOW_S, pieces, with_noise

if TYPE_CHECKING:
    from services.drivers.yamaha.simulation.unit import Unit

_RESET = struct.pack("ii", 1, 0)
GREET_S = 0.02
"""A base looks at who is there a moment after a connection came: one that was just closed is gone by then."""
NEGOTIATION = b"\xff\xfd\x18\xff\xfb\x01\xff\xfb\x03\xff\xfa\x18\x01\xff\xf0"
"""DO terminal type, WILL echo, WILL suppress go ahead, and a subnegotiation, as Telnet servers begin."""
TRIES = 3


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._tail = b""
        self._state = "new"
        self._user = ""
        self._tries = 0
        self.notified = False
        self.transport: asyncio.Transport

    @property
    def logged_in(self) -> bool:
        """Whether this is the one client."""
        return self._state == "in"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came."""
        self.transport = cast(asyncio.Transport, transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unit.connections.append(self)
        asyncio.get_running_loop().call_later(GREET_S, self._greet)

    def connection_lost(self, exc: Exception | None) -> None:
        """It went."""
        self._unit.connections.remove(self)

    def _greet(self) -> None:
        """Ask who it is. A second client is sent away as the fault ``occupied`` says; without one, told and closed."""
        if self.transport.is_closing():
            return
        faults = self._unit.faults
        if "occupied_silent" in faults:
            self._state = "deaf"
        elif "occupied_closes" in faults:
            self.transport.close()
        elif "occupied" in faults or any(other.logged_in for other in self._unit.connections):
            self.transport.write(b"Another user is logged in.\r\n")
            self.transport.close()
        elif self._unit.options.password:
            self._state = "user"
            self._text((NEGOTIATION if self._unit.options.telnet else b"") + b"\r\nExecutive Elite\r\nlogin: ")
        else:
            self._state = "in"
        waiting, self._tail = self._tail, b""
        if waiting:
            self.data_received(waiting)

    def data_received(self, data: bytes) -> None:
        """Lines, in whatever pieces."""
        if "freeze" in self._unit.faults or self._state == "deaf":
            return
        self._unit.heard += data
        data = self._without_negotiation(self._tail + data)
        if self._state == "new":
            self._tail = data
            return
        *lines, self._tail = data.replace(b"\n", b"").split(b"\r")
        for line in lines:
            self._line(line.decode("latin-1"))

    @staticmethod
    def _without_negotiation(data: bytes) -> bytes:
        while (at := data.find(b"\xff")) >= 0:
            data = data[:at] + data[at + 3 :]
        return data

    def _line(self, line: str) -> None:
        options = self._unit.options
        if options.telnet and self._state in {"user", "in"}:
            self._text(line.encode() + b"\r\n")
        if self._state == "user":
            self._user, self._state = line, "password"
            self._text(b"Password: ")
        elif self._state == "password":
            self._unit.logins += 1
            self._tries += 1
            if (self._user, line) == (options.user, options.password):
                self._state = "in"
                self._text(b"\r\nWelcome\r\n")
            elif self._tries == TRIES:
                self.transport.close()
            else:
                self._state = "user"
                self._text(b"\r\nLogin incorrect\r\nlogin: ")
        elif self._state == "in":
            self._unit.asked(self, line)

    def send(self, *lines: str) -> None:
        """Write lines, spoilt by whatever fault the base has."""
        self._text("".join(f"{line}\r" for line in lines).encode())

    def _text(self, data: bytes) -> None:
        faults, random = self._unit.faults, self._unit.random
        if not data or not faults.isdisjoint({"freeze"}) or self.transport.is_closing():
            return
        if "garbage" in faults and self._state == "in":
            data = with_noise(data, random)
        if "slow" in faults:
            asyncio.get_running_loop().call_later(SLOW_S, self._write, data)
        else:
            self._write(data)

    def _write(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        for piece in pieces(data, self._unit.random) if "fragmented" in self._unit.faults else (data,):
            self.transport.write(piece)

    def reset(self) -> None:
        """End with RST."""
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()
