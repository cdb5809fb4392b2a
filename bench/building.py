"""A process of simulated units of many families: a building. Each family has a network of its own.

python -m bench.building FAMILIES, a list of objects with product, count, listen, changes and the simulator's options
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import uvloop

from bench.children import emit, serve
from bench.simulators import Change, Fleet
from services.drivers import find_drivers, find_simulators
from services.drivers.port import SimulatedUnit

NAMES_EACH = 100_000
"""Names that one family may use up."""
SEEDS = 100
"""More than there are families: each has moments of its own."""


class Building:
    """Fleets by their products."""

    def __init__(self) -> None:
        self._fleets: dict[str, Fleet] = {}
        self._units: dict[str, Sequence[SimulatedUnit]] = {}

    async def add(self, stack: AsyncExitStack, number: int, asked: dict[str, Any]) -> list[str]:
        """Start units of a product; their hosts. ``changes`` says whether they are changed, too."""
        product, changes = asked.pop("product"), asked.pop("changes")
        driver, _, name = product.partition("/")
        units = await stack.enter_async_context(find_simulators()[driver].run(name, **asked))
        self._units[product] = units
        if changes:
            parts = next(each.parts for each in find_drivers()[driver].products if each.name == name) or 0
            self._fleets[product] = Fleet(units, parts, number * NAMES_EACH)
        return [unit.host for unit in units]

    async def changes(self, rate: float, seconds: float, seed: int) -> Mapping[str, list[Change]]:
        """Make changes at all families that can be changed, at this rate each."""
        own = enumerate(self._fleets.values(), seed * SEEDS)
        made = await asyncio.gather(*(fleet.changes(rate, seconds, number) for number, fleet in own))
        return dict(zip(self._fleets, made, strict=True))

    async def fault(self, product: str, name: str) -> None:
        """Begin a fault of all units of a product."""
        for unit in self._units[product]:
            await unit.fault(name)


async def run(families: list[dict[str, Any]]) -> None:
    """Run units until standard input ends."""
    building = Building()
    async with AsyncExitStack() as stack:
        emit([await building.add(stack, number, asked) for number, asked in enumerate(families)])
        await serve({"changes": building.changes, "fault": building.fault})


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    uvloop.run(run(json.loads(sys.argv[1])))
