"""A simulated Spectera base station: its resources, its mobile devices, and what people do with them.

What is known stands in others' programs alone, so this plays what those expect.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from services.model import Part

OK, NOT_FOUND, METHOD = 200, 404, 405
MOBILES, RF = "/api/mts/paired/all", "/api/rf/channels"
MINUTES_FULL = 420
LOW = 10


@dataclass
class Mobile:
    """One mobile device, a pocket or a hand transmitter."""

    uid: int
    kind: str
    name: str
    serial: str
    state: str = "Connected"
    charge: float = 100.0
    severity: str = "None"
    more: dict[str, object] = field(default_factory=dict)

    def resource(self) -> dict[str, object]:
        """What the unit tells of it."""
        on = self.state == "Connected"
        own: dict[str, object] = {
            "mtUid": self.uid,
            "type": self.kind,
            "name": self.name,
            "serial": self.serial,
            "rfChannelId": 0,
            "identify": False,
            "sleep": self.state == "Sleeping",
            "state": self.state,
            "version": "1.4.1",
            "batteryFillLevel": round(self.charge) if on else -1,
            "batteryRuntime": round(self.charge * MINUTES_FULL / 100) if on else -1,
            "batteryLow": on and self.charge < LOW,
            "micAudiolinkId": self.uid,
            "micAudiolinkActive": on,
            "micLqi": 5 if on else 0,
            "interference": {"severity": self.severity},
            "rssi": -52,
        }
        if self.kind == "SEK":
            own |= {"iemAudiolinkId": self.uid, "iemAudiolinkActive": on, "iemLqi": 5 if on else 0}
        return own | self.more


class BaseStation:
    """One base station; of the shapes of `unit.Resources` and `unit.Panel`."""

    def __init__(self, serial: str, random: Random, mobiles: Sequence[Mobile]) -> None:
        self.product = "Spectera-Base-Station"
        self.serial = serial
        self.refuses = False
        self.name = "SPECTERA"
        self.state = "Normal"
        self.frequencies = [474_000, 610_000]
        self.mobiles = {mobile.uid: mobile for mobile in mobiles}
        self._names = {mobile.uid: mobile.name for mobile in mobiles}

    # -- resources ---------------------------------------------------------------------------------------------

    def read(self, path: str) -> tuple[int, object]:
        """The answer to a GET."""
        fixed: dict[str, object] = {
            "/api/ssc/version": {"protocol": "2.3", "schema": "18.1"},
            "/api/device/identity": {
                "product": self.product,
                "serial": self.serial,
                "vendor": "Sennheiser",
                "hardwareRevision": "1",
            },
            "/api/device/site": {"deviceName": self.name, "location": "FOH", "position": "Rack 2"},
            "/api/device/state": {"state": self.state, "warnings": []},
            "/api/health/psu": {"psu1": "Connected", "psu2": "Unconnected"},
            "/api/health/tempstateoverall": {"value": "Normal"},
            **{f"/api/health/fan/FAN_{fan}/errorstate": {"value": False} for fan in (1, 2, 3)},
            RF: [
                {"rfChannelId": number, "frequency": khz, "txPower": 50, "rfState": "RfActive"}
                for number, khz in enumerate(self.frequencies)
            ],
            MOBILES: [mobile.resource() for mobile in self.mobiles.values()],
        }
        if path in fixed:
            return OK, fixed[path]
        found = re.fullmatch(rf"{MOBILES}/(\d+)", path)
        if found is not None and int(found[1]) in self.mobiles:
            return OK, self.mobiles[int(found[1])].resource()
        return NOT_FOUND, {"path": path, "error": NOT_FOUND}

    def current(self, path: str) -> Mapping[str, object]:
        """A resource; nothing where it is not there."""
        status, value = self.read(path)
        return {path: value} if status == OK else {}

    def write(self, path: str, body: object) -> tuple[int, object, list[str]]:
        """Nothing that is known well enough to be written."""
        return METHOD, None, []

    # -- people ------------------------------------------------------------------------------------------------

    def change(self, part: Part, key: str, value: Any) -> list[Mapping[str, object]]:
        """Change a value by its key."""
        if part.number == 0:
            attribute = {"name": "name", "device_state": "state"}[key]
            setattr(self, attribute, value)
            path = "/api/device/site" if key == "name" else "/api/device/state"
            return [{path: self.read(path)[1]}]
        if key == "frequency_mhz":
            self.frequencies[0] = round(float(value) * 1000)
            return [{RF: {"rfChannelId": 0, "frequency": self.frequencies[0]}}]
        uid = part.number - 1
        if key == "paired":
            if not value:
                del self.mobiles[uid]
                return [{f"{MOBILES}/{uid}": None}]
            self.mobiles[uid] = Mobile(uid, "SKM", str(value), f"{uid:010}")
            return [{f"{MOBILES}/{uid}": {}}, self._told(uid)]
        if key == "name":
            self._names[uid] = str(value)
        return self._set(uid, key, value)

    def fault(self, name: str) -> list[Mapping[str, object]]:
        """What a fault makes of the base station, and its end takes back."""
        told = self.change(Part(0), "device_state", "Busy" if name == "busy" else "Normal")
        for uid in self.mobiles:
            told += self._set(uid, "name", "" if name == "blank_name" else self._names.get(uid, ""))
            told += self._set(uid, "transmitter_present", name != "transmitter_off")
        return told

    def step(self, seconds: float, drain_per_hour: float) -> list[Mapping[str, object]]:
        """Let time pass for the mobile devices."""
        told: list[Mapping[str, object]] = []
        for mobile in self.mobiles.values():
            before = mobile.resource()
            if mobile.state == "Connected":
                mobile.charge = max(0.0, mobile.charge - drain_per_hour * seconds / 3600)
                mobile.state = "Connected" if mobile.charge else "Disconnected"
            if mobile.resource() != before:
                told.append(self._told(mobile.uid))
        return told

    def _set(self, uid: int, key: str, value: Any) -> list[Mapping[str, object]]:
        mobile = self.mobiles[uid]
        if key == "transmitter_present":
            mobile.state = "Connected" if value else "Disconnected"
        else:
            attribute = {
                "name": "name",
                "battery_percent": "charge",
                "mobile_state": "state",
                "interference_severity": "severity",
            }[key]
            setattr(mobile, attribute, value)
        return [self._told(uid)]

    def _told(self, uid: int) -> Mapping[str, object]:
        return {f"{MOBILES}/{uid}": self.mobiles[uid].resource()}
