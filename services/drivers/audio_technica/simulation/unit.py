"""One simulated unit on a TCP port with a place for one client, and with notices by multicast where they are on."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from random import Random

from services.drivers.audio_technica.simulation.faults import (
    BUSY_S,
    FAULTS,
    ONCE,
    SLOW_S,
    divided,
    noise,
    pieces,
)
from services.drivers.audio_technica.simulation.machine import Machine, Refused
from services.model import Part

LINE_MOST = 287
GROUP, NOTICE_PORT = "239.0.0.100", 17000
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 seconds: closing sends RST."""
_COMMAND = re.compile(r"([A-Za-z0-9_]+) ([OS]) ([0-9A-F]{4}) (\d\d) (NC|CS|CM|CE)(?: (.*))?")
_SETTLE_TURNS = 3


class Unit:
    """A unit on the network; `services.drivers.port.SimulatedUnit`."""

    def __init__(self, host: str, port: int, machine: Machine, random: Random, *, unknown_is_silent: bool) -> None:
        self.host, self.port = host, port
        self.machine = machine
        self.asked: list[str] = []
        """Every command that arrived, for tests."""
        self.clients = self.turned_away = 0
        self.overlapping = 0
        """Commands that came before the answer to the last one had gone out, for tests."""
        self.silent_ids: set[str] = set()
        """Ids of linked receivers that are switched off."""
        self._late = 0
        self._random = random
        self._unknown_is_silent = unknown_is_silent
        self._loop = asyncio.get_running_loop()
        self._server: asyncio.Server | None = None
        self._client: _Client | None = None
        self._busy_until = 0.0
        self._voice: socket.socket | None = None
        self.fault_now = "none"

    async def listen(self) -> None:
        """Open the port; a free one where it is 0. Raises `OSError`."""
        self._server = await self._loop.create_server(lambda: _Client(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def leave(self) -> None:
        """Close the port and the connection."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        if self._client is not None:
            self._client.close()
        if self._voice is not None:
            self._voice.close()
            self._voice = None
        for _ in range(_SETTLE_TURNS):
            await asyncio.sleep(0)

    def speak(self, interface: str) -> None:
        """Switch notices on, out of one interface. Raises `OSError`."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            sock.bind((self.host, 0))
        except OSError:
            sock.close()
            raise
        self._voice = sock
        self.machine.notices = True
        self.machine.tell = self._tell

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would. Raises `KeyError` for what the unit has not."""
        self.machine.set_value(part.number, key, value)

    async def fault(self, name: str) -> None:
        """Begin a fault; ``none`` ends all of them. Raises `ValueError` for one that does not exist."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}: there are {', '.join(FAULTS)}")
        before, self.fault_now = self.fault_now, "none" if name in ONCE else name
        machine = self.machine
        machine.nameless, machine.swapped = name == "blank_name", name == "swap"
        if "transmitter_off" in {before, name}:
            machine.switch_off(off=name == "transmitter_off")
        self._busy_until = self._loop.time() + BUSY_S if name == "busy" else 0.0
        if name == "offline":
            await self.leave()
        elif self._server is None:
            await self.listen()
        if self._client is not None and name == "drop":
            self._client.finish()
        elif self._client is not None and name in {"reset", "held"}:
            self._client.reset()
        for _ in range(_SETTLE_TURNS):  # what was written before is read by now
            await asyncio.sleep(0)

    # -- clients ---------------------------------------------------------------------------------------------

    def comes(self, client: _Client) -> bool:
        """A client came; whether the only place was free."""
        if self.fault_now == "held" or (self._client is not None and not self._client.is_gone):
            self.turned_away += 1
            return False
        self._client = client
        self.clients += 1
        return True

    def goes(self, client: _Client) -> None:
        """A client went."""
        if self._client is client:
            self._client = None

    def replies(self, line: bytes) -> list[bytes]:
        """What a line is answered with."""
        text = line.decode("latin-1")
        self.asked.append(text)
        self.overlapping += self._late > 0
        found = _COMMAND.fullmatch(text)
        if found is None or len(line) >= LINE_MOST:
            return [f"{text.split(' ')[0]} 0000 00 NC NAK 01\r".encode("latin-1", "replace")]
        word, handshake, own_id, unit_id, _, parameters = found.groups()
        if own_id in self.silent_ids:
            return []
        head = f"{word} {own_id} {unit_id}"
        try:
            reply = self._answer(word, own_id, parameters or "")
        except Refused as refused:
            if refused.code == 2 and self._unknown_is_silent:  # noqa: PLR2004 - a command that is not known
                return []
            reply = f"NAK {refused.code:02d}"
        if reply == "ACK" and handshake == "O":
            return []  # one way: nobody wants to know
        if self.fault_now == "divided" and not reply.startswith(("ACK", "NAK")):
            return [f"{piece}\r".encode() for piece in divided(head, reply)]
        return [f"{head} NC {reply}\r".encode()]

    def _answer(self, word: str, own_id: str, parameters: str) -> str:
        """Raises `Refused`."""
        if self._loop.time() < self._busy_until:
            raise Refused(90)
        if self.fault_now == "safe_mode":
            raise Refused(92)
        if self.fault_now == "refuses" and word in self.machine.sets and word.startswith("s"):
            raise Refused(99)
        return self.machine.answer(word, own_id, parameters)

    def send(self, lines: list[bytes], write: Callable[[bytes], None]) -> None:
        """Write lines as the fault of the moment has it."""
        if self.fault_now == "freeze":
            return
        for line in lines:
            if self.fault_now == "garbage":
                write(noise(self._random))
            if self.fault_now == "slow":
                self._late += 1
                self._loop.call_later(SLOW_S, self._write_late, write, line)
            elif self.fault_now == "fragmented":
                for number, piece in enumerate(pieces(line, self._random)):
                    self._loop.call_later(number * 0.0002, write, piece)
            else:
                write(line)

    def _write_late(self, write: Callable[[bytes], None], line: bytes) -> None:
        self._late -= 1
        write(line)

    def _tell(self, own_id: str, word: str, text: str) -> None:
        if self._voice is not None and self._server is not None and self.fault_now != "freeze":
            with suppress(OSError):  # a datagram may always be lost
                self._voice.sendto(f"MD {word} {own_id} 00 NC {text}\r".encode(), (GROUP, NOTICE_PORT))


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._tail = b""
        self.is_gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        if not self._unit.comes(self):
            self.reset()

    def eof_received(self) -> None:
        self.is_gone = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_gone = True
        self._unit.goes(self)

    def data_received(self, data: bytes) -> None:
        if self.is_gone or self._unit.fault_now == "freeze":
            return
        *lines, self._tail = (self._tail + data).split(b"\r")
        for line in lines:
            if line:
                self._unit.send(self._unit.replies(line), self._write)

    def finish(self) -> None:
        """End with FIN, and take what still comes: left unread it would make an RST of it."""
        self.is_gone = True
        self._transport.write_eof()

    def close(self) -> None:
        """End at once."""
        self.is_gone = True
        self._transport.close()

    def reset(self) -> None:
        """End with RST."""
        self.is_gone = True
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def _write(self, data: bytes) -> None:
        if data and not self._transport.is_closing():
            self._transport.write(data)
