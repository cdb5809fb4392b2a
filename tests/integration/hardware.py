"""Receivers as the makers' documents describe them, written without a line of our own codec.

What one knows stands in a file of `tests/captures/hardware`; how it behaves beside that (old firmware, odd spacing,
noise on the line, a crowd of one) are its `Manners`. Simulators are written by those who wrote the driver and agree
with it too easily; these here only know the documents.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CAPTURES = Path(__file__).parents[1] / "captures" / "hardware"

_QUESTION = re.compile(r"<\s*(GET|SET)\s+(?:(\d+)\s+)?([A-Z0-9_]+)\s*([^<>]*?)\s*>")
_LINE = re.compile(r"<\s*(REP|SAMPLE)\s+(?:(\d+)\s+)?([A-Z0-9_]+)\s*(\d+(?=\s))?")
_RANGE = re.compile(r"@(\d+)-(\d+) (.*)")
_RATE = re.compile(r"\d{5}")

NOISE = (
    b"\x00\xff\xfe",
    b"}",
    b" > ",
    b"{",
    b"<",
    b"< {",
    b"<\x91{",
    b"< >",
    b"\r\n",
    b"<<<",
    b"><",
    b"hello\r\n",
    b"<{<",
)
"""What may stand between two messages: all of the protocol's own marks among it."""

Style = Callable[[str], str]
"""How a device writes a message."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a receiver behaves, apart from what it knows."""

    delivery: str = "whole"
    """``whole``, ``fragments``, ``bytes`` or ``noise``."""
    style: Style = str
    unknown: bytes = b"< REP ERR >"
    """What it says to a question that it does not know."""
    whole_dump: str = "all"
    """Of GET 0 ALL: ``all``, ``half``, ``silence``, or ``refused`` (and begins to meter, as SLX-D+ does)."""
    dump: str = "all"
    """Of GET n ALL: ``all`` or ``silence``."""
    deaf_to: frozenset[str] = frozenset()
    """Names that it knows and never answers by name; DEVICE_ID of some, METER_RATE of others."""
    slow: Mapping[str, float] = field(default_factory=dict)
    """Name -> seconds until its answer; everything that is asked behind it waits too."""
    late: Mapping[str, float] = field(default_factory=dict)
    """The same, but nothing waits."""
    banner: bytes = b""
    """Said to whoever connects."""
    chatter: tuple[str, ...] = ()
    """Said unasked, one after every second message."""
    meters_already: bool = False
    """A client before us left metering on."""
    one_client: bool = False
    """A second connection is refused."""
    blocked: bool = False
    """Control by third parties is off: it connects and stays silent."""
    hangs_up: bool = False
    """Closes whatever connects."""
    recording: bool = False
    """It is none: what one said once is played to whoever connects, then its meters, and no question is answered."""


@dataclass(slots=True)
class Memory:
    """What a receiver knows: its lines by index and name, in the order in which it dumps them."""

    lines: list[tuple[int | None, str, str | None, str]]
    samples: dict[int, list[str]]

    @classmethod
    def load(cls, name: str) -> Memory:
        memory = cls([], {})
        for line in _expanded((CAPTURES / f"{name}.txt").read_text(encoding="utf-8")):
            memory.learn(line)
        return memory

    def learn(self, line: str) -> None:
        found = _LINE.match(line)
        assert found, line
        verb, index, name, sub = found.groups()
        if verb == "SAMPLE":
            self.samples.setdefault(int(index), []).append(line)
            return
        place = (int(index) if index else None, name, sub if _has_sub(name) else None)
        known = [number for number, each in enumerate(self.lines) if each[:3] == place]
        if known:
            self.lines[known[0]] = (*place, line)
        else:
            self.lines.append((*place, line))

    def of(self, index: int | None, name: str, argument: str) -> list[str]:
        sub = argument if _has_sub(name) and argument not in {"", "0"} else None
        return [
            line
            for at, known, under, line in self.lines
            if (at, known) == (index, name) and (sub is None or under == sub)
        ]

    def of_channel(self, index: int) -> list[str]:
        return [line for at, _, _, line in self.lines if at == index]

    def of_receiver(self) -> list[str]:
        """What the dump of one channel has besides (docs/protocols.md#everything-at-once)."""
        return [line for at, *_, line in self.lines if at is None]

    @property
    def channels(self) -> list[int]:
        return sorted({at for at, *_ in self.lines if at is not None})


