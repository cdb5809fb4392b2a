"""How long the program takes before it does anything."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence

from bench.bridge import Bridge
from bench.stage import PROGRAM, Stage
from bench.table import Row

HELP_MS = 300.0
CONNECT_S = 1.5
TIMES = 5
CONNACK = bytes((0x20, 0x03, 0x00, 0x00, 0x00))


async def measure(stage: Stage) -> Sequence[Row]:
    """Both from the command to the first sign of life; the median of a few."""
    helps = [await _help_ms() for _ in range(TIMES)]
    connects = await _connects_s(stage)
    helped, connected = statistics.median(helps), statistics.median(connects)
    return [
        Row(
            "startup",
            "mic2mqtt --help",
            f"{helped:.0f} ms ({min(helps):.0f} to {max(helps):.0f})",
            f"< {HELP_MS:g} ms",
            helped < HELP_MS,
            {"ms": helps},
        ),
        Row(
            "startup",
            "mic2mqtt run to CONNECT, schema up to date",
            f"{connected:.2f} s ({min(connects):.2f} to {max(connects):.2f})",
            f"< {CONNECT_S:g} s",
            connected < CONNECT_S,
            {"seconds": connects},
        ),
    ]


async def _help_ms() -> float:
    begin = time.monotonic()
    process = await asyncio.create_subprocess_exec(PROGRAM, "--help", stdout=asyncio.subprocess.DEVNULL)
    await process.wait()
    return 1000 * (time.monotonic() - begin)


async def _connects_s(stage: Stage) -> list[float]:
    """A listener instead of a broker notes when the first packet comes. The first start makes the schema."""
    knocked: asyncio.Queue[float] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(1):
            knocked.put_nowait(time.monotonic())
            writer.write(CONNACK)
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bridge = Bridge(stage.place("bridge"), port, [], command=[PROGRAM])
    took = []
    for _ in range(TIMES + 1):
        begin = time.monotonic()
        async with bridge:
            async with asyncio.timeout(30):
                took.append(await knocked.get() - begin)
        while not knocked.empty():
            knocked.get_nowait()
    server.close()
    return took[1:]
