"""What a scenario works with: processes that are started and ended for it, and how big everything is."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from bench import machine
from bench.bridge import Bridge
from bench.broker import Mosquitto
from bench.children import Child
from bench.watching import Watcher

LISTEN = "127.42.0.1"
"""First address of the simulated receivers; all of 127/8 is this machine's, and nobody else uses this part."""
START_S = 60.0
QUAD = "shure/ulxd4q"
"""What the scenarios are full of, unless they say otherwise."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything; times in seconds."""

    quads: int = 250
    many_quads: int = 1000
    idle_receivers: int = 50
    dead: int = 200
    window: float = 8.0
    warm_up: float = 3.0
    runs: int = 5
    changes: float = 50.0
    commands: float = 500.0
    audited: float = 2000.0
    soak_quads: int = 50
    soak: float = 1200.0
    soak_warm_up: float = 60.0
    unreachable: int = 1000
    unreachable_s: float = 600.0
    networks: tuple[str, ...] = ("127.43.0.0/24", "127.44.0.0/16")


FULL = Scale()
QUICK = replace(
    FULL,
    quads=2,
    many_quads=3,
    idle_receivers=2,
    dead=2,
    window=1.2,
    warm_up=0.2,
    runs=1,
    changes=20.0,
    commands=10.0,
    audited=50.0,
    soak_quads=2,
    soak=5.0,
    soak_warm_up=1.0,
    unreachable=4,
    unreachable_s=5.0,
    networks=("127.43.0.0/29",),
)


@dataclass(frozen=True, slots=True)
class Load:
    """What a process used while it took lines in."""

    cpu_s: float
    lines: int
    seconds: float

    @property
    def us_a_line(self) -> float:
        """Microseconds of CPU a line."""
        return 1e6 * self.cpu_s / self.lines if self.lines else float("nan")

    @property
    def cores(self) -> float:
        """Share of one core."""
        return self.cpu_s / self.seconds

    @property
    def rate(self) -> float:
        """Lines a second."""
        return self.lines / self.seconds


@dataclass(frozen=True, slots=True)
class House:
    """Simulators, a broker, a bridge that has read all of them, and a subscriber to everything."""

    simulators: Child
    broker: Mosquitto
    bridge: Bridge
    watcher: Watcher
    hosts: Sequence[str]


class Stage:
    """Starts processes, each with a directory and a log of its own."""

    def __init__(self, directory: Path, scale: Scale) -> None:
        self.scale = scale
        self._directory = directory
        self._numbers = count(1)

    def place(self, name: str) -> Path:
        """A new directory."""
        path = self._directory / f"{next(self._numbers):02d}-{name}"
        path.mkdir(parents=True)
        return path

    def broker(self) -> Mosquitto:
        """A new mosquitto."""
        return Mosquitto(self.place("mosquitto"))

    def child(self, module: str, *arguments: str) -> Child:
        """A module of the bench."""
        log = self.place(module) / "log"
        return Child.module(f"bench.{module}", *arguments, log=log, environment=os.environ)

    @asynccontextmanager
    async def simulators(
        self, units: int, product: str = QUAD, **options: object
    ) -> AsyncIterator[tuple[Child, list[str]]]:
        """Running units of a product, and where they are."""
        asked = {"product": product, "count": units, "listen": LISTEN, **options}
        async with self.child("simulators", json.dumps(asked)) as child:
            yield child, await child.receive(START_S)

    @asynccontextmanager
    async def house(
        self, quads: int, *, dead: Sequence[str] = (), meter_interval: float = 0.1, **options: object
    ) -> AsyncIterator[House]:
        """Everything, up and warm."""
        async with (
            self.simulators(quads, QUAD, **options) as (simulators, hosts),
            self.broker() as broker,
            self.watcher(broker.port) as watcher,
        ):
            bridge = Bridge(self.place("bridge"), broker.port, hosts, dead=dead, meter_interval=meter_interval)
            async with bridge:
                await watcher.all_online(quads, START_S)
                await asyncio.sleep(self.scale.warm_up)
                yield House(simulators, broker, bridge, watcher, hosts)

    @asynccontextmanager
    async def watcher(self, port: int) -> AsyncIterator[Watcher]:
        """A subscriber."""
        watcher = Watcher()
        await watcher.connect(port)
        try:
            yield watcher
        finally:
            watcher.client.close()

    @asynccontextmanager
    async def reader(self, module: str, hosts: Sequence[str], *arguments: str) -> AsyncIterator[Child]:
        """`bench.floor` or `bench.naive`, connected to these hosts."""
        async with self.child(module, *arguments) as child:
            child.send(list(hosts))
            await child.receive(START_S)
            await asyncio.sleep(self.scale.warm_up)
            yield child


async def load_of(pid: int, lines: Callable[[], int], seconds: float) -> Load:
    """What a process uses in so many seconds."""
    before, cpu, begin = lines(), machine.cpu_s(pid), time.monotonic()
    await asyncio.sleep(seconds)
    return Load(machine.cpu_s(pid) - cpu, lines() - before, time.monotonic() - begin)


async def load_of_reader(child: Child, seconds: float) -> Load:
    """The same of a process that counts its lines itself."""
    before, cpu, begin = await child.ask("lines"), machine.cpu_s(child.pid), time.monotonic()
    await asyncio.sleep(seconds)
    used, after = machine.cpu_s(child.pid) - cpu, await child.ask("lines")
    return Load(used, after - before, time.monotonic() - begin)


async def bare_memory(stage: Stage, modules: list[str]) -> machine.Memory:
    """Of an interpreter that imported these modules and does nothing."""
    async with stage.child("bare") as child:
        child.send(modules)
        await child.receive(START_S)
        return machine.memory(child.pid)


PROGRAM = str(Path(sys.executable).with_name("mic2mqtt"))
"""The installed command."""
