"""The exposition, read back with the client library's own parser."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from bridge.http.exposition import PREFIX
from bridge.http.metrics import COUNTERS, Process, renderer
from services.live import Inventory, Unit
from services.model import KEYS
from tests.unit.discovery.household import put

PLACE = {"organization": "default", "campus": "stage", "receiver": "rack1"}
PATH = {**PLACE, "channel": "rack1-1"}

Series = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def live(inventory: Inventory) -> Unit:
    receiver = put(inventory, "rack1", "10.0.0.1", online=True, name='Rack "1"\\\nleft')
    channel = receiver.parts[1]
    receiver.stale = channel.stale = False
    receiver.link_state._heard_s = 99.5
    values = {"name": "Ünal", "status": "good", "battery_percent": 80, "frequency_mhz": 526.225}
    channel.state = {**channel.state, **values, "transmitter_present": True}
    channel.meters.newest = {"rf_a_dbm": -61, "rf_dbm": -60, "audio_peak_dbfs": -12, "quality": 4}
    channel.counters.rf_dropouts = 3
    return receiver


async def scraped(inventory: Inventory) -> Series:
    process = Process(
        lambda: {"version": "1"},
        lambda: {"uptime_seconds": ("Since the start.", 12.5)},
        lambda: {"mqtt_connects": ("Connections.", 2.0)},
        lambda: {("refresh", "succeeded"): 4},
    )
    text = b"".join(await renderer(inventory, process, lambda: 100.0)()).decode()
    families = list(text_string_to_metric_families(text))
    assert all(family.documentation for family in families)
    assert len({family.name for family in families}) == len(families)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def series(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return PREFIX + name, frozenset(labels.items())


async def test_a_live_channel_is_told_in_base_units_under_stable_ids() -> None:
    inventory = Inventory("main")
    live(inventory)
    found = await scraped(inventory)
    assert found[series("channel_battery_ratio", **PATH)] == 0.8
    assert found[series("channel_frequency_hertz", **PATH)] == 526_225_000
    assert found[series("channel_rf_level_dbm", **PATH, antenna="a")] == -61
    assert found[series("channel_rf_level_dbm", **PATH, antenna="strongest")] == -60
    assert found[series("channel_quality_ratio", **PATH)] == 0.8
    assert found[series("channel_transmitter_present", **PATH)] == 1
    assert found[series("channel_status", **PATH, status="good")] == 1
    assert found[series("rf_dropouts_total", **PATH)] == 3
    assert found[series("data_age_seconds", **PLACE)] == 0.5
    assert found[series("uptime_seconds")] == 12.5
    assert found[series("commands_total", verb="refresh", status="succeeded")] == 4


async def test_names_stand_on_info_series_only_whatever_is_in_them() -> None:
    inventory = Inventory("main")
    live(inventory)
    found = await scraped(inventory)
    names = {labels["name"] for name, pairs in found for labels in [dict(pairs)] if "name" in labels}
    assert names == {'Rack "1"\\\nleft', "Ünal"}
    assert all(name.endswith("_info") for name, pairs in found if "name" in dict(pairs))


async def test_a_lost_receiver_keeps_its_counters_and_loses_its_measurements() -> None:
    inventory = Inventory("main")
    receiver = live(inventory)
    receiver.availability.state, receiver.parts[1].stale = "offline", True
    found = await scraped(inventory)
    assert found[series("receiver_up", **PLACE)] == 0
    assert found[series("rf_dropouts_total", **PATH)] == 3
    measured = {PREFIX + row.metric.name for row in KEYS.rows if row.metric}
    assert PREFIX + "channel_rf_level_dbm" in measured
    assert not measured & {name for name, _ in found}


async def test_an_empty_house_is_told_too() -> None:
    found = await scraped(Inventory("main"))
    assert found[series("bridge_info", version="1")] == 1
    counters = {PREFIX + f"{name}_total" for kind in COUNTERS.values() for name, _, _ in kind}
    assert not counters & {name for name, _ in found}


async def test_everything_else_has_its_turns_while_a_large_house_is_told() -> None:
    inventory = Inventory("main")
    for number in range(100):
        put(inventory, f"rack{number}", "10.0.0.1", online=True)
    rendering = asyncio.ensure_future(scraped(inventory))
    turns = 0
    while not rendering.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 5
    assert len(await rendering) > 100
