"""A PSM1000 in a whole house: published as an in-ear transmitter, set by command, and named when it is full."""

from __future__ import annotations

from typing import Any

from services.drivers.shure.simulation.transmitters.fleet import simulate_transmitters
from services.model import Part
from tests.integration.house import LOOPBACK, House
from tests.integration.observer import Observer


def data_of(seen: Observer, resource: str, facet: str = "state") -> dict[str, Any]:
    data: dict[str, Any] = seen.newest(resource, facet).get("data", {})
    return data


def entries(house: House, unit: Any) -> House:
    house.document["units"] = [{"host": unit.host, "port": unit.port, "id": "ears", "kind": "iem", "driver": "shure"}]
    return house


async def test_a_transmitter_is_published_with_both_its_carriers_and_raw_inputs(house: House) -> None:
    async with (
        simulate_transmitters(count=1, listen=LOOPBACK, port=0, still=True) as (unit,),
        entries(house, unit).running() as (_, seen),
    ):
        await seen.until(lambda: data_of(seen, "iem_channel/ears-2").get("name") == "IEM 2", 20)
        info = data_of(seen, "iem/ears", "info")
        assert (info["family"], info["model"]) == ("psm1000", "P10T")
        await seen.until(lambda: data_of(seen, "iem/ears").get("name") == "RACK1")
        await seen.until(lambda: data_of(seen, "iem_channel/ears-1").get("status") == "on_air")
        state = data_of(seen, "iem_channel/ears-1")
        assert (state["rf_power_mw"], state["audio_mode"]) == (50, "stereo")
        assert state["more"]["input_line_level"] == "line"
        await seen.until(lambda: seen.all("telemetry", "/iem_channel/ears-1"))
        meters = seen.all("telemetry", "/iem_channel/ears-1")[-1].body["data"]
        assert (meters["audio_left_raw"], meters["audio_right_raw"]) == (123_456, 98_765)
        assert not [key for key in meters if "db" in key]
        unit.set_value(Part(1), "rf_muted", True)
        await seen.until(lambda: data_of(seen, "iem_channel/ears-1")["status"] == "rf_muted")


async def test_a_unit_without_a_free_place_is_offline_and_the_words_say_why(house: House) -> None:
    async with (
        simulate_transmitters(count=1, listen=LOOPBACK, port=0, still=True, fault="full") as (unit,),
        entries(house, unit).running() as (_, seen),
    ):
        there = await seen.until(lambda: seen.newest("iem/ears", "availability") or None, 20)
        await seen.until(lambda: "few places" in str(data_of(seen, "iem/ears", "link").get("last_error")), 20)
        assert there["state"] == "offline"
        unit.faults.clear()
