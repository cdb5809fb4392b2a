"""The floor: the least that a program on this event loop can do with the lines. Reads, splits, counts."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

import uvloop

from bench.children import emit, serve

PORT = 2202
METER_MS = 100
CHANNELS = range(1, 5)
METERING_ON = b"".join(b"< SET %d METER_RATE %05d >" % (channel, METER_MS) for channel in CHANNELS)
METERING_OFF = b"".join(b"< SET %d METER_RATE 00000 >" % channel for channel in CHANNELS)


class Lines(asyncio.Protocol):
    """One receiver."""

    taken = 0
    """Lines of all receivers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for meters."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._tail = b""
        self.transport.write(METERING_ON)

    def data_received(self, data: bytes) -> None:
        """Split."""
        lines = (self._tail + data).split(b">")
        self._tail = lines.pop()
        Lines.taken += len(lines)


async def run(hosts: list[str]) -> None:
    """Read the lines of these hosts until standard input ends."""
    loop = asyncio.get_running_loop()
    receivers = [(await loop.create_connection(Lines, host, PORT))[1] for host in hosts]

    async def lines() -> int:
        return Lines.taken

    emit("connected")
    await serve({"lines": lines})
    for receiver in receivers:
        receiver.transport.write(METERING_OFF)
        receiver.transport.close()
    await asyncio.sleep(0.2)


if __name__ == "__main__":
    uvloop.run(run(json.loads(sys.stdin.readline())))
