"""L 6000: a charger of Digital 6000 with four modules of two bays. PURE.

Source: docs/protocols/sennheiser-ssc.md#l-6000. Bays are counted through: bay 3 is the first one of the second module.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.drivers.sennheiser.ssc.codec.values import Values, binary, mac, number, told
from services.drivers.sennheiser.ssc.families.digital6000 import OTHER_PORT, name
from services.drivers.sennheiser.ssc.families.family import Family, Leaf, Model
from services.drivers.sennheiser.ssc.keys import MORE_NAMES
from services.model import Kind, clean_text

BAYS_A_MODULE = 2
MODULES = {0: "none", 1: "lm6060", 2: "lm6061", 3: "fault"}
NOTHING = 65_280
"""Stands for no value in what a battery tells."""
COLDEST_C = -50
NUMBERS = 12
MINUTES_MOST = 100_000

LIGHTS: Mapping[str, str | None] = {
    "OFF": "empty",
    "GREEN": "full",
    "GREEN_FLASHING": "charging",
    "YELLOW": "charging",
    "YELLOW_FLASHING": "precharging",
    "RED": "fault",
    "RED_FLASHING": None,  # too hot or too cold: the warnings say which
}
"""What a bay's light says. YELLOW_FLASHING is a battery that is regenerated; two colours are storage."""

WARNINGS = ((0, "hot"), (8, "regenerating"), (16, "defect"), (29, "cold"))
"""First of eight codes, one a bay, and what they warn of; codes 24 to 27 are fans, 28 is the unit itself."""


def _places(parts: int) -> tuple[Mapping[str, int], ...]:
    return tuple({"slot": place // BAYS_A_MODULE + 1, "sub": place % BAYS_A_MODULE + 1} for place in range(parts))


def _module(value: object) -> Values | None:
    found = number(value)
    return {"charging_module": MODULES[int(found)]} if found is not None and found in MODULES else None


def _light(value: object) -> Values | None:
    return {"led": clean_text(value.strip().upper(), 40) or None} if isinstance(value, str) else None


def _battery(value: object) -> Values | None:
    """Twelve numbers: degrees, mV, mAh, mA, mWh, hours and minutes, %, cycles, % of health, hours and minutes."""
    if not isinstance(value, list) or len(value) < NUMBERS:
        return None
    found = [number(each) for each in value[:NUMBERS]]
    temperature, voltage, capacity, _, _, _, _, percent, cycles, health, hours, minutes = found
    full = None
    if (h := _within(hours, 0, 1000)) is not None and (m := _within(minutes, 0, 59)) is not None:
        full = h * 60 + m
    return {
        "battery_temperature_c": _within(temperature, COLDEST_C, 150),
        "voltage_mv": _within(voltage, 0, 30_000),
        "capacity_mah": _within(capacity, 1, 60_000),
        "battery_percent": _within(percent, 0, 100),
        "battery_cycles": _within(cycles, 0, 60_000),
        "battery_health_percent": _within(health, 0, 100),
        "time_to_full_minutes": full,
    }


def _within(value: float | None, low: int, high: int) -> int | None:
    return None if value is None or value == NOTHING or not low <= value <= high else round(value)


def _codes(value: object, parts: int) -> list[object] | None:
    """Warnings of each bay, of a list of codes."""
    codes = _numbers(value)
    if codes is None:
        return None
    return [[word for first, word in WARNINGS if first + place in codes] for place in range(parts)]


def _numbers(value: object) -> set[int] | None:
    if not isinstance(value, list):
        return None
    found = {number(each) for each in value}
    return {int(each) for each in found if each is not None} if None not in found else None


def _bay_warnings(value: object) -> Values | None:
    return {"warnings": list(value)} if isinstance(value, list) else None


def _derive(values: dict[str, object]) -> None:
    """What the charger does: its light, and what it warns of where the light alone does not tell."""
    light, occupied = values.get("led"), values.get("occupied")
    warned = values.get("warnings")
    warns = warned if isinstance(warned, list) else []
    state = LIGHTS.get(light) if isinstance(light, str) else None
    if isinstance(light, str) and light not in LIGHTS and sum(each in light for each in ("GREEN", "YELLOW", "RED")) > 1:
        state = "storing"
    temperature = next((word for word in ("hot", "cold") if word in warns), None)
    if occupied is False:
        state = "empty"
    elif temperature is not None:
        state = temperature
    elif state == "empty":
        state = None  # something is there, and its light is off
    values["charge_state"] = state
    values["fault"] = "check_battery" if occupied is not False and (light == "RED" or "defect" in warns) else None


_BAY = "slot{slot}/subslot{sub}"

L6000 = Family(
    name="l6000",
    title="L 6000",
    kind=Kind.CHARGER,
    models=(Model("l6000", "L6000", 8, r"L[ _-]?6000"),),
    unit=(
        Leaf("device/identity/version", ("firmware",), told("firmware"), live=False),
        Leaf("device/network/ether/macs", ("mac",), mac, live=False),
        Leaf("device/name", ("name",), name),
        Leaf("device/storage_mode", ("storage_mode",), binary("storage_mode")),
        Leaf("device/warnings", ("warnings",), _bay_warnings, each=True, split=_codes),
    ),
    parts=(
        Leaf("slot{slot}/type", ("charging_module",), _module),
        Leaf(f"{_BAY}/accu_detection", ("occupied",), binary("occupied")),
        Leaf(f"{_BAY}/led", ("led",), _light),
        Leaf(
            f"{_BAY}/accu_parameter",
            (
                "battery_temperature_c",
                "voltage_mv",
                "capacity_mah",
                "battery_percent",
                "battery_cycles",
                "battery_health_percent",
                "time_to_full_minutes",
            ),
            _battery,
        ),
    ),
    derive=_derive,
    derived=("charge_state", "fault"),
    places=_places,
    unit_identifies="device/identify",
    part_identifies=f"{_BAY}/identify",
    lifetime_s=20.0,
    ports=(OTHER_PORT,),
    more=MORE_NAMES,
)
