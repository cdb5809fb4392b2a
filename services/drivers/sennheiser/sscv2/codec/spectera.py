"""What one Spectera base station reported: a channel for each mobile device that is paired with it.

The numbers of channels are those of the unit (``mtUid``) and one more, for it counts from 0 elsewhere, so that a device
keeps its number when another one is unpaired. Source: docs/protocols/sennheiser-sscv2.md#spectera
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from services.drivers.port import UNIT, Part, Reading
from services.drivers.sennheiser.sscv2.codec.controls import Control
from services.drivers.sennheiser.sscv2.codec.meters import ChannelMeters
from services.drivers.sennheiser.sscv2.codec.resources import PRESENT, RUNTIME_STATUS, UNIT_RESOURCES
from services.drivers.sennheiser.sscv2.codec.values import (
    Field,
    Values,
    below,
    flag,
    megahertz,
    number,
    read,
    reading,
    text,
    whole,
    word,
)
from services.model import in_words

MOBILES: Final = "/api/mts/paired/all"
RF_CHANNELS: Final = "/api/rf/channels"
FANS: Final = tuple(f"/api/health/fan/FAN_{fan}/errorstate" for fan in (1, 2, 3))

_NO_SERIAL = "0000000000"
"""Of a device that is being paired; it has another one soon."""
_MINUTES_MOST = 6000
_UID_MOST = 9_999

_PSU = word({"Connected": "connected", "Unconnected": "unconnected", "Disconnected": "unconnected"})
_STATE = word({name.capitalize(): name for name in ("connected", "disconnected", "syncing", "sleeping", "updating")})
_SEVERITY = word({"None": "none", "Low": "low", "Mid": "medium", "Medium": "medium", "High": "high"})


def _percent(value: object) -> int | None:
    """A charge; -1 while the device is off."""
    return None if value == -1 else whole(0, 100)(value)  # type: ignore[return-value]


def _minutes(value: object) -> int | None:
    """A run time; -1 while the device is off."""
    return None if value == -1 else whole(0, _MINUTES_MOST)(value)  # type: ignore[return-value]


def _rssi(value: object) -> float | None:
    return number(value, -200, 200)


def _disturbed(value: object) -> str | None:
    severity = below("severity", _SEVERITY)(value)
    return None if severity is None else "none" if severity == "none" else "detected"


UNIT_FIELDS: Mapping[str, Sequence[Field]] = {
    "/api/device/identity": UNIT_RESOURCES["/api/device/identity"],
    "/api/device/site": UNIT_RESOURCES["/api/device/site"],
    "/api/device/state": UNIT_RESOURCES["/api/device/state"],
    "/api/health/psu": (Field("psu1", "psu_1", _PSU), Field("psu2", "psu_2", _PSU)),
    "/api/health/tempstateoverall": (
        Field("value", "temperature_status", word({"Normal": "normal", "Warning": "warning", "Critical": "critical"})),
    ),
}

MOBILE_FIELDS: Sequence[Field] = (
    Field("name", "name", text),
    Field("type", "transmitter_model", text),
    Field("serial", "transmitter_id", text),
    Field("version", "transmitter_firmware", text),
    Field("batteryFillLevel", "battery_percent", _percent),
    Field("batteryRuntime", "battery_runtime_minutes", _minutes),
    Field("batteryLow", "battery_warning", flag),
    Field("state", "mobile_state", _STATE),
    Field("micAudiolinkActive", "mic_link_active", flag),
    Field("micLqi", "mic_link_quality", whole(-1, 100)),
    Field("iemAudiolinkActive", "iem_link_active", flag),
    Field("iemLqi", "iem_link_quality", whole(-1, 100)),
    Field("rssi", "rssi", _rssi),
    Field("interference", "interference", _disturbed),
    Field("interference", "interference_severity", below("severity", _SEVERITY)),
)
_SENT = (
    "transmitter_model",
    "transmitter_id",
    "transmitter_firmware",
    "battery_percent",
    "battery_runtime_minutes",
    "battery_warning",
    RUNTIME_STATUS,
)
"""What is known only while the device is connected."""

UNIT_KEYS = {field.key for fields in UNIT_FIELDS.values() for field in fields}
MOBILE_KEYS = {field.key for field in MOBILE_FIELDS} | {"frequency_mhz", "rf_active"}

_RF_FIELDS = (
    Field("frequency", "frequency_mhz", megahertz),
    Field("rfState", "rf_active", word({"RfActive": "on", "RfMuted": "off"})),
)


class SpecteraState:
    """The newest of every key of one base station; of the shape of `codec.family.UnitState`."""

    def __init__(self) -> None:
        self.strange: list[tuple[str, str]] = []
        self.wanted: list[str] = []
        self.meters: Mapping[Part, ChannelMeters] = {}
        self.controls: Mapping[str, Control] = {}
        self.required = frozenset({MOBILES})
        self._unit: dict[str, object] = {}
        self._mobiles: dict[Part, dict[str, object]] = {}
        self._on_channel: dict[Part, object] = {}
        """The RF channel of each mobile device."""
        self._rf: dict[object, dict[str, object]] = {}
        self._fans: dict[str, bool] = {}

    @property
    def parts(self) -> Sequence[Part]:
        """The mobile devices that are paired."""
        return sorted(self._mobiles)

    @property
    def asked(self) -> Sequence[str]:
        """Resources of a complete read."""
        return [*UNIT_FIELDS, *FANS, RF_CHANNELS, MOBILES]

    @property
    def followed(self) -> Sequence[Sequence[str]]:
        """Resources whose changes are wanted."""
        own = [path for path in (*UNIT_FIELDS, *FANS) if path != "/api/device/identity"]
        return [[MOBILES], [RF_CHANNELS], own[:4], own[4:]]

    def instead_of(self, path: str) -> Sequence[Sequence[str]]:
        """Nothing."""
        return ()

    def fast(self, part: Part) -> Sequence[str]:
        """Levels belong to sockets of the base station, not to its mobile devices."""
        return ()

    def shows(self, part: Part) -> tuple[str, str] | None:
        """Nothing that is known."""
        return None

    def meter(self, path: str, value: object) -> bool | None:
        """No resource is a meter."""
        return None

    def take(self, path: str, value: object) -> list[Reading] | None:
        """Merge the value of a resource; ``None`` where there is no such one."""
        if path in UNIT_FIELDS:
            self._unit |= (values := read(path, UNIT_FIELDS[path], value, self.strange))
            return [reading(UNIT, values)] if values else []
        if path in FANS:
            return self._fan(path, value)
        if path == MOBILES:
            return self._paired(value)
        if path == RF_CHANNELS:
            return [each for uid, item in self._items("rfChannelId", value) for each in self._radio(uid, item)]
        found = re.fullmatch(rf"({MOBILES}|{RF_CHANNELS})/(\d{{1,6}})", path)
        if found is None:
            return None
        return (self._mobile if found[1] == MOBILES else self._radio)(int(found[2]), value)

    def lacking(self, path: str, status: int) -> list[Reading]:
        """A resource was asked for in vain: what it gave before is no longer known."""
        return self.take(path, None) or [] if path in UNIT_FIELDS else []

    def value(self, part: Part, key: str) -> object:
        """What is known of one key."""
        return (self._unit if part == UNIT else self._mobiles.get(part, {})).get(key)

    def everything(self) -> list[Reading]:
        """All that is known of the base station and its mobile devices."""
        mobiles = [reading(part, values, whole=True) for part, values in sorted(self._mobiles.items())]
        return [reading(UNIT, self._unit, whole=True), *mobiles]

    # -- inside ------------------------------------------------------------------------------------------------

    def _items(self, name: str, value: object) -> list[tuple[int, object]]:
        """The items of a whole list by their number, or one item alone, which changed."""
        items = []
        for item in value if isinstance(value, list) else [value]:
            uid = item.get(name) if isinstance(item, dict) else None
            if isinstance(uid, int) and not isinstance(uid, bool):
                items.append((uid, item))
            else:
                self.strange.append((name, in_words(item)))
        return items

    def _paired(self, value: object) -> list[Reading]:
        """Mobile devices. A whole list leaves out those that were unpaired."""
        items = self._items("mtUid", value)
        readings = [each for uid, item in items for each in self._mobile(uid, item)]
        named = {uid for uid, _ in items}
        gone = [part for part in self._mobiles if part.number - 1 not in named] if isinstance(value, list) else []
        return [*readings, *(each for part in gone for each in self._mobile(part.number - 1, None))]

    def _mobile(self, uid: int, value: object) -> list[Reading]:
        if not 0 <= uid < _UID_MOST:
            self.strange.append(("mtUid", str(uid)))
            return []
        part = Part(uid + 1)
        if value is None:  # unpaired: nothing of it is known, and the next complete read leaves it out
            known = self._mobiles.pop(part, {})
            return [reading(part, {**dict.fromkeys(known), PRESENT: False})] if known else []
        if not isinstance(value, dict):
            self.strange.append((MOBILES, in_words(value)))
            return []
        if part not in self._mobiles and value.get("serial", _NO_SERIAL) in {None, "", _NO_SERIAL}:
            if value != {}:
                return []  # it is being paired
            self.wanted.append(MOBILES)
            return []
        if "rfChannelId" in value:
            self._on_channel[part] = value["rfChannelId"]
        values = read(MOBILES, MOBILE_FIELDS, value, self.strange)
        known = self._mobiles.setdefault(part, {})
        if "mobile_state" in values:
            values[PRESENT] = None if values["mobile_state"] is None else values["mobile_state"] == "connected"
        known.update(values)
        known.update(changed := self._settled(part, known) | self._tuned(part))
        return [reading(part, {**values, **changed})]

    def _settled(self, part: Part, known: Values) -> dict[str, object]:
        """Without a connection nothing of the device's own is current."""
        if known.get(PRESENT) is not True:
            return dict.fromkeys(_SENT)
        timed = known.get("battery_runtime_minutes") is not None
        return {RUNTIME_STATUS: "ok" if timed else "not_reported"}

    def _tuned(self, part: Part) -> dict[str, object]:
        radio = self._rf.get(self._on_channel.get(part), {})
        return {"frequency_mhz": radio.get("frequency_mhz"), "rf_active": radio.get("rf_active")}

    def _radio(self, uid: int, value: object) -> list[Reading]:
        values = read(RF_CHANNELS, _RF_FIELDS, value, self.strange)
        if "rf_active" in values:
            values["rf_active"] = {"on": True, "off": False}.get(str(values["rf_active"]))
        self._rf.setdefault(uid, {}).update(values)
        readings = []
        for part, known in self._mobiles.items():
            if self._on_channel.get(part) == uid:
                known.update(tuned := self._tuned(part))
                readings.append(reading(part, tuned))
        return readings

    def _fan(self, path: str, value: object) -> list[Reading]:
        state = value.get("errorState", value) if isinstance(value, dict) else None
        fault = state.get("value") if isinstance(state, dict) else None
        if isinstance(fault, bool):
            self._fans[path] = fault
        else:
            self._fans.pop(path, None)
        faults = [each.split("/")[4] for each in sorted(self._fans) if self._fans[each]]
        values: Values = {"fan_faults": faults if self._fans else None}
        self._unit |= values
        return [reading(UNIT, values)]
