"""A complete read ends when everything has come, and not before: with units that take their time for each line."""

from __future__ import annotations

import asyncio
import re

import pytest

from services.drivers import Target
from services.drivers.shure.link import ShureLink
from services.drivers.shure.simulation.families import DEFAULTS
from services.drivers.shure.simulation.simulator import simulate

MODELS = [
    (family.name, hardware.name) for family in DEFAULTS.values() for hardware in family.hardware if hardware.channels
]
LATENCY_MS = 2.0
AFTER_S = 0.2
"""A hundred lines of such a unit."""


@pytest.mark.parametrize(("family", "model"), MODELS, ids=[model for _, model in MODELS])
async def test_nothing_is_on_its_way_any_more_when_a_read_is_complete(family: str, model: str) -> None:
    received: list[bytes] = []

    def trace(direction: str, data: bytes) -> None:
        if direction == "<":
            received.append(data)

    async with simulate(
        family, count=1, listen="127.0.0.1", port=0, model=model, still=True, latency_ms=LATENCY_MS
    ) as units:
        target = Target(units[0].host, units[0].port, meter_interval_s=0)
        link = ShureLink(target, lambda _: None, trace)
        try:
            await link.open()
            for _ in range(2):
                await link.read_all()
                at_the_end = len(received)
                await asyncio.sleep(AFTER_S)
                late = b"".join(received[at_the_end:])
                # of the fence more is asked than is waited for: once, or twice where one was left over from a dump
                assert re.fullmatch(rb"(< REP DEVICE_ID \{[^}]*\} >){0,2}", late), late
        finally:
            await link.close()
