"""Chargers in front of the whole bridge: found, read, published as a charger with bays, and quiet while all is well."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.drivers import SimulatedUnit
from services.model import UNIT, Kind, Part, state_keys
from tests.integration.house import LOOPBACK, House, simulators
from tests.integration.observer import Observer


@asynccontextmanager
async def charger(product: str = "sbc220", **options: Any) -> AsyncIterator[SimulatedUnit]:
    running = simulators()["shure"].run(
        product, **{"count": 1, "listen": LOOPBACK, "port": 0, "still": True, **options}
    )
    async with running as units:
        yield units[0]


def listed(unit: SimulatedUnit, **more: object) -> dict[str, object]:
    """A ``[[units]]`` table of the configuration."""
    return {"host": unit.host, "port": unit.port, "id": "dock", "kind": "charger", **more}


def with_units(house: House, *units: dict[str, object], **sections: dict[str, object]) -> House:
    house.serve(**sections)
    house.document.pop("receivers")
    house.document["units"] = list(units)
    return house


def bay(seen: Observer, number: int) -> dict[str, Any]:
    data: dict[str, Any] = seen.newest(f"bay/dock-{number}", "state").get("data", {})
    return data


async def online(seen: Observer) -> None:
    await seen.until(lambda: seen.newest("charger/dock", "availability").get("state") == "online")
    await seen.until(lambda: seen.newest("charger/dock", "state").get("stale") is False)


@pytest.mark.parametrize(("product", "bays"), [("sbc220", 2), ("sbc441", 4), ("sbc840m", 8), ("sbrc", 6)])
async def test_a_charger_is_published_with_its_bays(house: House, product: str, bays: int) -> None:
    async with charger(product) as unit, with_units(house, listed(unit)).running() as (_, seen):
        await online(seen)
        await seen.until(lambda: bay(seen, bays).get("occupied") is not None)
        # what was retained at the connect may go out while the charger is read: its info follows
        await seen.until(lambda: seen.newest("charger/dock", "info")["data"]["bay_count"] == bays)
        assert not bay(seen, bays + 1)
        assert sorted(bay(seen, 1)) == sorted(state_keys(Kind.BAY))
        assert sorted(seen.newest("charger/dock", "state")["data"]) == sorted(state_keys(Kind.CHARGER))
        assert bay(seen, 1)["battery_percent"] == 60
        assert bay(seen, 1)["charge_state"] == "charging"
        assert bay(seen, 1)["more"]["time_to_full_status"] == "ok"
    house.check_payloads()


async def test_a_battery_that_is_put_in_and_taken_out_is_an_event(house: House) -> None:
    async with charger() as unit, with_units(house, listed(unit)).running() as (_, seen):
        await online(seen)
        await seen.until(lambda: bay(seen, 1).get("occupied"))
        unit.set_value(Part(1), "occupied", value=False)
        await seen.until(lambda: seen.events("device_removed", "bay/dock-1"))
        await seen.until(lambda: bay(seen, 1)["occupied"] is False)
        assert bay(seen, 1)["battery_percent"] is None
        unit.set_value(Part(1), "occupied", value=True)
        await seen.until(lambda: seen.events("device_inserted", "bay/dock-1"))
        await seen.until(lambda: bay(seen, 1)["battery_percent"] == 42)


async def test_a_charger_is_found_by_a_scan_and_added(house: House) -> None:
    async with charger(listen="127.77.3.1", port=None):
        with_units(house, discovery={"ranges": [{"network": "127.77.3.1"}]})
        async with house.running() as (_, seen):
            await seen.until(lambda: [one for one in seen.retained if "/charger/" in one and one.endswith("/state")])
            await seen.until(lambda: [one for one in seen.retained if "/bay/" in one and one.endswith("-2/state")])


async def test_a_healthy_charger_logs_nothing_at_each_read(house: House, caplog: pytest.LogCaptureFixture) -> None:
    async with charger() as unit, with_units(house, listed(unit)).running() as (_, seen):
        await online(seen)
        caplog.clear()
        with caplog.at_level(logging.INFO):
            for _ in range(3):
                await seen.ask("charger/dock", "refresh")
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert not [record for record in caplog.records if record.name.startswith("services.drivers")]


async def test_a_charger_that_falls_silent_is_offline(house: House) -> None:
    async with (
        charger() as unit,
        with_units(house, listed(unit)).running() as (_, seen),
    ):
        await online(seen)
        await unit.fault("freeze")
        await seen.until(lambda: seen.newest("charger/dock", "availability").get("state") == "offline")
        await unit.fault("none")
        await online(seen)


async def test_storage_mode_is_a_setting_of_the_charger(house: House) -> None:
    async with charger() as unit, with_units(house, listed(unit)).running() as (_, seen):
        await online(seen)
        unit.set_value(UNIT, "storage_mode", value=True)
        await seen.until(lambda: seen.newest("charger/dock", "state")["data"]["storage_mode"] is True)
