"""Discovery in a real Home Assistant, the newest and the last one without device-based discovery.

`make test-homeassistant` installs both. What it taught stands as fast tests in tests/unit/home_assistant and
tests/integration/bridge/test_home_assistant.py.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import pytest

from services.model import Part
from tests.integration.home_assistant.real import Dump
from tests.integration.home_assistant.stage import (
    BRIDGE,
    CAMPUS,
    DOCK,
    OURS,
    RACK,
    UNKNOWN,
    Stage,
    check_quiet,
    is_gone,
    is_whole,
)
from tests.integration.house import simulators
from tests.integration.observer import Observer

AREAS = {"single": "Hall", "device": None}
"""What becomes of a suggested area, by style: the newer release leaves areas to people."""

pytestmark = [
    pytest.mark.skipif("MIC2MQTT_TEST_HOMEASSISTANT" not in os.environ, reason="its own: make test-homeassistant"),
    pytest.mark.timeout(500),
]


async def test_everything_is_found_with_a_state_that_makes_sense_and_without_a_warning(stage: Stage) -> None:
    async with stage.ha.running():
        dump = await stage.ha.until(is_whole)
        channel = {one["entity_id"]: one for one in dump.of(f"{RACK}_1").values()}
        assert set(channel) == {
            "sensor.rack_1_status",
            "binary_sensor.rack_1_problem",
            "sensor.rack_1_name",
            "sensor.rack_1_battery",
            "sensor.rack_1_battery_runtime",
            "binary_sensor.rack_1_transmitter_present",
            "binary_sensor.rack_1_muted",
            "binary_sensor.rack_1_interference",
            "binary_sensor.rack_1_encryption_fault",
            "sensor.rack_1_frequency",
            "event.rack_1_event",
        }
        battery = channel["sensor.rack_1_battery"]
        assert (battery["state"], battery["unit"], battery["class"]) == ("100", "%", "battery")
        assert channel["sensor.rack_1_frequency"]["category"] == "diagnostic"
        assert float(channel["sensor.rack_1_frequency"]["state"]) > 400
        assert channel["binary_sensor.rack_1_muted"]["state"] == "off"
        assert channel["binary_sensor.rack_1_transmitter_present"]["state"] == "on"
        assert dump.devices[f"{RACK}_1"]["via"] == [RACK]
        assert dump.devices[RACK]["via"] == [BRIDGE]
        assert (dump.devices[RACK]["name"], dump.devices[f"{RACK}_1"]["name"]) == ("Rack", "Rack 1")
        assert (dump.devices[RACK]["manufacturer"], dump.devices[RACK]["area"]) == ("Shure", AREAS[stage.style])
        assert dump.state("binary_sensor.rack_connectivity") == "on"
        assert {kind for device, kind in dump.triggers if device == [f"{RACK}_1"]} == {
            "transmitter_on",
            "transmitter_lost",
            "battery_critical",
        }
        assert [kind for device, kind in dump.triggers if device == [f"{DOCK}_1"]] == ["device_removed"]
        check_quiet(stage, dump)
        for one in dump.entities.values():
            assert one["disabled"] or one["state"] != "unavailable", one["entity_id"]
        # what is off by default makes sense as well
        await stage.ha.enable_everything()
        await stage.ha.stop()
        await stage.ha.start()
        await stage.ha.until(lambda now: is_whole(now) and now.state("sensor.rack_1_transmitter_model") == "ULXD2")
        dump = await stage.ha.until(lambda now: now.state("sensor.rack_1_rf_dbm_mean") not in UNKNOWN)
        assert not [one["entity_id"] for one in dump.entities.values() if one["state"] in {None, "unavailable"}]
        check_quiet(stage, dump)


async def test_it_is_unavailable_exactly_when_the_unit_or_the_bridge_is_gone(stage: Stage) -> None:
    async with stage.ha.running():
        await stage.ha.until(is_whole)
        await stage.rack.fault("freeze")
        dump = await stage.ha.until(lambda now: is_gone(now, RACK, f"{RACK}_1", f"{RACK}_4"))
        assert dump.state("binary_sensor.rack_connectivity") == "off"
        assert not is_gone(dump, f"{DOCK}_1")
        assert dump.state("sensor.microphones_attention") == "0"
        await stage.rack.fault("none")
        await stage.ha.until(is_whole)
        stage.rack.set_value(Part(1), "transmitter_present", False)
        dump = await stage.ha.until(lambda now: now.state("binary_sensor.rack_1_transmitter_present") == "off")
        assert dump.state("sensor.rack_1_status") == "lost"
        stage.rack.set_value(Part(1), "transmitter_present", True)
        await stage.ha.until(is_whole)
        await stage.bridge.kill()
        every = (RACK, f"{RACK}_1", DOCK, f"{DOCK}_1", CAMPUS)
        dump = await stage.ha.until(lambda now: is_gone(now, *every))
        assert dump.state("binary_sensor.rack_connectivity") == "unavailable"
        await stage.ha.until(lambda now: now.state("binary_sensor.mic2mqtt_connectivity") == "off")
        await stage.bridge.start()
        dump = await stage.ha.until(is_whole)
        check_quiet(stage, dump)


async def test_ids_and_history_are_kept_over_whatever_people_do(stage: Stage) -> None:
    async with stage.ha.running():
        before = await stage.ha.until(is_whole)
        ids = before.ids()
        stage.rack.set_value(Part(1), "name", "Hamlet")
        await stage.ha.until(lambda now: now.state("sensor.rack_1_name") == "Hamlet")

        options: dict[str, Any] = {"count": 1, "listen": "127.0.0.1", "port": 0, "still": True, "seed": 7}
        async with simulators()["shure"].run("ulxd4q", **options) as (other,):
            await stage.reload(rack=other)  # another unit, at another address
            other.set_value(Part(1), "name", "Ophelia")
            await stage.ha.until(lambda now: is_whole(now) and now.state("sensor.rack_1_name") == "Ophelia")
            await stage.bridge.stop()
            await stage.ha.until(lambda now: is_gone(now, f"{RACK}_1"))
            await stage.bridge.start()
            await stage.ha.until(is_whole)
            await stage.house.broker.restart()
            await stage.ha.until(lambda now: is_gone(now, f"{RACK}_1") or is_whole(now))
            await stage.ha.until(is_whole)
            await stage.ha.stop()
            await stage.ha.start()
            after = await stage.ha.until(is_whole)
            assert {key: after.ids().get(key) for key in ids} == ids
            assert set(after.devices) == set(before.devices)
            check_quiet(stage, after)


async def test_what_is_removed_goes(stage: Stage) -> None:
    async with stage.ha.running():
        await stage.ha.until(is_whole)
        await stage.reload(with_dock=False)
        dump = await stage.ha.until(lambda now: not {DOCK, f"{DOCK}_1"} & set(now.devices))
        assert not [key for key in dump.entities if key.startswith(DOCK)]
        assert f"{RACK}_1" in dump.devices
        check_quiet(stage, dump)


async def test_an_event_reaches_its_entity(stage: Stage) -> None:
    async with stage.ha.running():
        await stage.ha.until(is_whole)
        stage.rack.set_value(Part(2), "battery_runtime_minutes", 5)
        dump = await stage.ha.until(lambda now: now.state("event.rack_2_event") not in UNKNOWN)
        assert dump.states["event.rack_2_event"]["event_type"] == "battery_critical"
        dump = await stage.ha.until(lambda now: now.state("sensor.microphones_attention") == "1")
        assert dump.states["sensor.microphones_attention"]["microphones"][0]["id"] == "rack-2"
        assert dump.state("sensor.microphones_next_battery").endswith("5 min")  # type: ignore[union-attr]
        assert dump.state("binary_sensor.rack_2_problem") == "on"
        check_quiet(stage, dump)


async def test_an_in_ear_transmitter_is_found_and_can_be_set(stage: Stage) -> None:
    home, at = "127.0.31.1", "127.0.31.2"
    options: dict[str, Any] = {"count": 1, "listen": at, "port": None, "still": True}
    async with stage.ha.running(), simulators()["sennheiser"].run("sr_iem_g4", **options) as (ears,):
        await stage.ha.until(is_whole)
        stage.house.document["discovery"] = {"interface": home}
        rule = {"verbs": ["set"], "keys": ["rf_muted", "equalizer_high"], "allow_rf": True}
        unit = {"id": "ears", "kind": "iem", "host": ears.host, "name": "Ears"}
        await stage.reload(others=[unit], rules=[rule])
        dump = await stage.ha.until(lambda now: now.state("sensor.ears_1_status") == "on_air")
        device = f"{OURS}_ears"
        assert dump.devices[f"{device}_1"]["via"] == [device]
        assert dump.state("binary_sensor.ears_1_rf_muted") == "off"
        assert float(dump.state("sensor.ears_1_frequency") or 0) > 400
        high, muted = (dump.entities[f"{device}_1_{key}_set"]["entity_id"] for key in ("equalizer_high", "rf_muted"))
        await stage.ha.call("number.set_value", entity_id=high, value=3)
        await stage.ha.until(lambda now: float(now.state(high) or 0) == 3)
        await stage.ha.call("switch.turn_on", entity_id=muted)
        await stage.ha.until(lambda now: now.state("binary_sensor.ears_1_rf_muted") == "on")
        check_quiet(stage, await stage.ha.dump())


def control(dump: Dump, key: str) -> str:
    """What the control of a key of the first channel is called; empty where there is none."""
    entity_id: str = dump.entities.get(f"{RACK}_1_{key}_set", {}).get("entity_id", "")
    return entity_id


def has_succeeded(seen: Observer, topic: str) -> bool:
    return any(one.topic == topic and one.body["status"] == "succeeded" for one in seen.seen)


async def test_rules_bring_and_take_what_can_be_set_and_a_value_reaches_the_receiver(stage: Stage) -> None:
    async with stage.ha.running():
        await stage.ha.until(is_whole)
        keys = ["gain_db", "name", "receiver_muted", "storage_mode", "group"]
        stage.rack.set_value(Part(2), "group", 3)
        await stage.reload(rules=[{"verbs": ["set", "identify"], "keys": keys, "allow_rf": True}])
        dump = await stage.ha.until(lambda now: now.state(control(now, "gain_db")) not in UNKNOWN)
        await stage.ha.until(lambda now: now.state("number.rack_2_group") == "3")
        assert dump.state(control(dump, "group")) == "unavailable"
        gain, name, mute = (control(dump, key) for key in ("gain_db", "name", "receiver_muted"))
        had = float(dump.state(gain) or 0)
        await stage.ha.call("number.set_value", entity_id=gain, value=had + 3)
        await stage.ha.until(lambda now: float(now.state(gain) or 0) == had + 3)
        await stage.ha.call("text.set_value", entity_id=name, value="Yorick")
        await stage.ha.until(lambda now: now.state("sensor.rack_1_name") == "Yorick")
        await stage.ha.call("switch.turn_on", entity_id=mute)
        await stage.ha.until(lambda now: now.state("binary_sensor.rack_1_muted") == "on")
        storage = dump.entities[f"{DOCK}_storage_mode_set"]["entity_id"]
        await stage.ha.call("switch.turn_on", entity_id=storage)
        await stage.ha.until(lambda now: now.state(storage) == "on")
        async with stage.house.observer("mic2mqtt/#") as seen:
            for device, answer in ((f"{RACK}_1", "channel/rack-1"), (DOCK, "charger/dock")):
                button = dump.entities[f"{device}_identify"]
                assert (button["class"], button["category"]) == ("identify", "config")
                await stage.ha.call("button.press", entity_id=button["entity_id"])
                await seen.until(partial(has_succeeded, seen, seen.topic(answer, "reply/identify")))
        check_quiet(stage, await stage.ha.dump())
        await stage.reload(rules=[])
        dump = await stage.ha.until(
            lambda now: not [key for key in now.entities if key.endswith(("_set", "_identify"))]
        )
        check_quiet(stage, dump)
