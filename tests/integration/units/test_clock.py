"""A clock that is set while something lasts, or between two runs, makes nothing last longer or shorter."""

from __future__ import annotations

import time

import pytest

from tests.integration.house import House, entry, simulated

WEEK_S = 7 * 86_400.0


async def test_a_lost_channel_is_idle_in_time_though_the_clock_was_set_back_while_it_was_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        simulated("axient") as unit,
        house.serve(entry(unit), status={"lost_hold": "2s"}).running() as (_, seen),
    ):
        await seen.live("rack")
        await seen.until(lambda: seen.data("rack-1")["transmitter_present"])
        await unit.fault("transmitter_off")
        await seen.until(lambda: seen.shows("rack-1", status="lost"))
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() - WEEK_S)
        await seen.until(lambda: seen.shows("rack-1", status="idle"), 6)


async def test_a_lost_channel_is_idle_in_time_though_the_clock_was_set_back_between_two_runs(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time
    async with simulated("axient") as unit:
        house.serve(entry(unit), status={"lost_hold": "2s"})
        with monkeypatch.context() as ahead:
            ahead.setattr(time, "time", lambda: real() + WEEK_S)
            async with house.running() as (_, seen):
                await seen.live("rack")
                await seen.until(lambda: seen.data("rack-1")["transmitter_present"])
                await unit.fault("transmitter_off")
                await seen.until(lambda: seen.shows("rack-1", status="lost"))
        async with house.running() as (_, seen):
            await seen.live("rack")
            await seen.until(lambda: seen.shows("rack-1", status="lost"))
            await seen.until(lambda: seen.shows("rack-1", status="idle"), 6)
