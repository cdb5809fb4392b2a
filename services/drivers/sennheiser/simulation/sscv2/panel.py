"""The front panel of a simulated EW-DX receiver, and its transmitters: what people do, and what it tells of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.drivers.sennheiser.simulation.sscv2.receiver import Receiver
from services.drivers.sennheiser.simulation.sscv2.sessions import TRANSMITTERS
from services.model import Part

METERS = ("signalStrengthIndicator", "signalQualityIndicator", "diversityIndicator", "level")

Told = list[Mapping[str, object]]


class ReceiverPanel:
    """Of one receiver; of the shape of `unit.Panel`."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._names = [channel.name for channel in receiver.channels]

    def change(self, part: Part, key: str, value: object) -> Told:
        """Change a value by its key."""
        told = self._change(part, key, value)
        if key == "name" and part.number:
            self._names[part.number - 1] = str(value)
        return told

    def fault(self, name: str) -> Told:
        """What a fault makes of the receiver, and its end takes back."""
        told = self._change(Part(0), "device_state", "Busy" if name == "busy" else "Normal")
        for number, own in enumerate(self._names, 1):
            told += self._change(Part(number), "name", "" if name == "blank_name" else own)
            told += self._change(Part(number), "transmitter_present", name != "transmitter_off")
        return told

    def step(self, seconds: float, drain_per_hour: float) -> Told:
        """Let time pass for the transmitters."""
        told: Told = []
        for number, channel in enumerate(self._receiver.channels):
            before = {path: self._receiver.read(path) for path in _moving(number)}
            was_on = channel.transmitter.on
            channel.transmitter.step(seconds, drain_per_hour)
            told += self._switched(number, was_on=was_on)
            told += self._now([path for path, was in before.items() if self._receiver.read(path) != was])
        return told

    def _change(self, part: Part, key: str, value: Any) -> Told:
        if part.number == 0:
            path, change = _OF_UNIT[key]
            change(self._receiver, value)
            return self._now([path])
        channel = self._receiver.channels[part.number - 1]
        where, change = _OF_CHANNEL[key]
        was_on = channel.transmitter.on
        change(channel, value)
        if key == "transmitter_present":
            return self._switched(part.number - 1, was_on=was_on)
        return self._now([path.format(part.number - 1) for path in where])

    def _switched(self, number: int, *, was_on: bool) -> Told:
        """A transmitter came (``{}``, then what it has) or went (null)."""
        on, place = self._receiver.channels[number].transmitter.on, f"{TRANSMITTERS}/{number}"
        if on == was_on:
            return []
        own = [place, f"{place}/battery", f"{place}/warnings"]
        return [
            {place: {}} if on else dict.fromkeys(own),
            *self._now([f"/api/channel/{number}/warnings", *(own if on else ())]),
            *self._now([f"/api/channel/{number}/{meter}" for meter in METERS]),
        ]

    def _now(self, paths: Sequence[str]) -> Told:
        """A notification of what these resources have, as far as they are there."""
        found = {path: self._receiver.read(path) for path in paths}
        there = {path: value for path, (status, value) in found.items() if status == 200}  # noqa: PLR2004 - OK
        return [there] if there else []


def _moving(number: int) -> list[str]:
    return [
        *(f"/api/channel/{number}/{meter}" for meter in METERS),
        f"{TRANSMITTERS}/{number}/battery",
        f"{TRANSMITTERS}/{number}/warnings",
    ]


def _put(name: str, convert: Callable[[Any], object] = lambda value: value) -> Callable[[Any, Any], None]:
    return lambda target, value: setattr(target, name, convert(value))


def _of_transmitter(name: str) -> Callable[[Any, Any], None]:
    return lambda channel, value: setattr(channel.transmitter, name, value)


def _switch(channel: Any, value: Any) -> None:
    channel.transmitter.on = bool(value)
    if value and channel.transmitter.charge == 0.0:
        channel.transmitter.charge = 100.0  # who switches it on again has put in a new battery


_CHANNEL, _BATTERY = "/api/channel/{}", "/api/transmitters/{}/battery"
_OF_UNIT = {"name": ("/api/device/site", _put("name")), "device_state": ("/api/device/state", _put("state"))}
_OF_CHANNEL: dict[str, tuple[tuple[str, ...], Callable[[Any, Any], None]]] = {
    "name": ((_CHANNEL,), _put("name", str)),
    "receiver_muted": ((_CHANNEL,), _put("mute", bool)),
    "gain_db": ((_CHANNEL,), _put("gain", int)),
    "output_level_db": ((_CHANNEL,), _put("output_level", int)),
    "frequency_mhz": (("/api/rf/channels/{}",), _put("frequency", lambda mhz: round(float(mhz) * 1000))),
    "warnings": (("/api/channel/{}/warnings",), _put("warnings", list)),
    "transmitter_present": ((), _switch),
    "transmitter_muted": (("/api/transmitters/{}",), _of_transmitter("muted")),
    "battery_percent": ((_BATTERY, "/api/transmitters/{}/warnings"), _of_transmitter("charge")),
    "battery_source": ((_BATTERY,), _of_transmitter("kind")),
    "rf_dbm": (("/api/channel/{}/signalStrengthIndicator",), _of_transmitter("strength")),
    "audio_peak_dbfs": (("/api/channel/{}/level",), _of_transmitter("voice")),
    "quality_percent": (("/api/channel/{}/signalQualityIndicator",), _of_transmitter("quality")),
}
"""Key -> the resources that tell of it, and what changes it."""
