"""What can be changed at a simulated unit by the names of the product's keys, as its user would change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.drivers.sennheiser.simulation.iem import MonitorTransmitter
from services.drivers.sennheiser.simulation.receiver import Receiver

KHZ = 1000
Setter = Callable[[Any, Any], object]


def _put(word: str, attribute: str, convert: Callable[[Any], object] = lambda value: value) -> Setter:
    return lambda panel, value: panel.put(word, attribute, convert(value))


def _switch_microphone(panel: Receiver, value: Any) -> None:
    panel.microphone.on = bool(value)
    if panel.microphone.on and panel.microphone.charge == 0.0:
        panel.microphone.charge = 100.0  # who switches it on again has put in a new battery


def _mute_microphone(panel: Receiver, value: Any) -> None:
    panel.microphone.muted = bool(value)


def _charge(panel: Receiver, value: Any) -> None:
    panel.microphone.charge = float(value)


def _strength(panel: Receiver, value: Any) -> None:
    panel.microphone.strength = float(value)


_BOTH: Mapping[str, Setter] = {
    "name": _put("Name", "name", str),
    "frequency_mhz": lambda panel, value: panel.retune(round(float(value) * KHZ)),
}
_EQUALIZERS = ("flat", "low_cut", "low_cut_high_boost", "high_boost")

SETTERS: Mapping[type[object], Mapping[str, Setter]] = {
    Receiver: {
        **_BOTH,
        "receiver_muted": _put("Mute", "mute", int),
        "gain_db": _put("AfOut", "af_out", int),
        "squelch_db": _put("Squelch", "squelch", int),
        "equalizer": _put("Equalizer", "equalizer", _EQUALIZERS.index),
        "transmitter_present": _switch_microphone,
        "transmitter_muted": _mute_microphone,
        "battery_percent": _charge,
        "rf_percent": _strength,
    },
    MonitorTransmitter: {
        **_BOTH,
        "rf_muted": _put("Mute", "mute", int),
        "sensitivity_db": _put("Sensitivity", "sensitivity", int),
        "audio_mode": _put("Mode", "mode", ("mono", "stereo").index),
    },
}
"""Kind of unit -> key -> what changes it."""
