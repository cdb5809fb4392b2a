"""The blueprints and the dashboard of docs/home-assistant in a real Home Assistant, on simulated gear.

The alarms of a test go into helpers: `input_text.told` has the last one, `counter.alarms` their number. That something
raises no alarm is shown by the next thing that does: it is the next in number.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import pytest

from services.model import Part
from tests.integration.home_assistant.real import Dump
from tests.integration.home_assistant.stage import DOCK, RACK, Stage, check_quiet, is_gone, is_whole

pytestmark = [
    pytest.mark.skipif("MIC2MQTT_TEST_HOMEASSISTANT" not in os.environ, reason="its own: make test-homeassistant"),
    pytest.mark.timeout(500),
]

BATTERY, CHARGER = "battery_low_during_show", "microphone_left_charger"
LOST, ATTENTION = "receiver_lost", "microphone_needs_attention"

TELL = [
    {"service": "input_text.set_value", "target": {"entity_id": "input_text.told"}, "data": {"value": "{{ message }}"}},
    {"service": "counter.increment", "target": {"entity_id": "counter.alarms"}},
]
SOON = {"how_long": {"seconds": 1}}
DURING_SHOW = {"show": "input_boolean.show"}


def automation(blueprint: str, **inputs: object) -> dict[str, Any]:
    """An automation as the editor stores it."""
    use = {"path": f"mic2mqtt/{blueprint}.yaml", "input": inputs}
    return {"id": blueprint, "alias": blueprint, "use_blueprint": use}


async def automate(stage: Stage, *automations: Mapping[str, Any]) -> Dump:
    """Have these automations, each of which Home Assistant's own loader must take."""
    await stage.ha.automate(json.dumps(automations))  # JSON is YAML
    ids = [f"automation.{one['id']}" for one in automations]
    return await stage.ha.until(lambda now: all(now.state(entity) == "on" for entity in ids))


async def told(stage: Stage, number: int, message: str) -> Dump:
    """Wait for the alarm of this number, and compare it."""
    dump = await stage.ha.until(lambda now: int(now.state("counter.alarms") or 0) >= number)
    assert (dump.state("input_text.told"), dump.state("counter.alarms")) == (message, str(number))
    return dump


async def has_state(stage: Stage, entity: str, *states: str) -> Dump:
    return await stage.ha.until(lambda now: now.state(entity) in states)


async def show(stage: Stage, state: str) -> None:
    await stage.ha.call(f"input_boolean.turn_{state}", entity_id="input_boolean.show")


async def restart(stage: Stage) -> None:
    """Home Assistant alone: bridge and broker run on."""
    await stage.ha.stop()
    await stage.ha.start()


async def test_every_blueprint_is_taken_with_what_must_be_chosen_alone_and_runs_by_hand(stage: Stage) -> None:
    async with stage.ha.running():
        await stage.ha.until(is_whole)
        chosen: dict[str, dict[str, object]] = {
            BATTERY: {},
            CHARGER: {"bays": ["binary_sensor.dock_1_occupied"]},
            LOST: {"receivers": ["binary_sensor.rack_connectivity"]},
            ATTENTION: {},
        }
        await automate(stage, *(automation(name, **inputs) for name, inputs in chosen.items()))
        for name in chosen:
            await stage.ha.call("automation.trigger", entity_id=f"automation.{name}")
        check_quiet(stage, await stage.ha.dump())


async def test_a_battery_that_gets_low_is_told_once_and_while_a_show_is_on(stage: Stage) -> None:
    run_times = [f"sensor.rack_{number}_battery_runtime" for number in range(1, 5)]
    async with stage.ha.running():
        await stage.ha.until(is_whole)
        made = automation(BATTERY, run_times=run_times, minutes=30, actions=TELL, **SOON, **DURING_SHOW)
        await automate(stage, made)
        # without a show nobody is told, and with its beginning they are
        stage.rack.set_value(Part(1), "battery_runtime_minutes", 20)
        await has_state(stage, run_times[0], "20")
        await show(stage, "on")
        await told(stage, 1, "Vox 1 (Rack 1): 20 min")
        # of what was told before nothing is told again
        stage.rack.set_value(Part(1), "battery_runtime_minutes", 19)
        await has_state(stage, run_times[0], "19")
        stage.rack.set_value(Part(2), "name", "Hamlet")
        await has_state(stage, "sensor.rack_2_name", "Hamlet")
        stage.rack.set_value(Part(2), "battery_runtime_minutes", 29)
        await told(stage, 2, "Hamlet (Rack 2): 29 min")
        check_quiet(stage, await stage.ha.dump())
        await restart(stage)
        await has_state(stage, run_times[0], "19")
        await stage.bridge.kill()
        await stage.ha.until(lambda now: is_gone(now, RACK, f"{RACK}_1", f"{RACK}_2"))
        await stage.bridge.start()
        await has_state(stage, run_times[1], "29")
        stage.rack.set_value(Part(3), "battery_runtime_minutes", 5)
        await told(stage, 3, "Gtr 3 (Rack 3): 5 min")
        check_quiet(stage, await stage.ha.dump())


