"""Fold: what was known and what a device just said make what is known now, and what of it is news. PURE.

A channel keeps two dictionaries. ``reported`` is what the device said in this session, merged. ``state`` is what
the world sees: the contract's keys, made of ``reported`` and of the state before (the last battery, the hysteresis,
when the transmitter was last heard). A state is never changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from services.model import CHANNEL_STATE_KEYS, RECEIVER_STATE_KEYS, Capabilities, ChannelState, EventType, ReceiverState
from services.rules.status import StatusRules, battery_level, judge, level_in

TRANSMITTER_KEYS: tuple[str, ...] = (
    "transmitter_muted",
    "transmitter_rf_muted",
    "talk_switch",
    "transmitter_model",
    "transmitter_id",
    "transmitter_firmware",
    "tx_power_mw",
    "tx_power_level",
    "tx_offset_db",
    "tx_offset_raw",
    "tx_input_pad_db",
    "tx_polarity",
    "tx_lock",
    "battery_percent",
    "battery_bars",
    "battery_runtime_minutes",
    "battery_status",
    "battery_type",
    "battery_health_percent",
    "battery_cycles",
    "battery_temperature_c",
    "power_source",
)
"""What only a transmitter on the air can tell: null as soon as it is gone."""

LAST_BATTERY: Mapping[str, str] = {
    "last_battery_percent": "battery_percent",
    "last_battery_bars": "battery_bars",
    "last_battery_runtime_minutes": "battery_runtime_minutes",
}

SETTING_KEYS: tuple[str, ...] = (
    "name",
    "frequency_mhz",
    "frequency_2_mhz",
    "group",
    "group_channel",
    "fd_mode",
    "gain_db",
    "receiver_muted",
    "transmitter_muted",
    "encryption_fault",
)
"""Changes that someone may have to explain later: audited."""

EMPTY_CHANNEL = cast(
    "ChannelState",
    {
        **dict.fromkeys(CHANNEL_STATE_KEYS),
        "audio_path": "unknown",
        "status": "unknown",
        "status_reasons": [],
        "alerts": [],
    },
)
EMPTY_RECEIVER = cast("ReceiverState", {**dict.fromkeys(RECEIVER_STATE_KEYS), "alerts": []})


@dataclass(frozen=True, slots=True)
class Situation:
    """What surrounds a channel while it is folded. ``now`` and ``heard_at`` are RFC 3339, ``now_s`` is Unix time."""

    now: str
    now_s: float
    online: bool
    stale: bool
    rules: StatusRules
    capabilities: Capabilities | None = None
    heard_at: str | None = None
    """When the state before was last known to be true; ``None`` means just now."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened once, with the values behind it as they were and as they are."""

    event: EventType
    before: Mapping[str, object]
    after: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Folded:
    """The new state, and what is news in it."""

    state: ChannelState
    events: tuple[Happening, ...]
    before: Mapping[str, object]
    """Audited settings that changed, as they were."""
    after: Mapping[str, object]
    """The same, as they are."""


def fold_channel(
    state: ChannelState, reported: Mapping[str, object], around: Situation, lost_since_s: Callable[[str], float]
) -> Folded | None:
    """Make the state of everything reported; ``None`` where nothing of it changed.

    ``lost_since_s`` turns an RFC 3339 time into Unix seconds.
    """
    old = cast("Mapping[str, object]", state)
    new = {key: reported.get(key) for key in CHANNEL_STATE_KEYS}
    new["assignment"], new["alerts"] = old["assignment"], old["alerts"]
    new["transmitter_present"] = _present(reported, around.capabilities)
    _battery(new, reported)
    _keep_last(new, old, around)
    new["audio_path"] = _audio_path(new)
    level = battery_level(new, around.rules, level_in(state["status_reasons"]))
    since = new["transmitter_last_seen"]
    lost = isinstance(since, str) and around.now_s - lost_since_s(since) < around.rules.lost_hold_s
    new["status"], new["status_reasons"] = judge(new, level=level, lost=lost, online=around.online, stale=around.stale)
    if new == old:
        return None
    gone = TRANSMITTER_KEYS if new["transmitter_present"] is False else ()  # nobody set these: who had them went
    changed = [key for key in SETTING_KEYS if new[key] != old[key] and key not in gone]
    return Folded(
        cast("ChannelState", new),
        tuple(_events(old, new)),
        {key: old[key] for key in changed},
        {key: new[key] for key in changed},
    )


def rejudge(state: ChannelState, around: Situation, lost_since_s: Callable[[str], float]) -> ChannelState | None:
    """The same values under another sky (receiver lost, time passed, other rules); ``None`` where the status stays."""
    since = state["transmitter_last_seen"]
    lost = since is not None and around.now_s - lost_since_s(since) < around.rules.lost_hold_s
    status, reasons = judge(
        cast("Mapping[str, object]", state),
        level=battery_level(cast("Mapping[str, object]", state), around.rules, level_in(state["status_reasons"])),
        lost=lost,
        online=around.online,
        stale=around.stale,
    )
    if status == state["status"] and reasons == state["status_reasons"]:
        return None
    return cast("ChannelState", {**state, "status": status, "status_reasons": reasons})


