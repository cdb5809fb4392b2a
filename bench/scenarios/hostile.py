"""What others do to a bridge while it serves a fleet: invented adverts, and a unit that never ends its line."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count

from bench import machine
from bench.latency import Latency
from bench.scenarios import latency
from bench.stage import House, Stage
from bench.table import Row
from services.drivers.shure.codec import slp

ADVERTS_A_SECOND = 250
INVENTED, HOSTS = "127.47", 400
"""First half of the addresses from which the adverts come, and how many they are; nothing answers there."""

ENDLESS, ENDLESS_PORT = "127.46.0.1", 2202
FLOOD = b"x" * 10_000_000
MEMORY_MB = 4.0
"""What a flood may take for good."""
RUNS_MOST = 12
"""A unit that makes no sense is asked again after a minute and later."""


async def measure(stage: Stage) -> Sequence[Row]:
    """Adverts, then the flood, each beside changes."""
    async with endless() as taken, stage.house(stage.scale.quads, dead=[ENDLESS], apart=True) as house:
        adverts, candidates = await _beside_adverts(house, stage)
        memory, before = machine.memory(house.bridge.pid).private, sum(taken)
        for run in range(2, RUNS_MOST):  # until an attempt falls into one: it is asked seldom
            flood = await latency.run(house, stage, run)
            if sum(taken) > before:
                break
        grown, written = machine.memory(house.bridge.pid).private - memory, sum(taken) - before
    return [
        Row(
            "hostile",
            f"{ADVERTS_A_SECOND} adverts a second from {HOSTS} invented hosts",
            f"{candidates} messages of candidates in {stage.scale.window:g} s",
            "at most one a second",
            candidates <= stage.scale.window + 1,
            {"candidates": candidates},
        ),
        latency.row("hostile", "changes beside them", adverts),
        Row(
            "hostile",
            f"a unit that writes {len(FLOOD) / 1e6:g} MB without the end of a line, at each attempt",
            f"memory {grown:+.1f} MB; {written / 1e6:.1f} MB of it were taken",
            f"< {MEMORY_MB:g} MB",
            written > 0 and grown < MEMORY_MB,
            {"grown_mb": grown, "taken_bytes": written},
        ),
        latency.row("hostile", "changes beside it", flood),
    ]


async def _beside_adverts(house: House, stage: Stage) -> tuple[Latency, int]:
    """How long changes took, and how many messages listed those who advertised."""
    before = house.watcher.candidates
    task = asyncio.create_task(_advertise())
    try:
        return await latency.run(house, stage, 1), house.watcher.candidates - before
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _advertise() -> None:
    """Until cancelled, each time with a name that was never heard."""
    socks = [_from(f"{INVENTED}.{number // 250}.{number % 250 + 1}") for number in range(HOSTS)]
    loop = asyncio.get_running_loop()
    begin = loop.time()
    try:
        for number in count():
            host = number % HOSTS
            told = slp.attributes_of("ULXD4Q", f"Rack {number}", f"00:0e:dd:00:{host >> 8:02x}:{host & 255:02x}", "x")
            socks[host].sendto(slp.build(told), (slp.GROUP, slp.PORT))
            await asyncio.sleep(max(0.0, begin + number / ADVERTS_A_SECOND - loop.time()))
    finally:
        for sock in socks:
            sock.close()


def _from(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    sock.bind((address, 0))
    return sock


@asynccontextmanager
async def endless() -> AsyncIterator[list[int]]:
    """A unit that writes and writes; the bytes that were taken of it, a number a connection."""
    taken: list[int] = []

    async def write(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = len(taken)
        taken.append(0)
        with suppress(ConnectionError):
            for at in range(0, len(FLOOD), 65536):
                part = FLOOD[at : at + 65536]
                writer.write(part)
                await writer.drain()
                taken[place] += len(part)
            await reader.read()
        writer.close()

    server = await asyncio.start_server(write, ENDLESS, ENDLESS_PORT)
    async with server:
        yield taken