def _has_sub(name: str) -> bool:
    return name.startswith(("SLOT_", "LINK_", "RSSI"))


def _expanded(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        found = _RANGE.match(line)
        numbers = range(int(found[1]), int(found[2]) + 1) if found else range(1)
        for number in numbers:
            yield found[3].replace("%", str(number)) if found else line


def expected(name: str) -> dict[str, Any]:
    """What a user must see of it."""
    facts: dict[str, Any] = json.loads((CAPTURES / f"{name}.json").read_text(encoding="utf-8"))
    return facts


class Hardware:
    """One receiver on a port of its own."""

    def __init__(self, name: str, manners: Manners) -> None:
        self.name = name
        self.manners = manners
        self.memory = Memory.load(name)
        self.host, self.port = "127.0.0.1", 0
        self.heard: list[str] = []
        """Every question, in order."""
        self.offences: list[str] = []
        """What no client may do."""
        self.clients: set[_Client] = set()
        self.connections = 0
        self.frozen = False
        self._plugged = False
        self._server: asyncio.Server | None = None
        self._news = asyncio.Event()

    async def plug_in(self) -> None:
        self._plugged = True
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def unplug(self, *, reset: bool = False) -> None:
        """Off at once: with FIN, or with RST."""
        self._plugged = False
        if self._server is not None:
            self._server.close()
            self._server = None
        for client in [*self.clients]:
            client.hang_up(reset=reset)
        while self.clients:
            await self.something()

    async def something(self) -> None:
        self._news.clear()
        await self._news.wait()

    async def until(self, true: Callable[[], object], seconds: float = 5.0) -> None:
        async with asyncio.timeout(seconds):
            while not true():
                await self.something()

    def say(self, *lines: str) -> None:
        """Say something unasked."""
        for client in self.clients:
            for line in lines:
                client.put(line)

    def say_bytes(self, data: bytes) -> None:
        """The same, whatever it is."""
        for client in self.clients:
            client.put_bytes(data)

    def change(self, *lines: str) -> None:
        """Have something changed at the front panel: remembered, and said unasked."""
        for line in lines:
            self.memory.learn(line)
        self.say(*lines)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.manners.hangs_up or not self._plugged:
            writer.close()
            return
        if self.manners.one_client and self._server is not None:
            self._server.close()
            self._server = None
        client = _Client(self, reader, writer)
        self.clients.add(client)
        try:
            await client.live()
        finally:
            self.clients.discard(client)
            self._news.set()
            if self.manners.one_client and self._plugged:
                await self.plug_in()

    def note(self, question: str) -> None:
        self.heard.append(question)
        self._news.set()


class _Client:
    def __init__(self, device: Hardware, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._device = device
        self._reader, self._writer = reader, writer
        self._out: asyncio.Queue[bytes] = asyncio.Queue()
        self._said = 0
        self._chatter = 0
        self._random = random.Random(device.name)
        self._rates: dict[int, int] = {}

    async def live(self) -> None:
        manners, tasks = self._device.manners, []
        if manners.banner:
            self._out.put_nowait(manners.banner)
        if manners.recording:
            for *_, line in self._device.memory.lines:
                self.put(line)
        if manners.meters_already or manners.recording:
            self._rates = dict.fromkeys(self._device.memory.samples, 100)
        try:
            tasks = [asyncio.create_task(work()) for work in (self._deliver, self._meter)]
            with suppress(ConnectionError):
                await self._listen()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._writer.close()

    def put_bytes(self, data: bytes) -> None:
        self._out.put_nowait(data)

    def hang_up(self, *, reset: bool) -> None:
        """End the conversation, with FIN or with RST."""
        if reset:
            sock = self._writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
        else:
            self._writer.close()
        self._reader.feed_eof()

    def put(self, line: str) -> None:
        manners = self._device.manners
        if manners.blocked:
            return
        self._out.put_nowait(_bytes(manners.style(line)))
        self._said += 1
        if manners.chatter and self._said % 2 == 0:
            self._out.put_nowait(_bytes(manners.style(manners.chatter[self._chatter % len(manners.chatter)])))
            self._chatter += 1

    async def _listen(self) -> None:
        held = ""
        while data := await self._reader.read(4096):
            held += data.decode("ascii")  # a client sends ASCII only
            end = 0
            for found in _QUESTION.finditer(held):
                end = found.end()
                verb, index, name, argument = found.groups()
                self._device.note(" ".join(filter(None, found.groups())))
                if self._device.frozen or self._device.manners.recording:
                    continue
                await self._answer(verb, int(index) if index else None, name, argument)
            held = held[end:]

    async def _answer(self, verb: str, index: int | None, name: str, argument: str) -> None:
        manners = self._device.manners
        if (pause := manners.slow.get(name)) is not None:
            await asyncio.sleep(pause)
        lines = self._set(index, name, argument) if verb == "SET" else self._get(index, name, argument)
        if (pause := manners.late.get(name)) is not None:
            asyncio.get_running_loop().call_later(pause, self._put_all, lines)
        else:
            self._put_all(lines)

    def _put_all(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.put(line)

    def _get(self, index: int | None, name: str, argument: str) -> list[str]:
        memory, manners = self._device.memory, self._device.manners
        if name == "ALL":
            return self._dump(index)
        if index == 0:
            return [line for channel in memory.channels for line in memory.of(channel, name, argument)]
        lines = memory.of(index, name, argument)
        if name in manners.deaf_to:
            return []
        return lines or ([manners.unknown.decode()] if manners.unknown else [])

    def _dump(self, index: int | None) -> list[str]:
        memory, manners = self._device.memory, self._device.manners
        if index != 0:
            return [*memory.of_receiver(), *memory.of_channel(index or 0)] if manners.dump == "all" else []
        everything = [line for *_, line in memory.lines]
        if manners.whole_dump == "refused":
            self._device.offences.append("GET 0 ALL")
            self._rates = dict.fromkeys(memory.samples, 1000)
            return ["< REP ERR >"]
        return {"all": everything, "half": everything[: len(everything) // 2]}.get(manners.whole_dump, [])

    def _set(self, index: int | None, name: str, argument: str) -> list[str]:
        if name != "METER_RATE" or not index or not _RATE.fullmatch(argument) or 0 < int(argument) < 100:
            self._device.offences.append(f"SET {index} {name} {argument}")
            return ["< REP ERR >"]
        if not self._device.memory.of(index, "METER_RATE", ""):
            return ["< REP ERR >"]
        self._rates[index] = int(argument)
        line = f"< REP {index} METER_RATE {argument} >"
        self._device.memory.learn(line)
        return [] if name in self._device.manners.deaf_to else [line]

    @property
    def metering(self) -> bool:
        return any(self._rates.values())

    async def _meter(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(min(filter(None, self._rates.values()), default=50) / 1000)
            turn += 1
            for channel, rate in self._rates.items():
                samples = self._device.memory.samples.get(channel)
                if rate and samples and not self._device.frozen:
                    self.put(samples[turn % len(samples)])

    async def _deliver(self) -> None:
        delivery = self._device.manners.delivery
        while True:
            data = await self._out.get()
            if delivery == "noise":
                data = self._random.choice(NOISE) + data
            while not self._out.empty() and delivery != "bytes":
                data += (self._random.choice(NOISE) if delivery == "noise" else b"") + self._out.get_nowait()
            if self._device.frozen:
                continue
            for piece in self._pieces(data, delivery):
                self._writer.write(piece)
                if delivery != "whole":
                    await asyncio.sleep(0)  # each piece is a segment of its own
            with suppress(ConnectionError):
                await self._writer.drain()

    def _pieces(self, data: bytes, delivery: str) -> Iterator[bytes]:
        begin = 0
        while begin < len(data):
            size = {"whole": len(data), "bytes": 1}.get(delivery) or self._random.randint(1, 23)
            yield data[begin : begin + size]
            begin += size


def _bytes(line: str) -> bytes:
    return line.encode("latin-1" if any("\x80" <= each <= "\xff" for each in line) else "utf-8")


@asynccontextmanager
async def plugged_in(name: str, manners: Manners = Manners()) -> AsyncIterator[Hardware]:
    """A receiver that knows what a file says."""
    device = Hardware(name, manners)
    await device.plug_in()
    try:
        yield device
    finally:
        await device.unplug()
