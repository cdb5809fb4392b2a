"""How the bridge behaves towards a receiver: one connection, metering off before it goes, no hammering."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from tests.integration.house import House
from tests.integration.scripted import Scripted, scripted


def entry(unit: Scripted, **more: object) -> Mapping[str, object]:
    return {"host": "127.0.0.1", "port": unit.port, "id": "rack", "driver": "shure", **more}


async def test_one_connection_and_metering_is_stopped_before_it_is_closed(house: House) -> None:
    async with scripted() as unit:
        async with house.serve(entry(unit)).running() as (_, seen):
            await seen.live("rack")
            await unit.until(lambda: unit.rate == "00100")
            assert seen.data("rack-1")["name"] == "Scripted"
            for _ in range(3):
                assert (await seen.ask("receiver/rack", "refresh"))["status"] == "succeeded"
            await seen.ask("bridge/main", "refresh")
        async with asyncio.timeout(2):
            await unit.closed.wait()
        assert unit.connections == 1
        assert unit.lines[-1] == "SET 1 METER_RATE 00000"
        assert not [line for line in unit.lines if line.startswith("SET 0")]
        assert {line.split()[0] for line in unit.lines} <= {"GET", "SET"}
        assert {line.split()[2] for line in unit.lines if line.startswith("SET")} == {"METER_RATE"}, (
            "nothing else is set"
        )


async def test_whose_unit_it_is_is_found_out_once_and_from_then_on_there_is_one_connection(house: House) -> None:
    async with scripted() as unit:
        async with house.serve(entry(unit, driver="auto")).running() as (_, seen):
            await seen.live("rack")
        async with asyncio.timeout(2):
            await unit.closed.wait()
        before = unit.connections
        unit.most_open = 0
        async with house.running() as (_, seen):
            await seen.until(lambda: unit.connections > before)
            await seen.live("rack")
        assert (unit.connections - before, unit.most_open) == (1, 1)


async def test_a_removed_receiver_is_left_without_metering(house: House) -> None:
    async with scripted() as unit, house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        await seen.ask("bridge/main", "receiver_add", id="rack", host="127.0.0.1", port=unit.port)
        await seen.live("rack")
        await unit.until(lambda: unit.rate == "00100")
        await seen.ask("bridge/main", "receiver_remove", id="rack")
        async with asyncio.timeout(2):
            await unit.closed.wait()
        assert unit.lines[-1] == "SET 1 METER_RATE 00000"


async def test_a_receiver_without_metering_is_asked_for_none(house: House) -> None:
    async with scripted() as unit, house.serve(entry(unit, meter_interval="0")).running() as (_, seen):
        await seen.live("rack")
        assert not [line for line in unit.lines if "METER_RATE 00100" in line]
        said = len(unit.lines)
        await unit.until(lambda: len(unit.lines) >= said + 2)  # the keep-alive
        assert unit.connections == 1


async def test_a_receiver_that_does_not_understand_us_is_asked_politely_and_seldom(house: House) -> None:
    async with scripted() as unit, house.serve(entry(unit)).running() as (_, seen):
        unit.answer = lambda _line: "< REP ERR >"
        with pytest.raises(AssertionError, match="not within"):
            await seen.live("rack", seconds=3)
        assert unit.connections <= 4
        assert unit.most_open == 1
        assert seen.available("rack")[0] == "offline"
