"""CHG 70N-C: a networked charger of EW-DX with two bays, each in lists of two. PURE.

Source: docs/protocols/sennheiser-ssc.md#chg-70n-c.
"""

from __future__ import annotations

from services.drivers.sennheiser.ssc.codec import controls
from services.drivers.sennheiser.ssc.codec.values import Values, choice, flag, mac, text, told, whole, words
from services.drivers.sennheiser.ssc.families.family import Family, Leaf, Model
from services.drivers.sennheiser.ssc.keys import MORE_NAMES
from services.model import Kind, clean_text

FULL_PERCENT = 100
FAULTS = {
    "batterycomerror": "communication_failure",
    "batterynotchargeable": "charge_failed",
    "batterynotdischargeable": "check_battery",
    "overcurrentdetected": "check_charger",
}
"""Warning of a bay in lower case, and the fault that it is. A temperature out of range is none."""


def _device(value: object) -> Values | None:
    """What lies in a bay: a transmitter by its model, a bare battery, or nothing."""
    if not isinstance(value, str):
        return None
    word = clean_text(value.strip(), 40)
    if word.upper() in ("NONE", ""):
        return {"occupied": False, "device_type": None, "device_model": None}
    if word.upper() == "UNKNOWN":
        return {"occupied": True, "device_type": None, "device_model": None}
    if word.upper().startswith("BA"):
        return {"occupied": True, "device_type": "battery", "device_model": None}
    kind = "handheld" if "SKM" in word.upper() else "bodypack" if "SK" in word.upper() else None
    return {"occupied": True, "device_type": kind, "device_model": word}


def _warnings(value: object) -> Values | None:
    found = words(value)
    return None if found is None else {"warnings": list(found)}


def _derive(values: dict[str, object]) -> None:
    """No address says what a bay does: it follows from the time until full and the charge."""
    occupied, minutes, percent = (values.get(key) for key in ("occupied", "time_to_full_minutes", "battery_percent"))
    warned = values.get("warnings")
    found = [str(word).lower() for word in warned] if isinstance(warned, list) else []
    fault = next((FAULTS[word] for word in found if word in FAULTS), None)
    if fault is None and values.get("bay_state") == "error":
        fault = "unspecified"
    state = None
    if occupied is False:
        state = "empty"
    elif occupied and fault is not None:
        state = "fault"
    elif occupied and percent == FULL_PERCENT:
        state = "full"
    elif occupied and isinstance(minutes, int) and minutes > 0:
        state = "charging"
    values["charge_state"], values["fault"] = state, fault


CHG70N = Family(
    name="chg70n",
    title="CHG 70N-C",
    kind=Kind.CHARGER,
    models=(
        Model(
            "chg70n",
            "CHG70N",
            2,
            r"CHG[ _-]?70N.*",
            "No unit was seen: it is known by CHG70N at the beginning of its name, and its words stand in one source.",
        ),
    ),
    unit=(
        Leaf("device/identity/version", ("firmware",), told("firmware"), live=False),
        Leaf("device/identity/serial", ("serial",), told("serial"), live=False),
        Leaf("device/network/ether/macs", ("mac",), mac, live=False),
        Leaf("device/name", ("name",), text("name"), control=controls.name(18)),
        Leaf("device/location", ("location",), text("location"), control=controls.name(400)),
        Leaf("device/storage_mode", ("storage_mode",), flag("storage_mode")),
        Leaf("bays/device_type", ("occupied", "device_type", "device_model"), _device, each=True),
        Leaf("bays/bat_gauge", ("battery_percent",), whole("battery_percent", 0, 100), each=True),
        Leaf("bays/bat_health", ("battery_health_percent",), whole("battery_health_percent", 0, 100), each=True),
        Leaf("bays/bat_cycles", ("battery_cycles",), whole("battery_cycles", 0, 60_000), each=True),
        Leaf("bays/bat_timetofull", ("time_to_full_minutes",), whole("time_to_full_minutes", 0, 60_000), each=True),
        Leaf("bays/warnings", ("warnings",), _warnings, each=True),
        Leaf("bays/version", ("device_firmware",), told("device_firmware"), each=True),
        Leaf("bays/serial", ("device_serial",), told("device_serial"), each=True),
        Leaf(
            "bays/state",
            ("bay_state",),
            choice(
                "bay_state",
                {"NORMAL": "normal", "UPDATE": "update", "ERROR": "error", "DFU_MODE": "firmware_loader"},
            ),
            each=True,
        ),
    ),
    parts=(),
    derive=_derive,
    derived=("charge_state", "fault"),
    unit_identifies="device/identification/visual",
    part_identifies="bays/identify",
    identifies_each=True,
    more=MORE_NAMES,
)
