"""One word for a wall: what a part's values come down to, by kind. PURE.

`PRECEDENCE` maps reasons to statuses, most severe first; `judge` looks for the reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.model import Kind, State
from services.rules.battery import BatteryLevel

PRECEDENCE: Mapping[Kind, tuple[tuple[str, str], ...]] = {
    Kind.CHANNEL: (
        ("receiver_offline", "offline"),
        ("stale", "stale"),
        ("encryption_fault", "fault"),
        ("unregistered_transmitter", "fault"),
        ("transmitter_rf_muted", "muted"),  # off the air, and on purpose
        ("transmitter_lost", "lost"),
        ("battery_critical", "critical"),
        ("interference", "interference"),
        ("interference_2", "interference"),
        ("battery_replace", "replace"),
        ("receiver_muted", "muted"),
        ("transmitter_muted", "muted"),
    ),
    Kind.IEM_CHANNEL: (
        ("iem_offline", "offline"),
        ("stale", "stale"),
        ("rf_muted", "rf_muted"),
    ),
    Kind.BAY: (
        ("charger_offline", "offline"),
        ("stale", "stale"),
        ("bay_fault", "fault"),
    ),
    Kind.BELTPACK: (
        ("intercom_offline", "offline"),
        ("stale", "stale"),
        ("beltpack_lost", "lost"),
        ("on_external_power", "charging"),  # a low battery that is being charged needs nobody
        ("battery_critical", "critical"),
        ("battery_replace", "replace"),
    ),
}
"""Reason -> status, most severe first. Without a reason the part's own values decide: see `JUDGES`."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of a part beside its values: its battery's level, whether its transmitter is lost, and whether the
    unit is online and the values stale.
    """

    level: BatteryLevel | None
    lost: bool
    online: bool
    stale: bool


@dataclass(frozen=True, slots=True)
class Judge:
    """How a kind is judged: reasons in its values, what it is without a reason, and which reasons count."""

    offline: str
    """The reason of a unit that is offline."""
    precedence: tuple[tuple[str, str], ...]
    reasons: Callable[[State, Signs], set[str]]
    otherwise: Callable[[State], str]
    counts: Callable[[State, str], bool] = lambda _state, _status: True


RF_MUTED = "transmitter_rf_muted"
"""True for a transmitter that is off the air because somebody switched its carrier off: it is not lost."""
DOCKED = "transmitter_docked"
"""True for one that lies in a charger, for example."""
_TRUE_MEANS = ("encryption_fault", "unregistered_transmitter")
_MUTES = ("receiver_muted", "transmitter_muted", RF_MUTED)
_INTERFERENCE = ("interference", "interference_2")


def is_put_away(state: State) -> bool:
    """Whether somebody put the transmitter out of use: one that is not received is not lost then."""
    return state[RF_MUTED] is True or state[DOCKED] is True


def _channel_reasons(state: State, signs: Signs) -> set[str]:
    found = {key for key in _TRUE_MEANS if state[key] is True}
    found |= {key for key in _INTERFERENCE if state[key] == "detected"}
    mutes = _MUTES if state["transmitter_present"] else ("receiver_muted", RF_MUTED)
    found |= {key for key in mutes if state[key] is True}
    if signs.level is not None:
        found.add(f"battery_{signs.level}")
    if signs.lost and not is_put_away(state):
        found.add("transmitter_lost")
    return found


def _channel_otherwise(state: State) -> str:
    present = state["transmitter_present"]
    return "unknown" if present is None else "good" if present else "idle"


def _mute_counts(state: State, status: str) -> bool:
    """Whether a status counts: a channel without a transmitter is idle, muted or not, but where its carrier is off."""
    return status != "muted" or bool(state["transmitter_present"]) or state[RF_MUTED] is True


def _iem_channel_reasons(state: State, _signs: Signs) -> set[str]:
    return {"rf_muted"} if state["rf_muted"] is True else set()


def _iem_channel_otherwise(state: State) -> str:
    return "on_air" if state["rf_muted"] is False else "unknown"


BAY_STATUS: Mapping[object, str] = {
    "full": "full",
    "stored": "full",
    "empty": "empty",
    "charging": "charging",
    "calculating": "charging",
    "precharging": "charging",
    "warm": "charging",
    "hot": "charging",
    "cold": "charging",
    "storing": "charging",
    "discharging": "charging",
}
"""``charge_state`` -> ``status``. A battery that is brought to its storage charge is being worked on, so it charges."""


def faulty(state: State) -> bool:
    """Whether something is wrong with a bay or its battery."""
    return state["fault"] is not None or state["charge_state"] == "fault"


def _bay_reasons(state: State, _signs: Signs) -> set[str]:
    return {"bay_fault"} if faulty(state) else set()


def _bay_otherwise(state: State) -> str:
    if state["occupied"] is False:
        return "empty"
    return BAY_STATUS.get(state["charge_state"], "unknown")


def _beltpack_reasons(state: State, signs: Signs) -> set[str]:
    found = {"on_external_power"} if state["power_source"] == "external" else set()
    if signs.level is not None:
        found.add(f"battery_{signs.level}")
    if signs.lost:
        found.add("beltpack_lost")
    return found


def _beltpack_otherwise(state: State) -> str:
    connected = state["connected"]
    return "unknown" if connected is None else "good" if connected else "idle"


JUDGES: Mapping[Kind, Judge] = {
    Kind.CHANNEL: Judge(
        "receiver_offline", PRECEDENCE[Kind.CHANNEL], _channel_reasons, _channel_otherwise, _mute_counts
    ),
    Kind.IEM_CHANNEL: Judge("iem_offline", PRECEDENCE[Kind.IEM_CHANNEL], _iem_channel_reasons, _iem_channel_otherwise),
    Kind.BAY: Judge("charger_offline", PRECEDENCE[Kind.BAY], _bay_reasons, _bay_otherwise),
    Kind.BELTPACK: Judge("intercom_offline", PRECEDENCE[Kind.BELTPACK], _beltpack_reasons, _beltpack_otherwise),
}


def judge(kind: Kind, state: State, signs: Signs) -> tuple[str, list[str]]:
    """The status of a part and its reasons, most severe first."""
    by = JUDGES[kind]
    found = by.reasons(state, signs)
    if signs.stale:
        found.add("stale")
    if not signs.online:
        found.add(by.offline)
    if not found:
        return by.otherwise(state), []
    reasons = [reason for reason, _ in by.precedence if reason in found]
    for reason, status in by.precedence:
        if reason in found and by.counts(state, status):
            return status, reasons
    return by.otherwise(state), reasons
