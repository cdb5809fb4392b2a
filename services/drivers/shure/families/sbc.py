"""PURE, data. Shure's networked chargers: SBC220, SBC240, SBC441, SBC840, SBC840M and SBRC.

They speak the same command strings as the receivers on TCP 2202, index 1 to 8 being a bay, and send no SAMPLE: a
charger answers METER_RATE with ``REP ERR``, so neither a GET nor a SET of it may be sent. Every fact stands in
docs/protocols.md#chargers with its source; what is inferred is marked there with [?].
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from services.drivers.shure.codec import controls
from services.drivers.shure.codec import special_types as special
from services.drivers.shure.codec import wire_types as wire
from services.drivers.shure.codec.properties import PropertyTable, Scope, ignored, one, two
from services.drivers.shure.codec.wire_types import Pair, WireType
from services.drivers.shure.families import common
from services.drivers.shure.families.bays import MOST_BAYS, NO_MODULE, UNSPECIFIED_FAULT, BayComposer, Charger
from services.drivers.shure.families.family import Family, Model, ReadingComposer
from services.model import Key, Kind

MARKS_8 = frozenset(range(248, 256))
"""Codes of a three-digit number that stand for no value: 254 error, 255 unknown; the rest of the block is reserved by a
field study of an SBC220 and can be no percentage, no bar and no temperature (docs/protocols.md#chargers)."""

MARKS_16 = frozenset(range(65_528, 65_536))
"""Codes of a five-digit number that stand for no value: 65534 error, 65535 none. The document calls 65528 the greatest
number of minutes; 45 days are no time to full."""

TARGET_REACHED = 65_529
"""BATT_TIME_TO_FULL of a battery that is full or, in storage mode, at its storage charge."""

TIME_STATUS: Mapping[int, str] = {TARGET_REACHED: "reached", 65_533: "calculating", 65_534: "error"}
"""Why BATT_TIME_TO_FULL has no minutes; the receivers' run time has 65533 and 65534 the other way round. What is
missing here is ``not_reported``."""

CHARGE_STATES: Mapping[str, str] = {
    "FULL": "full",
    "CALCULATING": "calculating",
    "NORMAL": "charging",
    "WARM": "warm",
    "WARM_FULL": "warm",  # stops below 100 % until it is cooler [?]
    "HOT": "hot",
    "COLD": "cold",
    "PRECHARGE": "precharging",
    "READY_TO_STORE": "stored",
    "DISCHARGE_CALC": "calculating",
    "DISCHARGING": "discharging",
    "DISCHARGING_WARM": "discharging",
    "DISCHARGING_COLD": "discharging",
    "ERROR": "fault",
    "NO_BATT": "empty",
}
"""BATT_STATE -> ``charge_state``. ``storing`` is NORMAL in storage mode: see `services.drivers.shure.bays`."""

FAULTS: Mapping[int, str | None] = {
    0: None,
    1: "unknown_module",
    2: "unknown_battery",
    3: "deep_discharge_recovery_failed",
    4: "charge_failed",
    5: "check_battery",
    6: "check_charger",
    7: "communication_failure",
}
"""BATT_ERROR -> ``fault``. 254 and 255 are no fault: no battery, or (firmware 1.4.7.0) nothing to report."""

FAULT_WORDS = (*(word for word in FAULTS.values() if word is not None), UNSPECIFIED_FAULT)
"""Every word of ``fault``."""

MODULE_TYPES: Mapping[int, str] = {
    0: NO_MODULE,
    1: "axt902",
    2: "axt901",
    3: "sbc_ax",
    4: "sbm920",
    5: "sbm910",
    6: "sbm910m",
    129: "primary",
    133: "secondary_or_primary",
    255: "unsupported",
}
"""BATT_MODULE_TYPE -> ``module_type``. The index of this property is a module's number, not a bay's."""


def time_to_target() -> WireType[Pair[int, str]]:
    """Minutes until the battery is full, in storage mode until its storage charge; and why there are none.

    0 to 65527 minutes with ``ok``, 0 with ``reached``, otherwise ``None`` with a word of `TIME_STATUS` or
    ``not_reported``.
    """
    number = wire.number(5, 0, min(MARKS_16) - 1, unknown=MARKS_16)
    codes = {status: raw for raw, status in TIME_STATUS.items()}

    def minutes_of(text: str) -> int | None:
        return 0 if not wire.is_unknown(text) and wire.integer(text) == TARGET_REACHED else number.decode(text)

    def status_of(text: str) -> str:
        raw = max(MARKS_16) if wire.is_unknown(text) else wire.integer(text)
        return TIME_STATUS.get(raw, "not_reported") if raw in MARKS_16 else "ok"

    def encode(minutes: int | None, status: str | None) -> str:
        return number.encode(minutes) if status == "ok" else f"{codes.get(status or '', max(MARKS_16)):05}"

    return wire.pair(WireType(minutes_of, number.encode), WireType(status_of, str), encode)


_PERCENT = wire.number(3, 0, 100, unknown=MARKS_8)
_COUNT = wire.number(5, 0, min(MARKS_16) - 1, unknown=MARKS_16)

PROPERTIES = PropertyTable(
    (
        one("MODEL", Scope.UNIT, "model", wire.text(32)),
        two("FW_VER", Scope.UNIT, ("firmware", "firmware_update_failed"), special.firmware(24)),
        two("DEVICE_ID", Scope.UNIT, ("device_id", "name"), wire.text_twice(31)),
        one("STORAGE_MODE", Scope.UNIT, "storage_mode", wire.choice(common.ON_OFF)),
        common.MAC,
        *ignored(Scope.UNIT, "FLASH", "ERR", "NET_SETTINGS D1", "NET_SETTINGS D2"),
        one("BATT_DETECTED", Scope.PART, "occupied", wire.choice({"YES": True, "NO": False})),
        one("BATT_STATE", Scope.PART, "charge_state", wire.choice(CHARGE_STATES)),
        one("BATT_ERROR", Scope.PART, "fault", wire.coded(3, FAULTS, unknown=MARKS_8, other=UNSPECIFIED_FAULT)),
        one("BATT_CHARGE", Scope.PART, "battery_percent", _PERCENT),
        one("BATT_BARS", Scope.PART, "battery_bars", wire.number(3, 0, 5, unknown=MARKS_8)),
        one("BATT_HEALTH", Scope.PART, "battery_health_percent", _PERCENT),
        one("BATT_CYCLE", Scope.PART, "battery_cycles", _COUNT),
        # degrees = raw - 40 in both scales: a real SBC220 reported 064 with 115 and 062 with 111
        one(
            "BATT_TEMP_C",
            Scope.PART,
            "battery_temperature_c",
            wire.number(3, 0, min(MARKS_8) - 1, offset=-40, unknown=MARKS_8),
        ),
        two("BATT_TIME_TO_FULL", Scope.PART, ("time_to_full_minutes", "time_to_full_status"), time_to_target()),
        one("BATT_CURRENT_CAPACITY_MAX", Scope.PART, "capacity_mah", _COUNT),
        one("BATT_CURRENT_CAPACITY", Scope.PART, "charged_mah", _COUNT),
        one("BATT_CAPACITY_MAX", Scope.PART, "new_capacity_mah", _COUNT),
        # in the dump of models that have it; asked by name, the others refuse it, and its index counts modules
        one("BATT_MODULE_TYPE", Scope.PART, "module_type", wire.coded(3, MODULE_TYPES, unknown=MARKS_8), askable=False),
        *ignored(Scope.PART, "BATT_TEMP_F", "ERR"),
    )
)
"""A part is a bay here, but for BATT_MODULE_TYPE, where it is a module."""


_BAY = frozenset({Kind.BAY})

IDENTITY_KEYS = frozenset({"model", "firmware", "device_id", "mac"})
"""Keys of the unit that are identity and no state."""

UNIT_KEYS = frozenset({"name", "storage_mode", "firmware_update_failed"})
"""State of the charger. It reports no lock."""

BAY_KEYS = frozenset(
    {"occupied", "charge_state", "fault", "battery_percent", "battery_bars", "battery_health_percent"}
    | {"battery_cycles", "battery_temperature_c", "time_to_full_minutes", "capacity_mah"}
)
"""State of a bay. What is docked (``device_type``, ``device_model``, ``device_id``) and ``battery_type`` are reported
by no charger that we know of."""


def _model(name: str, bays: int | None, bays_per_module: int | None = None, note: str = "") -> Charger:
    return Charger(
        name,
        re.compile(re.escape(name), re.IGNORECASE),
        bays,
        note,
        bays_per_module=bays_per_module,
    )


_LIKELY = "Read as an SBC220: its own document was not seen whole."
MODELS: tuple[Charger, ...] = (
    _model("SBC220", None, 2, "Up to four linked units answer as one, with bays 1 to 8."),
    _model("SBC240", None, 2, "Up to four linked units answer as one, with bays 1 to 8."),
    _model("SBC441", 4, note=_LIKELY),
    _model("SBC840M", 8, note=_LIKELY),
    _model("SBC840", 8, note=_LIKELY),
    _model("SBRC", None, 2, "Up to four modules of two bays. " + _LIKELY),
)
"""The first that fits a model string is the model (docs/protocols.md#chargers)."""


MORE: tuple[Key, ...] = (
    Key("module_type", str, "What holds the bay: a word of `MODULE_TYPES`.", kinds=_BAY, role="identity"),
    Key("charged_mah", int, "Charge that is in the battery, mAh.", unit="mAh", minimum=0, kinds=_BAY),
    Key("new_capacity_mah", int, "Capacity of the battery when it was new, mAh.", unit="mAh", minimum=0, kinds=_BAY),
    Key(
        "time_to_full_status",
        Literal["ok", "reached", "calculating", "error", "not_reported"],
        "Why time_to_full_minutes is empty; ok where it is not.",
        kinds=_BAY,
    ),
    Key(
        "time_to_storage_minutes",
        int,
        "Time until the storage charge, minutes; only in storage mode.",
        unit="min",
        minimum=0,
        kinds=_BAY,
    ),
)
"""Keys of a bay that this family alone has."""


def _composer(model: Model) -> ReadingComposer:
    """Raises `TypeError` for a model of another family."""
    if not isinstance(model, Charger):
        raise TypeError(f"{model.name} is no charger")
    return BayComposer(model)


FAMILY = Family(
    name="sbc",
    title="Networked chargers",
    models=MODELS,
    properties=PROPERTIES,
    kind=Kind.CHARGER,
    most_parts=MOST_BAYS,
    more=MORE,
    part_proof="BATT_DETECTED",
    composer=_composer,
    controls=(controls.switch("STORAGE_MODE", Scope.UNIT, "storage_mode"),),
    flashes=frozenset({Scope.UNIT}),
)