async def test_a_microphone_that_is_switched_on_with_a_low_battery_is_told(stage: Stage) -> None:
    async with stage.ha.running():
        await stage.ha.until(is_whole)
        batteries = ["sensor.rack_1_battery"]
        await automate(stage, automation(BATTERY, batteries=batteries, percent=20, actions=TELL, **SOON))
        stage.rack.set_value(Part(1), "transmitter_present", False)
        await has_state(stage, "sensor.rack_1_battery", "unknown")
        stage.rack.set_value(Part(1), "battery_percent", 10)
        off_for = "{{ (now() - states.sensor.rack_1_battery.last_changed).total_seconds() > 10 }}"
        await stage.ha.until_rendered(off_for, "True")
        stage.rack.set_value(Part(1), "transmitter_present", True)
        await told(stage, 1, "Vox 1 (Rack 1): 10 %")
        check_quiet(stage, await stage.ha.dump())


async def test_a_microphone_that_leaves_its_charger_is_told_unless_a_show_is_on(stage: Stage) -> None:
    bays = [f"binary_sensor.dock_{number}_occupied" for number in (1, 2)]
    async with stage.ha.running():
        await stage.ha.until(is_whole)
        for number in (1, 2):
            stage.dock.set_value(Part(number), "occupied", True)
        await stage.ha.until(lambda now: [now.state(bay) for bay in bays] == ["on", "on"])
        await automate(stage, automation(CHARGER, bays=bays, actions=TELL, **SOON, **DURING_SHOW))
        stage.dock.set_value(Part(1), "occupied", False)
        await told(stage, 1, "A microphone was taken out of Dock 1.")
        await restart(stage)
        await has_state(stage, bays[0], "off")
        # a charger that comes back with a bay empty was not seen losing it
        await stage.dock.fault("freeze")
        await stage.ha.until(lambda now: is_gone(now, DOCK, f"{DOCK}_1", f"{DOCK}_2"))
        await stage.dock.fault("none")
        await has_state(stage, bays[1], "on")
        stage.dock.set_value(Part(1), "occupied", True)
        await has_state(stage, bays[0], "on")
        await show(stage, "on")
        stage.dock.set_value(Part(1), "occupied", False)
        await has_state(stage, bays[0], "off")
        changed = "{{ (now() - states.binary_sensor.dock_1_occupied.last_changed).total_seconds() > 1.5 }}"
        await stage.ha.until_rendered(changed, "True")
        await show(stage, "off")
        stage.dock.set_value(Part(2), "occupied", False)
        await told(stage, 2, "A microphone was taken out of Dock 2.")
        check_quiet(stage, await stage.ha.dump())


async def test_a_receiver_that_is_lost_is_told_and_a_bridge_that_is_gone_is_not(stage: Stage) -> None:
    receivers = ["binary_sensor.rack_connectivity", "binary_sensor.dock_connectivity"]
    async with stage.ha.running():
        await stage.ha.until(is_whole)
        await automate(stage, automation(LOST, receivers=receivers, actions=TELL, **SOON, **DURING_SHOW))
        await show(stage, "on")
        await stage.bridge.kill()
        await has_state(stage, receivers[0], "unavailable")
        await stage.bridge.start()
        await stage.ha.until(is_whole)
        await stage.rack.fault("freeze")
        await told(stage, 1, "Rack cannot be reached.")
        await restart(stage)
        await has_state(stage, receivers[0], "off")
        await stage.dock.fault("freeze")
        await told(stage, 2, "Dock cannot be reached.")
        await show(stage, "off")
        await show(stage, "on")
        await told(stage, 3, "Rack, Dock cannot be reached.")
        check_quiet(stage, await stage.ha.dump())


async def test_a_microphone_that_needs_attention_is_told_once(stage: Stage) -> None:
    async with stage.ha.running():
        await stage.ha.until(is_whole)
        statuses = ["critical", "lost"]
        await automate(stage, automation(ATTENTION, statuses=statuses, actions=TELL, **SOON, **DURING_SHOW))
        await show(stage, "on")
        stage.rack.set_value(Part(1), "name", "Hamlet")
        await has_state(stage, "sensor.rack_1_name", "Hamlet")
        stage.rack.set_value(Part(1), "battery_runtime_minutes", 5)
        await told(stage, 1, "Hamlet: battery almost empty")
        # one for another: the number stays
        stage.rack.set_value(Part(2), "name", "Ghost")
        await has_state(stage, "sensor.rack_2_name", "Ghost")
        stage.rack.set_value(Part(2), "transmitter_present", False)
        await told(stage, 2, "Ghost: signal lost")
        await restart(stage)
        await has_state(stage, "sensor.microphones_attention", "2")
        stage.rack.set_value(Part(1), "battery_runtime_minutes", 300)
        await has_state(stage, "sensor.microphones_attention", "1")
        stage.rack.set_value(Part(3), "name", "Ophelia")
        await has_state(stage, "sensor.rack_3_name", "Ophelia")
        stage.rack.set_value(Part(3), "battery_runtime_minutes", 5)
        await told(stage, 3, "Ophelia: battery almost empty")
        await show(stage, "off")
        await show(stage, "on")
        await told(stage, 4, "Ghost: signal lost, Ophelia: battery almost empty")
        check_quiet(stage, await stage.ha.dump())
