"""Makes a level of battery values: `replace` or `critical`, by thresholds with a margin. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from services.model import State

BatteryLevel = Literal["replace", "critical"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where a battery measure becomes a warning: at ``value`` or less; it ends above ``value + hysteresis``."""

    value: int
    hysteresis: int


@dataclass(frozen=True, slots=True)
class StatusRules:
    """Thresholds by battery measure. The first measure that the family reports counts, in the order of the keys."""

    replace: Mapping[str, Threshold]
    critical: Mapping[str, Threshold]
    lost_hold_s: float = 1800.0
    """How long a transmitter that went is ``lost``; afterwards the channel is ``idle``."""


# The margins keep a value that wavers around a threshold from raising two events; bars are too coarse for one.
DEFAULT_RULES = StatusRules(
    replace={
        "battery_runtime_minutes": Threshold(90, 5),
        "battery_percent": Threshold(30, 3),
        "battery_bars": Threshold(2, 0),
    },
    critical={
        "battery_runtime_minutes": Threshold(30, 5),
        "battery_percent": Threshold(10, 3),
        "battery_bars": Threshold(1, 0),
    },
)


def battery_level(state: State, rules: StatusRules, before: BatteryLevel | None) -> BatteryLevel | None:
    """How urgent the battery is; ``before`` is what it was, for the hysteresis."""
    for key, critical in rules.critical.items():
        value = state.get(key)
        if not isinstance(value, int):
            continue
        replace = rules.replace[key]
        if value <= critical.value + (critical.hysteresis if before == "critical" else 0):
            return "critical"
        if value <= replace.value + (replace.hysteresis if before is not None else 0):
            return "replace"
        return None
    return None


def stored_level(state: State) -> BatteryLevel | None:
    """The battery level that an earlier run published: a level is kept beside a state, and is not stored with it."""
    reasons = state.get("status_reasons")
    if not isinstance(reasons, list):
        return None
    if "battery_critical" in reasons:
        return "critical"
    return "replace" if "battery_replace" in reasons else None
