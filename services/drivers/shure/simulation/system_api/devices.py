"""No I/O. The devices that a simulated server knows: what they list, have, and tell of.

Models, capabilities and gains of an ADTQ, ANX4, AD8C and SBRC are those of a recorded list; an ADTD is an ADTQ with two
channels, other receivers are an ANX4 with as many channels as they have. Nothing was seen of their gains.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from services.drivers.port import Part

ACTIVITIES = ("LOW", "GOOD", "CLIPPING")
_GENERAL = ("available-firmware", "control-network", "factory-reset", "firmware-update-requests", "identify", "name")
_AUDIO = ("audio-channels", "audio-channels-v2", "audio-network", "authentication", "dante-audio-network")
_PSM = ("activity", "gain", "name")
_RECEIVER = ("activity", "gain", "mute", "name")


@dataclass(frozen=True, slots=True)
class Model:
    """What a model lists."""

    capabilities: tuple[str, ...]
    channels: int = 0
    channel_capabilities: tuple[str, ...] = ()
    gain: tuple[int, int] = (-18, 42)
    short_ids: bool = False
    """The index stands in ``i``, as an ADTQ writes it; else in ``index``."""


MODELS: Mapping[str, Model] = {
    "ADTQ": Model((*_AUDIO, *_GENERAL, "reboot", "uptime"), 4, _PSM, (-20, 16), short_ids=True),
    "ADTD": Model((*_AUDIO, *_GENERAL, "reboot", "uptime"), 2, _PSM, (-20, 16), short_ids=True),
    "ANX4": Model((*_AUDIO, *_GENERAL, "reboot", "uptime"), 12, _RECEIVER),
    "AD4Q": Model((*_AUDIO, *_GENERAL, "reboot", "uptime"), 4, _RECEIVER),
    "ULXD4Q": Model((*_AUDIO, *_GENERAL), 4, _RECEIVER),
    "AD8C": Model(("authentication", *_GENERAL, "reboot", "uptime")),
    "SBRC": Model((*_GENERAL, "reboot", "uptime")),
}
UNIT_FIELDS: Mapping[str, tuple[str, str]] = {
    "name": ("name", "DEVICE_NAME"),
    "identify": ("identifying", "DEVICE_IDENTIFY"),
    "audio-mute": ("muted", "DEVICE_AUDIO_MUTE"),
}
"""Capability -> field of its body, and event."""
CHANNEL_FIELDS: Mapping[str, tuple[str, str]] = {
    "name": ("name", "AUDIO_CHANNEL_NAME"),
    "mute": ("muted", "AUDIO_CHANNEL_MUTE"),
    "gain": ("gain", "AUDIO_CHANNEL_GAIN"),
    "activity": ("audioLevel", "AUDIO_CHANNEL_ACTIVITY"),
}
_KEYS: Mapping[str, str] = {
    "name": "name",
    "identifying": "identify",
    "audio_gain_db": "gain",
    "gain_db": "gain",
    "audio_muted": "mute",
    "receiver_muted": "mute",
    "audio_activity": "activity",
}
"""Key of a reading -> capability."""
_READ_ONLY = frozenset({"activity", "identify"})


@dataclass(slots=True)
class SimChannel:
    """One channel."""

    id: str
    values: dict[str, Any]
    """By capability."""


@dataclass(slots=True)
class Device:
    """One device."""

    device_id: str
    name: str
    model: str
    address: str
    serial: str
    firmware: str = "1.2.1.1"
    state: str = "ONLINE"
    values: dict[str, Any] = field(default_factory=dict)
    channels: list[SimChannel] = field(default_factory=list)

    @property
    def kind(self) -> Model:
        """What its model lists."""
        return MODELS[self.model]

    def node(self) -> dict[str, Any]:
        """As it stands in the list; one that was only discovered tells less."""
        discovered = self.state == "DISCOVERED"
        return {
            "compatibility": "COMPATIBLE_LATEST",
            "deviceState": self.state,
            "hardwareIdentity": {
                "deviceId": self.device_id,
                **({} if discovered else {"serialNumber": self.serial}),
            },
            "softwareIdentity": {
                "model": self.model,
                **({} if discovered else {"firmwareVersion": self.firmware, "firmwareValid": True}),
            },
            "communicationProtocol": {"name": "ESTA.DMP", "address": self.address},
            **({} if discovered else {"capabilities": list(self.kind.capabilities)}),
        }

    def channel(self, channel_id: str) -> SimChannel | None:
        """The channel with this id."""
        return next((channel for channel in self.channels if channel.id == channel_id), None)

    def change(self, part: Part, key: str, value: object) -> tuple[str, str]:
        """Change what a key of a reading stands for; capability, and channel id (empty for the device).

        Raises `KeyError` for what it does not have.
        """
        capability = _KEYS[key]
        if not part.number:
            capability = "audio-mute" if capability == "mute" else capability
            self.values[capability] = _written(capability, value)
            return capability, ""
        channel = self.channels[part.number - 1]
        if capability not in channel.values:
            raise KeyError(f"{self.model} has no {key}")
        channel.values[capability] = _written(capability, value)
        return capability, channel.id

    def patch(self, capability: str, channel: SimChannel | None, value: Any) -> bool:
        """Take a change by PATCH; whether it was one. A gain beyond the range is clamped (a choice of ours)."""
        if capability in _READ_ONLY:
            return False
        values = self.values if channel is None else channel.values
        if type(value) is not type(values[capability]):
            return False
        if capability == "gain":
            least, most = self.kind.gain
            value = min(max(value, least), most)
        values[capability] = value
        return True


def make_device(model: str, number: int, *, address: str, random: Random, device_id: str = "") -> Device:
    """A device with values of its own."""
    kind = MODELS[model]
    values: dict[str, Any] = {"name": f"{model} {number}", "identify": False}
    channels = [_channel(kind, place) for place in range(kind.channels)]
    made = f"dd{random.randrange(0x100000, 0xFFFFFF):06x}-0000-11dd-a000-000eddcccccc"
    serial = f"2EK{random.randrange(10**8):08}"
    return Device(device_id or made, values["name"], model, address, serial, values=values, channels=channels)


def _channel(kind: Model, place: int) -> SimChannel:
    descriptor: dict[str, Any] = {"t": "AudioChannel", "c": "ADTQ", "v": 131088, "s": "CH", "i": place}
    if not kind.short_ids:
        descriptor = {"type": "AudioChannel", "side": ">>>???", "index": place}
    every = {"name": f"Ch {place + 1}", "mute": False, "gain": 0, "activity": "LOW"}
    channel_id = base64.b64encode(json.dumps(descriptor, separators=(",", ":")).encode()).decode()
    return SimChannel(channel_id, {name: every[name] for name in kind.channel_capabilities})


def _written(capability: str, value: object) -> object:
    if capability == "activity":
        return str(value).upper()
    return "" if value is None and capability == "name" else value
