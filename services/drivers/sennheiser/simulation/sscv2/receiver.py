"""The resources of a simulated EW-DX receiver: what they have, and what a write makes of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.drivers.sennheiser.simulation.sscv2.sessions import TRANSMITTERS
from services.drivers.sennheiser.simulation.sscv2.transmitter import Transmitter

OK, BAD, NOT_FOUND, METHOD, CONFLICT, UNPROCESSABLE = 200, 400, 404, 405, 409, 422
RANGES = [{"start": 470_200, "end": 550_000, "stepSize": 25}]
"""Of the band Q1-9."""
_NAME = re.compile(r"[ #*+,\-;/<=|>0-9A-Z]{0,8}\Z")
_NAME_MOST = 8

Check = Callable[[Any], bool]


def _integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _stepped(low: int, high: int, step: int) -> Check:
    return lambda value: _integer(value) and low <= value <= high and value % step == 0


def _tuned(value: Any) -> bool:
    return any(each["start"] <= value <= each["end"] and value % each["stepSize"] == 0 for each in RANGES)


@dataclass
class Channel:
    """One channel with its transmitter."""

    name: str
    frequency: int
    transmitter: Transmitter
    mute: bool = False
    gain: int = 0
    output_level: int = 0
    identifies: bool = False
    warnings: list[str] = field(default_factory=list)

    def warned(self) -> list[str]:
        """What the channel warns of now."""
        return [*(["NoLink"] if not self.transmitter.on else []), *self.warnings]


class Receiver:
    """One receiver."""

    def __init__(self, product: str, serial: str, channels: list[Channel]) -> None:
        self.product = product
        self.serial = serial
        self.channels = channels
        self.name = "EW-DX"
        self.state = "Normal"
        self.identifies = False
        self.refuses = False

    # -- reading -----------------------------------------------------------------------------------------------

    def read(self, path: str) -> tuple[int, object]:
        """The answer to a GET."""
        if path in (fixed := self._fixed()):
            return OK, fixed[path]
        if path == TRANSMITTERS:
            linked = [(number, each.transmitter) for number, each in enumerate(self.channels) if each.transmitter.on]
            return OK, [{"id": number, "transmitter": each.settings()} for number, each in linked]
        found = re.fullmatch(r"/api/(channel|rf/channels|transmitters)/(\d+)(?:/(\w+))?", path)
        if found is None or int(found[2]) >= len(self.channels):
            return NOT_FOUND, {"path": path, "error": NOT_FOUND}
        channel = self.channels[int(found[2])]
        if found[1] == "transmitters" and not channel.transmitter.on:
            return UNPROCESSABLE, {"path": path, "error": UNPROCESSABLE}
        parts = self._parts(channel)[found[1]]
        if (found[3] or "") not in parts:
            return NOT_FOUND, {"path": path, "error": NOT_FOUND}
        return OK, parts[found[3] or ""]

    def current(self, path: str) -> Mapping[str, object]:
        """A resource and, of the list of transmitters, what stands below it; nothing where it is not there."""
        status, value = self.read(path)
        if status != OK:
            return {}
        below = [
            f"{TRANSMITTERS}/{number}/{each}"
            for number, channel in enumerate(self.channels)
            if path == TRANSMITTERS and channel.transmitter.on
            for each in ("battery", "warnings")
        ]
        return {path: value} | {each: self.read(each)[1] for each in below}

    def _fixed(self) -> dict[str, object]:
        return {
            "/api/ssc/version": {"protocol": "2.3", "schema": "1.7"},
            "/api/device/identity": {
                "product": self.product,
                "serial": self.serial,
                "vendor": "Sennheiser electronic SE & Co. KG",
                "hardwareRevision": "2",
            },
            "/api/device/site": {"deviceName": self.name, "location": "Stage left", "position": "Rack 1"},
            "/api/device/state": {"state": self.state, "warnings": []},
            "/api/device/identification": {"visual": self.identifies},
            "/api/firmware/update/state": {
                "state": "Idle",
                "progress": 0,
                "lastStatus": "",
                "deviceVersion": "4.0.1",
                "danteVersion": "1.3.0" if self.product.endswith("DS") else "",
            },
            "/api/rf": {"code": "Q1-9", "ranges": RANGES},
            "/api/rf/transmission": {"mode": "Standard", "presetSpacing": 600},
            "/api/rf/encryption": {"enabled": False},
            "/api/ssc/legacyMode": {"enabled": False},
        }

    def _parts(self, channel: Channel) -> dict[str, dict[str, object]]:
        number = self.channels.index(channel) + 1
        meters: dict[str, object] = {name: {"value": value} for name, value in channel.transmitter.meters().items()}
        own = {"name": channel.name, "mute": channel.mute, "gain": channel.gain, "outputLevel": channel.output_level}
        return {
            "channel": {
                "": {**own, "mates": [f"TX{number}"], "audio": [f"Out{number}"]},
                "warnings": channel.warned(),
                "identify": {"enabled": channel.identifies},
                **meters,
            },
            "rf/channels": {"": {"frequency": channel.frequency, "presets": {"type": "None"}}},
            "transmitters": {
                "": channel.transmitter.settings(),
                "battery": channel.transmitter.battery(),
                "warnings": channel.transmitter.warnings(),
            },
        }

    # -- writing -----------------------------------------------------------------------------------------------

    def write(self, path: str, body: object) -> tuple[int, object, list[str]]:
        """The answer to a PUT, and the resources that it changed."""
        found = re.fullmatch(r"/api/(channel|rf/channels)/(\d+)(/frequency|/identify)?", path)
        channel = self.channels[int(found[2])] if found and int(found[2]) < len(self.channels) else None
        if path == "/api/device/identification":
            return self._put(path, body, self, {"visual": ("identifies", lambda value: isinstance(value, bool))}, path)
        if channel is None or found is None:
            known = self.read(path)[0] == OK
            return (METHOD if known else NOT_FOUND), {"path": path, "error": NOT_FOUND}, []
        resource = path.removesuffix("/frequency")
        takes = _TAKEN.get((found[1], found[3] or ""))
        if takes is None:
            return METHOD, None, []
        return self._put(path, body, channel, takes, resource)

    def _put(
        self, path: str, body: object, target: object, takes: Mapping[str, tuple[str, Check]], resource: str
    ) -> tuple[int, object, list[str]]:
        """Unknown properties are 400, values that do not fit 422, and then nothing of it is taken."""
        if not isinstance(body, dict) or not body or not body.keys() <= takes.keys():
            return BAD, {"path": path, "error": BAD}, []
        if self.state == "Busy":
            return CONFLICT, {"path": path, "error": CONFLICT}, []
        if self.refuses or not all(takes[name][1](value) for name, value in body.items()):
            return UNPROCESSABLE, {"path": path, "error": UNPROCESSABLE}, []
        for name, value in body.items():
            setattr(target, takes[name][0], value)
        return OK, None, [resource]


_TAKEN: Mapping[tuple[str, str], Mapping[str, tuple[str, Check]]] = {
    ("channel", ""): {
        "name": ("name", lambda value: isinstance(value, str) and _NAME.match(value) is not None),
        "mute": ("mute", lambda value: isinstance(value, bool)),
        "gain": ("gain", _stepped(-3, 42, 3)),
        "outputLevel": ("output_level", _stepped(-24, 18, 6)),
    },
    ("channel", "/identify"): {"enabled": ("identifies", lambda value: isinstance(value, bool))},
    ("rf/channels", "/frequency"): {"frequency": ("frequency", lambda value: _integer(value) and _tuned(value))},
}
"""What can be written: property -> where it goes, and whether a value fits."""
