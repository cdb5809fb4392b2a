"""Bays and IEM channels as metrics: base units, stable ids, names on the info series only."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from bridge.http.exposition import PREFIX
from bridge.http.metrics import Process, renderer
from services.live import Inventory, Unit, UnitPart
from services.model import Address, Kind, UnitRecord

DOCK = {"organization": "default", "campus": "stage", "charger": "dock"}
BAY = {**DOCK, "bay": "dock-1"}
EARS = {"organization": "default", "campus": "stage", "iem": "ears"}
IEM_CHANNEL = {**EARS, "iem_channel": "ears-1"}


def put(inventory: Inventory, kind: Kind, id_: str, **state: object) -> tuple[Unit, UnitPart]:
    address = Address("default", "stage", kind, id_)
    unit = Unit(UnitRecord(address, "shure", "shure", id_, name=f"The {id_}"), stale=False)
    unit.availability.state = "online"
    unit.link_state._heard_s = 98.0
    inventory.put(unit)
    part = inventory.ensure_part(unit, 1)
    part.stale, part.state = False, {**part.state, **state}
    return unit, part


async def scraped(inventory: Inventory) -> Mapping[tuple[str, frozenset[tuple[str, str]]], float]:
    text = b"".join(await renderer(inventory, Process(dict, dict, dict, dict), lambda: 100.0)()).decode()
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    found = [(one.name, frozenset(one.labels.items()), one.value) for family in families for one in family.samples]
    assert len({(name, labels) for name, labels, _ in found}) == len(found)
    return {(name, labels): value for name, labels, value in found}


def series(metric: str, /, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return PREFIX + metric, frozenset(labels.items())


async def test_a_bay_is_told_in_base_units_and_under_its_own_labels() -> None:
    inventory = Inventory("main")
    put(
        inventory, Kind.CHARGER, "dock", occupied=True, battery_percent=60, time_to_full_minutes=75, status="charging"
    )  # fmt: skip
    found = await scraped(inventory)
    assert found[series("charger_up", **DOCK)] == 1
    assert found[series("charger_data_age_seconds", **DOCK)] == 2
    assert found[series("charger_reconnects_total", **DOCK)] == 0
    assert found[series("bay_occupied", **BAY)] == 1
    assert found[series("bay_battery_ratio", **BAY)] == 0.6
    assert found[series("bay_time_to_full_seconds", **BAY)] == 4500
    assert found[series("bay_status", **BAY, status="charging")] == 1
    assert found[series("bay_info", **BAY, name="", number="1")] == 1
    assert not any("receiver" in name for name, _ in found)


async def test_an_iem_channel_tells_its_carrier_and_both_inputs_and_counts_from_zero() -> None:
    inventory = Inventory("main")
    _, part = put(inventory, Kind.IEM, "ears", name="Ears 1", frequency_mhz=518.2, rf_muted=False, status="on_air")
    part.meters.newest = {"audio_left_dbfs": -12.5, "audio_right_dbfs": -20.0, "audio_overload": False, "samples": 1}
    found = await scraped(inventory)
    assert found[series("iem_channel_frequency_hertz", **IEM_CHANNEL)] == 518_200_000
    assert found[series("iem_channel_rf_muted", **IEM_CHANNEL)] == 0
    assert found[series("iem_channel_audio_level_dbfs", **IEM_CHANNEL, input="left")] == -12.5
    assert found[series("iem_channel_audio_level_dbfs", **IEM_CHANNEL, input="right")] == -20
    assert found[series("iem_channel_audio_overload_total", **IEM_CHANNEL)] == 0
    assert found[series("iem_channel_info", **IEM_CHANNEL, name="Ears 1", number="1")] == 1


async def test_a_quantity_that_a_unit_tells_twice_is_one_series() -> None:
    inventory = Inventory("main")
    _, part = put(inventory, Kind.RECEIVER, "rack")
    part.meters.newest = {"quality": 4, "quality_percent": 70}
    found = await scraped(inventory)
    ratios = [value for (name, _), value in found.items() if name == PREFIX + "channel_quality_ratio"]
    assert ratios == [0.8]


async def test_every_verb_can_be_asked_for_a_rate_before_it_was_ever_sent() -> None:
    found = await scraped(Inventory("main"))
    assert found[series("commands_total", verb="refresh", status="failed")] == 0
