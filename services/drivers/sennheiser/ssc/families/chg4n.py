"""CHG 2N and CHG 4N: networked chargers of SpeechLine with two and four bays, each in lists of two or four. PURE.

Source: docs/protocols/sennheiser-speechline.md#chargers. An empty bay reads 0 in every number, so nothing of a bay is
told before it is known that something lies in it.
"""

from __future__ import annotations

from services.drivers.sennheiser.ssc.codec.values import Values, flag, number, numbered, told, warnings, whole
from services.drivers.sennheiser.ssc.families.family import Family, Leaf, Model
from services.drivers.sennheiser.ssc.families.speechline import CYCLES_MOST, FACTS
from services.drivers.sennheiser.ssc.keys import MORE_NAMES
from services.model import Kind

MINUTES_MOST = 60_000
EMPTY, IDLE = "empty", "idle"
"""What addresses say beside the words of the core; `_derive` makes those of them."""
FULL_FROM_PERCENT = 90
"""Of a bay that does not charge: charged, if it has so much. Less is a battery that cannot be charged."""

STATES = ("normal", "update", "error")
ERRORS = ((1, "communication_failure"), (2, "unspecified"), (4, "check_charger"), (8, "check_charger"))
"""Bits: communication, update, overcurrent, 5 V missing; the first one that is set is the fault."""

OF_THE_BATTERY = (
    "battery_percent",
    "battery_health_percent",
    "battery_cycles",
    "time_to_full_minutes",
    "device_type",
    "device_firmware",
    "device_serial",
)


def _states(value: object, parts: int) -> list[object] | None:
    """State and errors of each bay, of a list of all states and one of all errors."""
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - states, errors
        return None
    states, errors = value
    if not isinstance(states, list) or not isinstance(errors, list):
        return None
    return list(zip(states[:parts], errors[:parts], strict=False))


def _state(value: object) -> Values | None:
    if not isinstance(value, tuple):
        return None
    state, errors = (number(each) for each in value)
    if state not in range(len(STATES)) or errors is None or errors % 1 or errors < 0 or state is None:
        return None
    word = STATES[int(state)]
    fault = next((name for bit, name in ERRORS if int(errors) & bit), "unspecified" if word == "error" else None)
    return {"bay_state": word, "fault": fault}


def _derive(values: dict[str, object]) -> None:
    """What the bay does. ``active`` says whether something lies in it, the type where that is not there."""
    kind, charging = values.get("device_type"), values.get("charge_state") == "charging"
    if values.get("occupied") is None and kind is not None:
        values["occupied"] = kind != EMPTY
    if kind == EMPTY:
        values["device_type"] = None
    if not (occupied := values.get("occupied")):
        values |= dict.fromkeys(OF_THE_BATTERY)
    percent = values.get("battery_percent")
    state = "charging" if charging else None
    if not occupied:
        state = EMPTY if occupied is False else None
    elif values.get("fault") is not None:
        state = "fault"
    elif values.get("charge_state") == IDLE and isinstance(percent, int) and percent >= FULL_FROM_PERCENT:
        state = "full"
    if state == "charging" and values.get("time_to_full_minutes") == 0:
        values["time_to_full_minutes"] = None
    values["charge_state"] = state


CHG4N = Family(
    name="chg4n",
    title="CHG 2N, CHG 4N",
    kind=Kind.CHARGER,
    models=(
        Model("chg2n", "CHG2N", 2, r"CHG[ _-]?2N.*", "CHG 2N."),
        Model("chg4n", "CHG4N", 4, r"CHG[ _-]?4N.*", "CHG 4N."),
    ),
    unit=(
        *FACTS,
        Leaf("device/state", ("unit_state",), numbered("unit_state", ("normal", "update"))),
        Leaf("device/warnings", ("warnings",), warnings({}), live=False, asked=True),
        Leaf("bays/active", ("occupied",), flag("occupied"), each=True),
        Leaf("bays/device_type", ("device_type",), numbered("device_type", (EMPTY, "handheld", "bodypack")), each=True),
        Leaf("bays/charging", ("charge_state",), flag("charge_state", yes="charging", no=IDLE), each=True),
        Leaf("bays/bat_gauge", ("battery_percent",), whole("battery_percent", 0, 100), each=True),
        Leaf(
            "bays/bat_timetofull", ("time_to_full_minutes",), whole("time_to_full_minutes", 0, MINUTES_MOST), each=True
        ),
        Leaf(
            "bays/bat_health",
            ("battery_health_percent",),
            whole("battery_health_percent", 1, 100, unknown=frozenset({0})),
            each=True,
        ),
        Leaf("bays/bat_cycles", ("battery_cycles",), whole("battery_cycles", 0, CYCLES_MOST), each=True),
        Leaf("bays/serial", ("device_serial",), told("device_serial"), each=True),
        Leaf("bays/version", ("device_firmware",), told("device_firmware"), each=True),
        Leaf("bays/state", ("bay_state", "fault"), _state, each=True, split=_states, live=False, asked=True),
    ),
    parts=(),
    derive=_derive,
    part_identifies="bays/identify",
    identifies_each=True,
    more=MORE_NAMES,
)
