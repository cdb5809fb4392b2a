"""One simulated unit: its own words, its modules, its clients. Every client gets its own answers and nothing else."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field

from services.drivers.lectrosonics.simulation.channel import DRAIN_PER_HOUR, Channel
from services.drivers.lectrosonics.simulation.faults import FAULTS, ONCE, SLOW_S, noise, pieces
from services.model import Part

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 seconds: closing sends RST."""
REQUEST = re.compile(r"(!?)(\w+)(?:\((\d+)\))?(\?|=(.*))", re.ASCII)
ERROR = "ERROR"
"""How a unit refuses is in no source; this word is ours."""


class Options(BaseModel):
    """What can be chosen for simulated units."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    still: bool = Field(False, description="Nothing changes by itself: batteries full, meters at one level.")
    drain_per_hour: float = Field(DRAIN_PER_HOUR, ge=0, description="Battery, percent an hour.")
    time_scale: float = Field(1.0, gt=0, description="Everything that happens by itself, that many times as fast.")
    fault: str = Field("none", description="A fault that every unit has from the start.")
    numbered: bool = Field(True, description="Answers repeat the channel that was asked for; not proven.")
    old: bool = Field(False, description="Older firmware, as we imagine it: silent about modes and transmitters.")
    modules: int = Field(4, ge=1, le=4, description="Receiver modules that are installed.")


class Unit:
    """A unit on the network; `services.drivers.port.SimulatedUnit`."""

    def __init__(self, host: str, port: int, channels: Sequence[Channel], random: Random, options: Options) -> None:
        self.host, self.port = host, port
        self.channels = channels
        self.random = random
        self.asked: list[str] = []
        """Every request that arrived, for tests."""
        self.ident = "DSQD"
        self.label = "Rack 1"
        self.serial = random.randint(1000, 9999)
        self.faults: set[str] = set()
        self._options = options
        self._names = [channel.name for channel in channels]
        self._server: asyncio.Server | None = None
        self.connections: list[Connection] = []

    async def start(self) -> None:
        """Listen. Raises `OSError`."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def leave(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in [*self.connections]:
            connection.transport.abort()

    async def fault(self, name: str) -> None:
        """Begin a fault; ``none`` ends all of them. Raises `ValueError` for one that does not exist."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}: there are {', '.join(FAULTS)}")
        if name == "none":
            if "swap" in self.faults:
                self.serial -= 5000
            self.faults.clear()
            self._rename(self._names)
            if self._server is None:
                await self.start()
        elif name == "offline":
            self.leave()
        elif name in ONCE:
            for connection in [*self.connections]:
                connection.end(abruptly=name == "reset")
        else:
            self.faults.add(name)
            if name == "swap":
                self.serial += 5000
                self._rename([f"Other {number}" for number in range(1, 5)])
            elif name == "blank_name":
                self._rename([""] * len(self.channels))
        for channel in self.channels:
            channel.transmitting = "transmitter_off" not in self.faults
        await asyncio.sleep(0)

    def set_value(self, part: Part, key: str, value: Any) -> None:
        """Change something at the panel or the transmitter; nothing is told. Raises `KeyError` for what it has not."""
        if part.number == 0 and key == "name":
            self.label = str(value)
        else:
            _SETTERS[key](self.channels[part.number - 1], value)

    def step(self, seconds: float) -> None:
        """Let time pass."""
        for channel in self.channels:
            channel.step(seconds)

    def answer(self, request: str) -> str | None:
        """The answer to one request; ``None`` for silence."""
        self.asked.append(request)
        found = REQUEST.fullmatch(request.strip())
        if self.faults & {"freeze", "control_blocked"}:
            return None
        if found is None:
            return ERROR
        bang, word, number, question, text = found.groups()
        if self._options.old and (word.startswith("tx") or word in {"rxmode", "rxdivmode"}):
            return None
        if question != "?" and not self._take(word, number, text):
            return ERROR
        value = self._value(word, number)
        if value is None:
            return ERROR
        place = f"({number})" if number and self._options.numbered else ""
        return f"OK {word}{place}={value}" if bang else value

    def _take(self, word: str, number: str | None, text: str) -> bool:
        return (
            "refuses" not in self.faults
            and number in {"1", "2", "3", "4"}
            and (self.channels[int(number) - 1].take(word, text))
        )

    def _value(self, word: str, number: str | None) -> str | None:
        if number is None:
            return self._own().get(word)
        if word == "rxdivmode":
            return "0" if number in {"1", "2"} else None
        return self.channels[int(number) - 1].value(word) if number in {"1", "2", "3", "4"} else None

    def _own(self) -> dict[str, str]:
        mac = f"00-24-34-32-{self.serial // 256:02X}-{self.serial % 256:02X}"
        return {
            "id": f'"{self.ident}"',
            "serial": f'"{self.serial}"',
            "macaddr": f'"{mac}"',
            "version": '"1.07"',
            "desc": f'"{self.label}"',
            "fplock": "0",
            "hwstat": "0",
        }

    def _rename(self, names: Sequence[str]) -> None:
        for channel, name in zip(self.channels, names, strict=False):
            channel.name = name


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self.transport = cast("asyncio.Transport", transport)
        self._unit.connections.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._unit.connections.remove(self)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop; a request ends with CR."""
        *requests, self._tail = (self._tail + data).split(b"\r")
        for request in requests:
            if (answer := self._unit.answer(request.decode("latin-1"))) is not None:
                line = f"{answer}\r\n".encode("latin-1")
                if "slow" in self._unit.faults:
                    asyncio.get_running_loop().call_later(SLOW_S, self._write, line)
                else:
                    self._write(line)

    def end(self, *, abruptly: bool) -> None:
        """Close, by FIN or by RST."""
        if abruptly:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.transport.abort()
        else:
            self.transport.write_eof()

    def _write(self, line: bytes) -> None:
        if self.transport.is_closing():
            return
        random, faults = self._unit.random, self._unit.faults
        if "garbage" in faults:
            line = noise(random) + line
        for piece in pieces(line, random) if "fragmented" in faults else (line,):
            self.transport.write(piece)


def _put(attribute: str, convert: Callable[[Any], object]) -> Callable[[Channel, Any], None]:
    return lambda channel, value: setattr(channel, attribute, convert(value))


_SETTERS: dict[str, Callable[[Channel, Any], None]] = {
    "name": _put("name", str),
    "gain_db": _put("gain", int),
    "receiver_muted": _put("mute", int),
    "receiver_powered": _put("on", bool),
    "frequency_mhz": _put("khz", lambda value: round(float(value) * 1000)),
    "transmitter_present": _put("transmitting", bool),
    "transmitter_id": _put("sender", str),
    "battery_percent": _put("charge", float),
    "encryption_fault": _put("key_good", lambda value: int(not value)),
}
