"""How a channel's state follows from what was reported: presence, battery, mutes, and what of it is an event. PURE."""

from __future__ import annotations

from collections.abc import Mapping

from services.model import EventType, Kind, State
from services.rules.battery import BatteryLevel
from services.rules.folded import Happening, Passing, Situation
from services.rules.status import RF_MUTED, is_put_away

PRESENCE = "transmitter_present"

TRANSMITTER = Passing(Kind.CHANNEL, PRESENCE, "transmitter_last_seen", "transmitter_lost")


def derive(new: dict[str, object], old: State, reported: Mapping[str, object], around: Situation) -> None:
    """Fill in what follows from the reported keys, in place: ``new`` is not shared yet."""
    new[PRESENCE] = _present(reported, old, around)
    new["battery_status"] = _battery_status(reported)
    TRANSMITTER.keep_last(new, old, around)
    new["audio_path"] = _audio_path(new)


def reported_of(state: State) -> dict[str, object]:
    """What a unit has to report to make this state, as far as it is known: the way back of the fold."""
    reported: dict[str, object] = {key: value for key, value in state.items() if value is not None}
    status = state["battery_status"]
    if status == "warning":
        reported["battery_warning"] = True
    elif status != "external_power":
        reported["battery_runtime_status"] = status
    return reported


def _present(reported: Mapping[str, object], old: State, around: Situation) -> object:
    """On the air, as far as the family's own signs go; unknown until one of them was reported.

    Where the signs disagree the meters decide: a transmitter on external power or with a dead gauge has no bars, and
    one that was switched off may still have some for seconds. A carrier alone is no transmitter: it may be anybody's.
    """
    present = reported.get(PRESENCE)
    if isinstance(present, bool):
        return present
    signs = [key for key in around.presence if key in reported]
    if not signs:
        return None
    found = [key for key in signs if reported[key] is not None]
    if len(found) == len(signs):
        return True
    if found == [] and "transmitter_model" in signs:
        return False
    if reported.get("power_source") == "external" and "transmitter_model" in found:
        return True
    received = reported.get("carrier_received")
    if received is None and (old[PRESENCE] is None or around.heard_at is not None):
        return old[PRESENCE]  # a session begins, and its meters are yet to come
    return received is True


def _battery_status(reported: Mapping[str, object]) -> object:
    if reported.get("power_source") == "external":
        return "external_power"
    return "warning" if reported.get("battery_warning") is True else reported.get("battery_runtime_status")


def _audio_path(new: State) -> str:
    if new[RF_MUTED] is True:  # not received, and not lost
        return "muted"
    if new[PRESENCE] is not True:
        return "unknown" if new[PRESENCE] is None else "no_signal"
    mutes = (new["receiver_muted"], new["transmitter_muted"], new[RF_MUTED])
    if any(mute is True for mute in mutes):
        return "muted"
    return "unknown" if all(mute is None for mute in mutes) else "live"


EDGES: tuple[tuple[str, object, object, EventType], ...] = (
    ("transmitter_present", False, True, "transmitter_on"),
    ("transmitter_muted", False, True, "transmitter_muted"),
    ("transmitter_muted", True, False, "transmitter_unmuted"),
    ("talk_switch", "released", "pressed", "talk_switch_pressed"),
    ("talk_switch", "pressed", "released", "talk_switch_released"),
    ("interference", "none", "detected", "interference_started"),
    ("interference", "detected", "none", "interference_ended"),
    ("interference_2", "none", "detected", "interference_started"),
    ("interference_2", "detected", "none", "interference_ended"),
)
"""Key, from, to, event. A first value is no event."""


def events(old: State, new: State, was: BatteryLevel | None, level: BatteryLevel | None) -> list[Happening]:
    """What happened beside `EDGES`: a transmitter that went, unless somebody put it out of use; its battery."""
    lost = TRANSMITTER.loss(old, new) if not is_put_away(new) else []
    return [*lost, *TRANSMITTER.battery_events(old, new, was, level)]
