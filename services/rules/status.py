"""One word for a wall: what a channel's values come down to, and the battery thresholds behind it. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.model import Status

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


# The margins keep a value that flutters on a threshold from ringing twice; a bar is too coarse to have one.
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

PRECEDENCE: tuple[tuple[str, Status], ...] = (
    ("receiver_offline", "offline"),
    ("stale", "stale"),
    ("encryption_fault", "fault"),
    ("unregistered_transmitter", "fault"),
    ("transmitter_lost", "lost"),
    ("battery_critical", "critical"),
    ("interference", "interference"),
    ("interference_2", "interference"),
    ("battery_replace", "replace"),
    ("receiver_muted", "muted"),
    ("transmitter_muted", "muted"),
    ("transmitter_rf_muted", "muted"),
)
"""Reason -> status, most severe first."""

_TRUE_MEANS = ("encryption_fault", "unregistered_transmitter")
_MUTES = ("receiver_muted", "transmitter_muted", "transmitter_rf_muted")


def battery_level(state: Mapping[str, object], rules: StatusRules, before: BatteryLevel | None) -> BatteryLevel | None:
    """How urgent the battery is; ``before`` is what it was, for the hysteresis."""
    for key, critical in rules.critical.items():
        value = state[key]
        if not isinstance(value, int):
            continue
        replace = rules.replace[key]
        if value <= critical.value + (critical.hysteresis if before == "critical" else 0):
            return "critical"
        if value <= replace.value + (replace.hysteresis if before is not None else 0):
            return "replace"
        return None
    return None


def level_in(reasons: Sequence[object]) -> BatteryLevel | None:
    """The battery level that a list of status reasons speaks of."""
    if "battery_critical" in reasons:
        return "critical"
    return "replace" if "battery_replace" in reasons else None


def judge(
    state: Mapping[str, object],
    *,
    level: BatteryLevel | None,
    lost: bool,
    online: bool,
    stale: bool,
) -> tuple[Status, list[str]]:
    """The status and its reasons, most severe first."""
    present = state["transmitter_present"]
    found = {key for key in _TRUE_MEANS if state[key] is True}
    found |= {key for key in ("interference", "interference_2") if state[key] == "detected"}
    if present:
        found |= {key for key in _MUTES if state[key] is True}
    elif state["receiver_muted"] is True:
        found.add("receiver_muted")
    if level is not None:
        found.add(f"battery_{level}")
    if lost:
        found.add("transmitter_lost")
    if stale:
        found.add("stale")
    if not online:
        found.add("receiver_offline")
    reasons = [reason for reason, _ in PRECEDENCE if reason in found]
    for reason, status in PRECEDENCE:
        if reason in found and not (status == "muted" and not present):
            return status, reasons
    if present is None:
        return "unknown", reasons
    return ("good" if present else "idle"), reasons
