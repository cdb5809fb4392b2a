"""A process of simulated units, and changes on them at a known moment.

A change is a channel name that was never used before, so that its message can be told from every other. Nine in ten
happen on a channel of their own; the rest come in bursts on one channel, faster than anybody needs to follow.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import uvloop

from bench.children import emit, serve
from services.drivers import find_drivers, find_simulators
from services.drivers.port import SimulatedUnit
from services.model import Part

BURST = 5
BURST_APART_S = 0.02
BURST_SHARE = 0.1
"""Of all changes, those that come in bursts."""

Change = tuple[int, int, str, int]
"""Receiver, channel (both from 1), name, nanoseconds of the monotonic clock before it was written."""


def plan(channels: int, rate: float, seconds: float, rng: random.Random) -> list[tuple[float, int]]:
    """When (seconds from the start) and on which channel (from 0)."""
    alone = round(rate * seconds * (1 - BURST_SHARE))
    planned = [(rng.uniform(0, seconds), rng.randrange(channels)) for _ in range(alone)]
    for _ in range(round(rate * seconds * BURST_SHARE / BURST)):
        start, channel = rng.uniform(0, seconds - BURST * BURST_APART_S), rng.randrange(channels)
        planned += [(start + number * BURST_APART_S, channel) for number in range(BURST)]
    return sorted(planned)


def even_plan(channels: int, rate: float, seconds: float) -> list[tuple[float, int]]:
    """The same at a steady pace, each channel in its turn: every value stands as long as the others."""
    return [(number / rate, number % channels) for number in range(round(rate * seconds))]


class Fleet:
    """The units, and what is done to them."""

    def __init__(self, units: Sequence[SimulatedUnit], parts: int, first: int = 0) -> None:
        """``first`` is the number in front of its first name: those of two fleets differ."""
        self._places = [(number, part, unit) for number, unit in enumerate(units, 1) for part in range(1, parts + 1)]
        self._names = self._fresh_names(first)
        self._units = units
        self._ending: set[asyncio.Future[None]] = set()

    @staticmethod
    def _fresh_names(number: int) -> Iterator[str]:
        while True:
            number += 1
            yield f"n{number:07d}"  # eight characters are what a ULX-D takes

    async def changes(self, rate: float, seconds: float, seed: int) -> list[Change]:
        """Make changes at random moments; returns when all of them are made."""
        return await self._make(plan(len(self._places), rate, seconds, random.Random(seed)))

    async def fault(self, name: str, unit: int, seconds: float) -> None:
        """Begin a fault of one unit, that ends by itself after so long."""
        await self._units[unit].fault(name)
        asyncio.get_running_loop().call_later(seconds, self._end_fault, unit)

    def _end_fault(self, unit: int) -> None:
        task = asyncio.ensure_future(self._units[unit].fault("none"))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def mend(self) -> None:
        """End every fault."""
        for unit in self._units:
            await unit.fault("none")

    async def storm(self, rate: float, seconds: float) -> list[Change]:
        """Make changes at a steady pace."""
        return await self._make(even_plan(len(self._places), rate, seconds))

    async def _make(self, planned: Sequence[tuple[float, int]]) -> list[Change]:
        done: list[Change] = []
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for due, place in planned:
            wait = begin + due - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            number, channel, unit = self._places[place]
            name = next(self._names)
            at = time.monotonic_ns()
            unit.set_value(Part(channel), "name", name)
            done.append((number, channel, name, at))
        return done


async def run(product: str, count: int, listen: str, options: dict[str, Any]) -> None:
    """Run units of a product, named ``driver/product``, until standard input ends."""
    driver, _, name = product.partition("/")
    parts = next(each.parts for each in find_drivers()[driver].products if each.name == name)
    async with AsyncExitStack() as stack:
        running = find_simulators()[driver].run(name, count=count, listen=listen, **options)
        units = await stack.enter_async_context(running)
        fleet = Fleet(units, parts or 0)
        emit([unit.host for unit in units])
        await serve({"changes": fleet.changes, "storm": fleet.storm, "fault": fleet.fault, "mend": fleet.mend})


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    asked = json.loads(sys.argv[1])
    uvloop.run(run(asked.pop("product"), asked.pop("count"), asked.pop("listen"), asked))
