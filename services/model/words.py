"""Closed lists of words that stand in more than one kind of payload."""

from __future__ import annotations

from typing import Final, Literal

AvailabilityState = Literal["online", "offline"]

AvailabilityReason = Literal[
    "connecting",
    "never_seen",
    "refused",
    "local_port_unavailable",
    "control_blocked",
    "timeout",
    "silent",
    "closed_by_device",
    "reset_by_device",
    "wrong_model",
    "identity_conflict",
    "auth_failed",
    "removed",
    "bridge_stopped",
]

EventType = Literal[
    "transmitter_on",
    "transmitter_lost",
    "transmitter_muted",
    "transmitter_unmuted",
    "talk_switch_pressed",
    "talk_switch_released",
    "battery_replace",
    "battery_critical",
    "battery_recovered",
    "interference_started",
    "interference_ended",
    "audio_overload",
    "alert_raised",
    "alert_cleared",
    "online",
    "offline",
    "settings_changed",
    "identity_conflict",
    "device_inserted",
    "device_removed",
    "charge_complete",
    "bay_fault",
    "beltpack_connected",
    "beltpack_lost",
]

Status = Literal[
    "offline",
    "stale",
    "fault",
    "lost",
    "critical",
    "interference",
    "replace",
    "muted",
    "good",
    "idle",
    "unknown",
]

NEEDS_ATTENTION: Final[tuple[Status, ...]] = ("fault", "lost", "critical", "interference", "replace")
"""Words of a channel's status with which somebody should look at the microphone. A receiver that is off is another
matter: its channels are ``offline``, all at once.
"""

IemChannelStatus = Literal["offline", "stale", "fault", "rf_muted", "on_air", "unknown"]

BayStatus = Literal["offline", "stale", "fault", "charging", "full", "empty", "unknown"]

BeltpackStatus = Literal["offline", "stale", "lost", "critical", "replace", "charging", "good", "idle", "unknown"]

Source = Literal["config", "command", "discovery"]
