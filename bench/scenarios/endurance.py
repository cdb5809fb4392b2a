"""What only time shows: hours of faults, and a house full of units that are switched off. Run by name alone."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import machine
from bench.bridge import Bridge
from bench.scenarios.dead import REFUSING, SILENT, unanswered
from bench.stage import House, Stage
from bench.table import Row

FAULTS = ("drop", "reset", "freeze", "fragmented", "garbage", "blank_name", "transmitter_off", "slow", "offline")
FAULT_S = 2.0
"""Between two faults; every fault but those of one moment ends by itself a little later."""
BROKER_S = 60.0
"""Between two restarts of the broker."""
FIRST_FAULTS_S = 60.0
"""So long faults happen before the first look: until then memory for messages, pages of the database and buffers of
connections fill, each up to a bound of its own."""
SETTLE_S = 45.0
"""What has failed is back, and garbage collected, before the last look."""
GROWN_MB = 3.0
MORE = 2
"""Descriptors, tasks and threads that may be more at a moment, for example of a scrape."""

ATTEMPTS_A_UNIT_S = 3.0
"""No unit is asked more often, however long it is away."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a process holds."""

    memory_mb: float
    descriptors: int
    threads: int
    tasks: int

    def __str__(self) -> str:
        return f"{self.memory_mb:.1f} MB, {self.descriptors} descriptors, {self.threads} threads, {self.tasks} tasks"


async def look(bridge: Bridge) -> Look:
    """Now; the process counts its tasks itself."""
    bridge.tasks.unlink(missing_ok=True)
    os.kill(bridge.pid, signal.SIGUSR1)
    async with asyncio.timeout(10):
        while not bridge.tasks.exists() or not (text := bridge.tasks.read_text()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    place = Path(f"/proc/{bridge.pid}")
    threads = len(list((place / "task").iterdir()))
    descriptors = len(list((place / "fd").iterdir()))
    return Look(machine.memory(bridge.pid).private, descriptors, threads, int(text))


async def soak(stage: Stage) -> Sequence[Row]:
    """Faults of units at random, and a broker that goes and comes."""
    async with stage.house(stage.scale.soak_quads, apart=True) as house:
        await asyncio.sleep(stage.scale.soak_warm_up)
        faults = await _faults(house, time.monotonic() + min(FIRST_FAULTS_S, stage.scale.soak))
        first = await look(house.bridge)
        faults += await _faults(house, time.monotonic() + stage.scale.soak)
        await house.simulators.ask("mend")
        await asyncio.sleep(min(SETTLE_S, stage.scale.soak))
        last = await look(house.bridge)
    flat = last.memory_mb - first.memory_mb < GROWN_MB and all(
        getattr(last, name) <= getattr(first, name) + MORE for name in ("descriptors", "threads", "tasks")
    )
    return [
        Row(
            "soak",
            f"{stage.scale.soak_quads} quads, {stage.scale.soak / 60:g} minutes, {faults} faults",
            f"{first} -> {last}",
            "flat",
            flat,
            {"first": asdict(first), "last": asdict(last), "faults": faults},
        )
    ]


async def _faults(house: House, until: float) -> int:
    rng, number, broker_at = random.Random(8), 0, time.monotonic() + BROKER_S
    while time.monotonic() < until:
        number += 1
        await house.simulators.ask("fault", name=rng.choice(FAULTS), unit=rng.randrange(len(house.hosts)), seconds=5)
        with suppress(OSError):
            await house.bridge.scrape()
        if time.monotonic() >= broker_at:
            broker_at = time.monotonic() + BROKER_S
            house.watcher.client.close()
            await (house.broker.kill() if number % 2 else house.broker.end())
            await house.broker.start()
        await asyncio.sleep(FAULT_S)
    return number


async def unreachable(stage: Stage) -> Sequence[Row]:
    """Half refuse, half are silent."""
    half = stage.scale.unreachable // 2
    refusing = [f"{REFUSING}{n % 250 + 1}".replace(".45.0.", f".45.{2 + n // 250}.") for n in range(half)]
    silent = [f"{SILENT}{n % 250 + 1}".replace(".45.1.", f".45.{100 + n // 250}.") for n in range(half)]
    seconds = stage.scale.unreachable_s
    with unanswered(silent):
        async with stage.house(2, dead=refusing + silent, apart=True) as house:
            await asyncio.sleep(stage.scale.soak_warm_up)
            first, opened, begin = await look(house.bridge), _opened(), time.monotonic()
            most = first.descriptors
            while time.monotonic() < begin + seconds:
                await asyncio.sleep(1)
                most = max(most, len(os.listdir(f"/proc/{house.bridge.pid}/fd")))  # noqa: PTH208
            rate = (_opened() - opened) / (time.monotonic() - begin)
            last = await look(house.bridge)
    limit = 2 * half / ATTEMPTS_A_UNIT_S
    return [
        Row(
            "unreachable",
            f"{2 * half:,} units that are not there, {seconds / 60:g} minutes",
            f"{rate:.0f} attempts a second; {first} -> {last}; at most {most} descriptors",
            f"< {limit:.0f} a second, memory flat",
            rate < limit and last.memory_mb - first.memory_mb < GROWN_MB,
            {"attempts_a_second": rate, "most_descriptors": most, "first": asdict(first), "last": asdict(last)},
        )
    ]


def _opened() -> int:
    """Connections that this machine has tried to open since it was started: on an idle one they are the bridge's."""
    names, values = [
        line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Tcp:")
    ]
    return int(values[names.index("ActiveOpens")])
