"""A bug of ours in one part of the bridge does not take the other parts with it."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from bridge import restarts
from services.drivers import Reading
from services.model import AuditContext, Part
from services.units import TelemetryCollector
from tests.integration.house import House, entry, simulated

METERS = {"meter_interval": "100ms", "telemetry_interval": "500ms"}


async def test_a_part_that_fails_starts_again_and_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bridge.restarts.RESTART_FIRST_S", 0.05)
    once = TelemetryCollector._one_round
    broken: list[float] = []

    async def fail_once(self: TelemetryCollector, end: float) -> None:
        if not broken:
            broken.append(end)
            raise ZeroDivisionError
        await once(self, end)

    monkeypatch.setattr(TelemetryCollector, "_one_round", fail_once)
    async with simulated() as unit, house.serve(entry(unit), polling=METERS).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.all("telemetry"))
    assert broken
    assert "a part of the bridge failed and starts again" in caplog.text


async def test_a_part_that_fails_at_once_starts_more_and_more_seldom(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(restarts, "RESTART_FIRST_S", 0.01)
    starts: list[float] = []
    enough = asyncio.Event()

    async def fail() -> None:
        starts.append(asyncio.get_running_loop().time())
        if len(starts) == 6:
            enough.set()
        raise ZeroDivisionError

    task = asyncio.create_task(restarts.keep_running("part", fail))
    async with asyncio.timeout(10):
        await enough.wait()
    task.cancel()
    await asyncio.wait((task,))
    pauses = [later - earlier for earlier, later in pairwise(starts)]
    assert pauses[4] > 2 * pauses[0], pauses
    assert caplog.text.count("a part of the bridge failed") >= 6


async def test_a_part_that_fails_while_it_is_ended_has_ended(caplog: pytest.LogCaptureFixture) -> None:
    started = asyncio.Event()

    async def stumble() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ZeroDivisionError

    task = asyncio.create_task(restarts.keep_running("part", stumble))
    await started.wait()
    task.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait((task,))
    assert task.cancelled()
    assert "a part of the bridge failed while it was ended" in caplog.text


async def test_a_value_that_cannot_be_written_keeps_nothing_else_from_the_broker(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.is_bridge("online"))
        connects = app.client.connects
        unwritable = 2**65  # JSON as orjson writes it ends at 64 bits
        reading = Reading(Part(1), {"gain_db": unwritable})
        rack = next(iter(app.inventory.units))
        context = AuditContext("default", "stage")
        await app.sync.sync_device_status(unit=rack, readings=[reading], context=context)
        app.audit.record("note", context=context, after={"text": unwritable})
        app.audit.record("note", context=context, after={"text": "fine"})
        unit.set_value(Part(2), "name", "Vox 2")
        await seen.until(lambda: seen.shows("rack-2", name="Vox 2"))
        await seen.until(lambda: [one for one in seen.audit("note") if one["after"] == {"text": "fine"}])
        assert app.client.connects == connects, "the connection was never given up"
        assert app.publisher.unwritable
    assert caplog.text.count("a message cannot be written") <= 3, "said once for each topic"
