"""Microflex Wireless in a whole house: what of it is published, over real sockets and a real broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from services.drivers.shure.simulation.mxw.fleet import simulate_microflex
from services.drivers.shure.simulation.mxw.server import MicroflexUnit
from services.model import Part
from tests.integration.house import House
from tests.integration.observer import Observer


def data_of(seen: Observer, resource: str, facet: str = "state") -> dict[str, Any]:
    data: dict[str, Any] = seen.newest(resource, facet).get("data", {})
    return data


@asynccontextmanager
async def published(house: House, product: str) -> AsyncIterator[tuple[MicroflexUnit, Observer]]:
    async with simulate_microflex(product, count=1, listen="127.0.0.1", port=0, still=True) as (unit,):
        house.document |= {"units": [{"host": unit.host, "port": unit.port, "id": "hall"}]}
        async with house.running() as (_, seen):
            yield unit, seen


async def test_a_microphone_that_is_put_into_its_dock_is_idle_and_not_lost(house: House) -> None:
    async with published(house, "mxwapxd2") as (unit, seen):
        await seen.until(lambda: data_of(seen, "channel/hall-1").get("status") == "good", 20)
        unit.set_value(Part(1), "microphone_status", "on_charger")
        await seen.until(lambda: data_of(seen, "channel/hall-1").get("transmitter_present") is False)
        state = data_of(seen, "channel/hall-1")
        assert (state["status"], state["transmitter_docked"], state["battery_percent"]) == ("idle", True, None)
        assert state["more"]["docked_battery_percent"] == 80
        unit.set_value(Part(1), "microphone_status", "active")
        await seen.until(lambda: data_of(seen, "channel/hall-1").get("battery_percent") == 80)
        assert not [event for event in seen.all("event", "/channel/hall-1") if "lost" in event.topic + str(event.body)]


async def test_an_access_point_with_bays_is_a_receiver_that_names_them(house: House) -> None:
    async with published(house, "mxwapxd2") as (_, seen):
        await seen.until(lambda: data_of(seen, "receiver/hall").get("more", {}).get("bay_1_microphone_id"), 20)
        assert data_of(seen, "receiver/hall")["more"]["bay_2_microphone_status"] == "unknown"
        info = data_of(seen, "receiver/hall", "info")
        assert (info["family"], info["channel_count"]) == ("mxw_next", 2)
        assert info["serial"]


async def test_a_dock_is_a_charger(house: House) -> None:
    async with published(house, "mxwndx2") as (_, seen):
        await seen.until(lambda: data_of(seen, "bay/hall-2").get("status") == "charging", 20)
        state = data_of(seen, "bay/hall-2")
        assert (state["device_id"], state["battery_percent"], state["time_to_full_minutes"]) == ("MIC-2", 80, 30)


async def test_meters_without_a_known_scale_are_published_as_they_are(house: House) -> None:
    async with published(house, "mxwapt2") as (_, seen):
        await seen.until(lambda: seen.all("telemetry", "/channel/hall-1"), 20)
        meters = seen.all("telemetry", "/channel/hall-1")[-1].body["data"]
        assert (meters["rf_raw"], meters["audio_peak_raw"]) == (70, 80)
        assert not [key for key in meters if key.endswith(("dbm", "dbfs"))]
