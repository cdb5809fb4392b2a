"""How long a scrape and a summary of a large fleet hold the event loop: changes and commands wait for so long."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from bench.stage import Stage
from bench.table import Row
from bench.turns import HELD_MS, Turns, watched
from bridge.http import metrics, server
from bridge.publishing.campus_pages import CampusPages
from services.discovery import Candidates
from services.live import Changes, Inventory, Unit
from services.model import Address, Kind, UnitRecord

CHANNELS = 4
ROUNDS = 10

STATE = {
    "name": "Vox",
    "battery_percent": 80,
    "battery_bars": 4,
    "battery_runtime_minutes": 300,
    "battery_health_percent": 98,
    "frequency_mhz": 526.225,
    "transmitter_present": True,
    "receiver_muted": False,
    "transmitter_muted": False,
    "interference": "none",
    "encryption_fault": False,
    "status": "good",
}
METERS = {"rf_a_dbm": -60, "rf_b_dbm": -70, "rf_dbm": -60, "rf_min_dbm": -65, "audio_peak_dbfs": -12, "quality": 5}

_CLIENT = """
import sys, urllib.request
for url in sys.stdin:
    print(len(urllib.request.urlopen(url.strip()).read()), flush=True)
"""
"""In a process of its own: what it computes must not count. A scrape for each line that it is given."""


def fleet(receivers: int) -> Inventory:
    """So many live receivers with all that a metric is made of."""
    inventory = Inventory("main")
    for number in range(receivers):
        address = Address("default", "stage", Kind.RECEIVER, f"rack{number}")
        unit = Unit(UnitRecord(address, "shure", "shure", f"10.0.{number // 250}.{number % 250}", model="ULXD4Q"))
        unit.stale, unit.availability.state = False, "online"
        inventory.put(unit)
        for channel in range(1, CHANNELS + 1):
            part = inventory.ensure_part(unit, channel)
            part.stale, part.state, part.meters.newest = False, {**part.state, **STATE}, METERS
    return inventory


@contextlib.asynccontextmanager
async def scraper(url: str) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """A client that scrapes when it is asked to, and gives the number of bytes."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _CLIENT, stdin=pipe, stdout=pipe)
    asked, answered = process.stdin, process.stdout
    if asked is None or answered is None:
        raise RuntimeError("the client has no pipes")

    async def scrape() -> int:
        asked.write(f"{url}\n".encode())
        return int(await answered.readline())

    await scrape()  # the first one imports
    try:
        yield scrape
    finally:
        asked.close()
        await process.wait()


async def measure(stage: Stage) -> Sequence[Row]:
    """Both, of the same fleet."""
    inventory = fleet(stage.scale.many_quads)
    gc.collect()
    gc.freeze()  # as the bridge does: a collection of what never goes away would count
    try:
        return [await _scrapes(inventory), await _summaries(inventory)]
    finally:
        gc.unfreeze()


async def _scrapes(inventory: Inventory) -> Row:
    """Over HTTP, one after the other; the median of their longest turns."""
    render = metrics.renderer(inventory, metrics.Process(dict, dict, dict, dict), asyncio.get_running_loop().time)
    longest, took, size = [], [], 0
    serving = server.serve("127.0.0.1:0", render=render, not_ready=tuple, lag=server.LoopLag())
    async with serving as url, scraper(f"{url}/metrics") as scrape:
        for _ in range(ROUNDS):
            turns, begin = Turns(), time.perf_counter()
            async with watched(turns):
                size = await scrape()
            longest.append(1000 * turns.longest_s)
            took.append(time.perf_counter() - begin)
    return _held(
        f"a scrape at {len(inventory.units):,} receivers with {CHANNELS} channels holds the loop",
        longest,
        f"{size / 1e6:.1f} MB",
        {"took_s": min(took), "bytes": size},
    )


async def _summaries(inventory: Inventory) -> Row:
    """One channel changes before each; the first one, which makes every row, counts like the others."""
    pages = CampusPages(inventory, Candidates(inventory, Changes()))
    unit = next(iter(inventory.units.values()))
    channel, longest, before, changed = unit.parts[1], [], [b""], []
    for number in range(ROUNDS):
        channel.state = {**channel.state, "battery_percent": number}
        turns, made = Turns(), []
        async with watched(turns):
            for step in pages.summary_steps(unit.address.tenant):
                if step is not None:
                    made.append(step[1].partition(b'"time"')[0])
                await asyncio.sleep(0)
        longest.append(1000 * turns.longest_s)
        changed.append(len(set(made) - set(before)))
        before = made
    return _held(
        f"a summary of {CHANNELS * len(inventory.units):,} channels holds the loop, one of them changed",
        longest,
        f"{changed[-1]} of {len(before)} pages is new",
        {"pages": len(before), "changed": changed[-1]},
    )


def _held(work: str, longest_ms: Sequence[float], more: str, figures: dict[str, object]) -> Row:
    held, worst = sorted(longest_ms)[len(longest_ms) // 2], max(longest_ms)
    return Row(
        "scrape",
        work,
        f"{held:.1f} ms at a time (median of {ROUNDS}, worst {worst:.1f}); {more}",
        f"<= {HELD_MS:g} ms",
        held <= HELD_MS,
        {"held_ms": held, "worst_ms": worst, **figures},
    )
