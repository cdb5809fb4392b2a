"""How long a change takes from a device to a subscriber, alone and while something else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from bench.latency import Latency, judge
from bench.stage import House, Stage
from bench.table import Row

P50_MS = 1.5
P99_MS = 8.0
ARRIVE_S = 0.5
"""How long the last change of a run may take to arrive."""


async def run(house: House, stage: Stage, seed: int, seconds: float | None = None) -> Latency:
    """Changes at the stage's rate, and how long they took."""
    window = stage.scale.window if seconds is None else seconds
    changes = await house.simulators.ask("changes", rate=stage.scale.changes, seconds=window, seed=seed)
    await asyncio.sleep(ARRIVE_S)
    return judge([(receiver, channel, name, at) for receiver, channel, name, at in changes], house.watcher.names)


def fine(latency: Latency) -> bool:
    """Whether it keeps the target."""
    return latency.p50 < P50_MS and latency.p99 < P99_MS and not latency.missed


def row(scenario: str, work: str, latency: Latency) -> Row:
    """One run as a row."""
    return Row(
        scenario,
        work,
        f"{latency}; {latency.arrived} arrived, {latency.missed} missed",
        f"p50 < {P50_MS:g}, p99 < {P99_MS:g} ms, 0 missed",
        fine(latency),
        asdict(latency),
    )


async def measure(stage: Stage) -> Sequence[Row]:
    """So many runs in a row, the metrics scraped once in each."""
    scale = stage.scale
    lines = scale.quads * 40
    async with stage.house(scale.quads, apart=True) as house:
        rows = []
        for number in range(1, scale.runs + 1):
            running = asyncio.create_task(run(house, stage, number))
            await asyncio.sleep(scale.window / 2)
            await house.bridge.scrape()
            latency = await running
            rows.append(row("latency", f"{scale.changes:g} changes/s at {lines:,} lines/s, run {number}", latency))
    return rows
