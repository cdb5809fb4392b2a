"""The simulator is written from the notes and not from the driver's tables, so that each checks the other."""

from __future__ import annotations

import grimp
import pytest

from services.drivers.shure.codec import messages as codec
from services.drivers.shure.codec.composing import PRIVATE_KEYS
from services.drivers.shure.codec.properties import Scope
from services.drivers.shure.families import FAMILIES
from services.drivers.shure.simulation.families import DEFAULTS, hardware
from services.drivers.shure.simulation.receivers.device import Device, Setup

SHURE = "services.drivers.shure"
TABLES = (f"{SHURE}.families", f"{SHURE}.codec.properties", f"{SHURE}.codec.wire_types", f"{SHURE}.codec.samples")

VALUES: dict[str, tuple[object, ...]] = {
    "battery_percent": (0, 87, None),
    "battery_bars": (0, 3, None),
    "battery_runtime_minutes": (0, 607, None),
    "battery_health_percent": (0, 98, None),
    "battery_cycles": (4, None),
    "battery_temperature_c": (-3, 24, None),
    "battery_type": ("lithium_ion", "alkaline", None),
    "encryption_fault": (True, False),
    "encryption_mode": ("off", "on"),
    "firmware_update_failed": (True, False),
    "frequency_mhz": (526.225,),
    "gain_db": (-18, 12, 42),
    "group": (3, None),
    "interference": ("none", "detected"),
    "name": ("Vox 7",),
    "receiver_muted": (True, False),
    "showlink_quality": (5, None),
    "status": ("empty", "standard", "linked_inactive", "linked_active"),
    "talk_switch": ("pressed", "released"),
    "transmission_mode": ("standard", "high_density"),
    "transmitter_model": ("ADX1", None),
    "transmitter_muted": (True, False),
    "tx_input_pad_db": (0, -12, None),
    "tx_offset_db": (0, 9, None),
    "tx_offset_raw": (12, None),
    "tx_polarity": ("positive", "negative"),
    "tx_power_level": ("low", "high"),
    "tx_power_mw": (35, None),
}


def a_device(family: str) -> Device:
    machine = hardware(family, None)
    setup = Setup(machine, DEFAULTS[family], machine.channels, fd_c=bool(DEFAULTS[family].second_carrier))
    device = Device(setup, 1, still=True, paired=None, answers_model=True)
    for slot in range(1, device.family.slots + 1):
        if not device.family.links:
            device.write((1, "SLOT_STATUS", slot), "LINKED.ACTIVE")
    return device


@pytest.mark.parametrize("family", DEFAULTS)
def test_what_is_set_by_key_in_a_simulated_unit_is_what_the_driver_reads_there(family: str) -> None:
    table = FAMILIES[family].properties
    wrong = []
    for scope, channel, slot in ((Scope.UNIT, 0, 0), (Scope.PART, 1, 0), (Scope.SLOT, 1, 3)):
        device = a_device(family)
        if (slot and not device.family.slots) or (slot and device.family.links):
            continue
        for key in sorted(table.keys_of(scope) - PRIVATE_KEYS):
            for value in VALUES.get(key, ()):
                for name, text in written(device, channel, key, value, slot):
                    sub = f"{slot} " if slot else ""
                    meaning = codec.decode(codec.Message("REP", channel or None, name, f"{sub}{text}"), table)
                    if meaning is None or meaning.reading.values.get(key, value) != value:
                        wrong.append((name, key, value, text, meaning))
    assert not wrong


def written(device: Device, channel: int, key: str, value: object, slot: int) -> list[tuple[str, str]]:
    try:
        device.set_key(channel, key, value, slot)
    except KeyError:
        return []
    fields = device.slot_fields if slot else device.channel_fields if channel else device.device_fields
    return [
        (name, device.values[channel, name, slot]) for name in fields if device.family.writer(name, key) is not None
    ]


@pytest.mark.parametrize("family", DEFAULTS)
def test_every_key_that_the_driver_reads_can_be_set_in_the_simulator(family: str) -> None:
    device = a_device(family)
    table = FAMILIES[family].properties
    out_of_reach = {"antenna_count", "mac", "quadversity", *PRIVATE_KEYS}
    for scope, fields in (
        (Scope.UNIT, device.device_fields),
        (Scope.PART, device.channel_fields),
        (Scope.SLOT, device.slot_fields),
    ):
        asked = {key for prop in table if prop.scope is scope and prop.askable for key in prop.keys}
        missing = [key for key in asked - out_of_reach if not any(device.family.writer(name, key) for name in fields)]
        assert not missing, scope


def test_the_simulator_is_not_made_of_the_drivers_tables() -> None:
    graph = grimp.build_graph("services", cache_dir=None)
    borrowed = [
        f"{module} imports {known}"
        for module in sorted(graph.modules)
        if module.startswith(f"{SHURE}.simulation")
        for known in sorted(graph.find_modules_directly_imported_by(module))
        if known.startswith(TABLES)
    ]
    assert not borrowed


def test_a_running_bridge_never_imports_the_simulator() -> None:
    graph = grimp.build_graph("bridge", "services", cache_dir=None)
    inside = [module for module in graph.modules if module.startswith(f"{SHURE}.simulation")]
    assert inside
    users = [
        f"{module} imports {known}"
        for known in inside
        for module in sorted(graph.find_modules_that_directly_import(known))
        if not module.startswith(f"{SHURE}.simulation")
    ]
    assert not users


def test_the_codec_knows_no_family() -> None:
    graph = grimp.build_graph("services", cache_dir=None)
    knowing = [
        f"{module} imports {known}"
        for module in sorted(graph.modules)
        if module.startswith(f"{SHURE}.codec")
        for known in sorted(graph.find_modules_directly_imported_by(module))
        if known.startswith(SHURE) and not known.startswith(f"{SHURE}.codec")
    ]
    assert not knowing
