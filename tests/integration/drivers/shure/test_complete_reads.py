"""A complete read ends when everything has come, and not before: with units that take their time for each line."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import pytest

from services.drivers import Target
from services.drivers.port import Part, Reading
from services.drivers.shure.link import ShureLink
from services.drivers.shure.simulation.families import DEFAULTS
from services.drivers.shure.simulation.simulator import simulate
from tests.integration.hardware import Manners, plugged_in

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


def _slot(number: int) -> tuple[int, str, str, str]:
    return 1, "SLOT_STATUS", str(number), f"< REP 1 SLOT_STATUS {number} STANDARD >"


async def test_slots_that_a_dump_leaves_out_are_asked_for_by_name() -> None:
    half = Manners(whole_dump="half")
    readings: dict[Part, dict[str, object]] = {}

    def listen(news: Sequence[Reading]) -> None:
        for reading in news:
            readings.setdefault(reading.part, {}).update(reading.values)

    async with plugged_in("ad4d_fdc", half) as device:
        lines = device.memory.lines
        others = [line for line in lines if line[:2] != (1, "SLOT_STATUS")]
        told, left_out = ([_slot(number) for number in numbers] for numbers in (range(1, 5), range(5, 9)))
        device.memory.lines = [*told, *others, *left_out]
        link = ShureLink(Target(device.host, device.port, meter_interval_s=0), listen)
        try:
            await link.open()
            await link.read_all()
        finally:
            await link.close()
    assert [readings[Part(1, slot)]["status"] for slot in range(1, 9)] == ["standard"] * 8
