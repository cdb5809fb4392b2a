"""Simulated units of SSC v1 on loopback with a maker beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.drivers.port import Link, Maker, Surroundings, Target
from services.drivers.sennheiser.simulation.ssc.simulator import simulator
from services.drivers.sennheiser.simulation.ssc.unit import Unit
from services.drivers.sennheiser.ssc.protocol import ssc
from tests.integration.drivers.sennheiser.stage import Listening

LOOPBACK = "127.0.0.1"


def target(unit: Unit, *, meter_interval_s: float = 0.1, timeout_s: float = 1.0) -> Target:
    """Where a unit is, asked with short time limits."""
    return Target(
        unit.host,
        unit.port,
        meter_interval_s=meter_interval_s,
        connect_timeout_s=timeout_s,
        answer_timeout_s=timeout_s,
    )


@asynccontextmanager
async def stage(
    product: str = "ewdx_em2", *, fault: str = "none", still: bool = True, serial: str = ""
) -> AsyncIterator[tuple[Unit, Maker]]:
    """One unit and an open maker."""
    async with (
        simulator.run(product, count=1, listen=LOOPBACK, port=0, fault=fault, still=still, serial=serial) as units,
        ssc.open(Surroundings(LOOPBACK)) as maker,
    ):
        yield units[0], maker


@asynccontextmanager
async def read(
    product: str = "ewdx_em2", *, fault: str = "none", interval_s: float = 0.1, timeout_s: float = 1.0
) -> AsyncIterator[tuple[Unit, Link, Listening]]:
    """A unit, a link that has read it, and what it handed out."""
    reported = Listening()
    async with stage(product, fault=fault) as (unit, maker):
        where = target(unit, meter_interval_s=interval_s, timeout_s=timeout_s)
        async with maker.connect(where, reported) as link:
            await link.read_all()
            yield unit, link, reported


async def comes_true(true: object, seconds: float = 10.0) -> None:
    """Of what has no event to wait for."""
    assert callable(true)
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