def reported_of(state: ChannelState) -> dict[str, object]:
    """What a device has to say to make this state, as far as it is known: the way back of `fold_channel`."""
    reported: dict[str, object] = {key: value for key, value in state.items() if value is not None}
    status = state["battery_status"]
    if status == "warning":
        reported["battery_warning"] = True
    elif status != "external_power":
        reported["battery_runtime_status"] = status
    return reported


def fold_receiver(state: ReceiverState, reported: Mapping[str, object]) -> ReceiverState | None:
    """The receiver's state of everything reported; ``None`` where nothing changed."""
    new = {key: reported.get(key) for key in RECEIVER_STATE_KEYS}
    new["alerts"] = state["alerts"]
    return None if new == cast("Mapping[str, object]", state) else cast("ReceiverState", new)


def _present(reported: Mapping[str, object], capabilities: Capabilities | None) -> bool | None:
    """On the air, as far as the family's own signs go; unknown until one of them was reported."""
    said = reported.get("transmitter_present")
    if isinstance(said, bool):
        return said
    signs = [key for key in (capabilities.presence_keys if capabilities else ()) if key in reported]
    if not signs:
        return None
    # A transmitter on external power has no battery to count bars of, yet it is there.
    external = reported.get("power_source") == "external"
    return all(reported[key] is not None or (key == "battery_bars" and external) for key in signs)


def _battery(new: dict[str, object], reported: Mapping[str, object]) -> None:
    if reported.get("power_source") == "external":
        new["battery_status"] = "external_power"
    elif reported.get("battery_warning") is True:
        new["battery_status"] = "warning"
    else:
        new["battery_status"] = reported.get("battery_runtime_status")


def _keep_last(new: dict[str, object], old: Mapping[str, object], around: Situation) -> None:
    """Live keys end with the transmitter; what it said last about its battery stays readable."""
    if new["transmitter_present"] is False:
        for key in TRANSMITTER_KEYS:
            new[key] = None
        for last, live in LAST_BATTERY.items():
            new[last] = old[live] if old[live] is not None else old[last]
        went = around.heard_at or around.now
        new["transmitter_last_seen"] = went if old["transmitter_present"] is True else old["transmitter_last_seen"]
        return
    new["transmitter_last_seen"] = None if new["transmitter_present"] else old["transmitter_last_seen"]
    for last, live in LAST_BATTERY.items():
        new[last] = new[live] if new[live] is not None else old[last]


def _audio_path(new: Mapping[str, object]) -> str:
    if new["transmitter_present"] is not True:
        return "unknown" if new["transmitter_present"] is None else "no_signal"
    mutes = (new["receiver_muted"], new["transmitter_muted"], new["transmitter_rf_muted"])
    if any(mute is True for mute in mutes):
        return "muted"
    return "unknown" if all(mute is None for mute in mutes) else "live"


_EDGES: tuple[tuple[str, object, object, EventType], ...] = (
    ("transmitter_present", False, True, "transmitter_on"),
    ("transmitter_present", True, False, "transmitter_lost"),
    ("transmitter_muted", False, True, "transmitter_muted"),
    ("transmitter_muted", True, False, "transmitter_unmuted"),
    ("talk_switch", "released", "pressed", "talk_switch_pressed"),
    ("talk_switch", "pressed", "released", "talk_switch_released"),
    ("interference", "none", "detected", "interference_started"),
    ("interference", "detected", "none", "interference_ended"),
    ("interference_2", "none", "detected", "interference_started"),
    ("interference_2", "detected", "none", "interference_ended"),
)
"""Key, from, to, event. A first value is no event: nobody saw it change."""


def _events(old: Mapping[str, object], new: Mapping[str, object]) -> list[Happening]:
    events = [
        Happening(event, {key: was}, {key: now})
        for key, was, now, event in _EDGES
        if old[key] == was and new[key] == now
    ]
    was_level = level_in(cast("list[str]", old["status_reasons"]))
    level = level_in(cast("list[str]", new["status_reasons"]))
    if level != was_level and new["transmitter_present"]:
        before = {live: old[live] for live in LAST_BATTERY.values()}
        after = {live: new[live] for live in LAST_BATTERY.values()}
        if level == "critical":
            events.append(Happening("battery_critical", before, after))
        elif level == "replace" and was_level is None:
            events.append(Happening("battery_replace", before, after))
        elif level is None and any(value is not None for value in after.values()):
            events.append(Happening("battery_recovered", before, after))
    return events
