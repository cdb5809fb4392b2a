"""Addresses of loopback for one test's bridge and units, and somebody who listens to a link."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from services.drivers.port import Description, Link, Maker, Reading, Surroundings, Target
from services.drivers.sennheiser.media_control.protocol import media_control as driver
from services.drivers.sennheiser.simulation.simulator import media_control as simulator
from services.drivers.sennheiser.simulation.unit import Unit
from services.model import Part

CHANNEL = Part(1)
SOON_S = 10.0

_NUMBERS = itertools.count(1)
_PROCESS = os.getpid() % 90


def addresses() -> tuple[str, str, str]:
    """An address for the bridge, one for another controller, and the first one of units.

    The protocol has one port for all, so nobody shares an address: neither two tests nor two runs of them.
    """
    number = next(_NUMBERS)
    home = f"127.{100 + _PROCESS}.{number}"
    return f"{home}.1", f"{home}.2", f"127.{10 + _PROCESS}.{number}.1"


class Stage:
    """A maker on an address of its own, and units beside it."""

    def __init__(self, maker: Maker, units: Sequence[Unit], home: str, neighbour: str) -> None:
        self.maker = maker
        self.units = units
        self.unit = units[0]
        self.home = home
        self.neighbour = neighbour


@asynccontextmanager
async def stage(product: str, *, count: int = 1, fault: str = "none", still: bool = True) -> AsyncIterator[Stage]:
    """Units of one product and an open maker."""
    home, neighbour, first = addresses()
    async with (
        simulator.run(product, count=count, listen=first, fault=fault, still=still) as units,
        driver.open(Surroundings(home)) as maker,
    ):
        yield Stage(maker, units, home, neighbour)


def target(unit: Unit, *, meter_interval_s: float = 0.1, timeout_s: float = 1.0) -> Target:
    """Where a unit is, asked with short time limits."""
    return Target(unit.host, meter_interval_s=meter_interval_s, connect_timeout_s=timeout_s, answer_timeout_s=timeout_s)


class Listening:
    """Everything that a link handed out."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self._news = asyncio.Event()

    def __call__(self, readings: Sequence[Reading]) -> None:
        self.readings += readings
        self._news.set()

    def value(self, key: str, part: Part = CHANNEL) -> object:
        """The newest value of a key, whether it is the product's or the maker's own."""
        for reading in reversed(self.readings):
            both = {**reading.values, **reading.more}
            if reading.part == part and key in both:
                return both[key]
        return None

    def values(self, key: str) -> list[object]:
        """All values of a key of the channel, in their order."""
        return [reading.values[key] for reading in self.readings if reading.part == CHANNEL and key in reading.values]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def until_value(self, key: str, value: object) -> None:
        await self.until(lambda: self.value(key) == value)


@asynccontextmanager
async def connected(
    on: Stage, unit: Unit | None = None, *, meter_interval_s: float = 0.1, timeout_s: float = 1.0
) -> AsyncIterator[tuple[Link, Listening, Description]]:
    """An open link that has read everything once."""
    heard = Listening()
    where = target(unit or on.unit, meter_interval_s=meter_interval_s, timeout_s=timeout_s)
    async with on.maker.connect(where, heard) as link:
        yield link, heard, await link.read_all()


async def comes_true(true: Callable[[], bool]) -> None:
    """For what has no event to wait for."""
    async with asyncio.timeout(SOON_S):
        while not true():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


async def telemetry(link: Link) -> Mapping[str, object]:
    """The next meters of the channel."""
    taken: list[Mapping[str, object]] = []

    def came() -> bool:
        if (newest := link.take_telemetry(CHANNEL)) is not None:
            taken.append(newest)
        return bool(taken)

    await comes_true(came)
    return taken[0]
