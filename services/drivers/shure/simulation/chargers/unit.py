"""No I/O. One simulated Shure charger: what it holds, what it answers, what it reports unasked.

Written from docs/protocols.md#chargers. Where no document decides, this file chose: a name of more than eight signs is
refused, FLASH ends by itself after 30 s, BATT_MODULE_TYPE is refused by models without modules, a bay whose module is
missing reports no battery (or nothing at all, with ``silent_modules``), NET_SETTINGS cannot be set and is in no dump.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from services.drivers.shure.simulation.chargers.batteries import NAMES, SETTLE_S, STORAGE, Battery, empty_bay

FLASH_S = 30.0
NAME_LIMIT = 8
BYTE_DIGITS = 3
ERROR = b"< REP ERR >"
_REQUEST = re.compile(r"(GET|SET) (?:(\d{1,2}) )?([A-Z][A-Z0-9_]*)(?: (.+))?")
_NAME = re.compile(r"\{([A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`~ ]*)\}")
"""Signs that SET DEVICE_ID takes."""
_DUMPED = ("MODEL", "FW_VER", "DEVICE_ID", "FLASH", "STORAGE_MODE")
"""The order is that of a real SBC220."""
_MODULE = "BATT_MODULE_TYPE"
_BAYS_PER_MODULE = 2

FieldAddress = tuple[int, str]
"""Bay or module (0 is the unit) and name of a property."""

_STATES: Mapping[object, str] = {
    "charging": "NORMAL",
    "storing": "NORMAL",
    "full": "FULL",
    "calculating": "CALCULATING",
    "precharging": "PRECHARGE",
    "warm": "WARM",
    "hot": "HOT",
    "cold": "COLD",
    "stored": "READY_TO_STORE",
    "discharging": "DISCHARGING",
}
_ERRORS: tuple[str | None, ...] = (
    None,
    "unknown_module",
    "unknown_battery",
    "deep_discharge_recovery_failed",
    "charge_failed",
    "check_battery",
    "check_charger",
    "communication_failure",
)
_TEXTS: Mapping[str, tuple[str, int]] = {
    "battery_bars": ("BATT_BARS", 3),
    "battery_health_percent": ("BATT_HEALTH", 3),
    "time_to_full_minutes": ("BATT_TIME_TO_FULL", 5),
    "charged_mah": ("BATT_CURRENT_CAPACITY", 5),
    "capacity_mah": ("BATT_CURRENT_CAPACITY_MAX", 5),
    "new_capacity_mah": ("BATT_CAPACITY_MAX", 5),
    "battery_cycles": ("BATT_CYCLE", 5),
}
"""Keys that are reported as they are set; ``None`` becomes the code for unknown."""


class RefusedError(Exception):
    """The unit answers REP ERR."""


@dataclass(slots=True)
class Answer:
    """What a request brings about."""

    replies: list[bytes] = field(default_factory=list)
    """To who asked."""
    reports: list[bytes] = field(default_factory=list)
    """To everyone who is connected."""
    refused: bool = False
    flashes: bool = False
    reboots: bool = False


@dataclass(slots=True)
class Charger:
    """The state of one unit. ``modules`` are codes of BATT_MODULE_TYPE by module, none for a model without modules."""

    model: str
    bays: dict[int, Battery | None]
    device_id: str
    mac: str
    host: str
    firmware: str = "1.4.53.0"
    modules: dict[int, int] = field(default_factory=dict)
    silent_modules: bool = False
    error_is_255: bool = False
    """As somebody saw on firmware 1.4.7.0: BATT_ERROR is 255 with a healthy battery too."""
    update_failed: bool = False
    storage: bool = False
    flashing: bool = False
    overridden: dict[FieldAddress, str] = field(default_factory=dict)
    """Texts that are reported whatever stands there, for tests."""

    # -- what it shows -----------------------------------------------------------------------------------------

    def shown(self) -> dict[FieldAddress, str]:
        """Every property in the order of a dump, as on the wire; NET_SETTINGS is in none."""
        texts: dict[FieldAddress, str] = {(0, name): self._unit_text(name) for name in _DUMPED}
        for bay, battery in self.bays.items():
            if self.silent_modules and bay in self.missing_bays:
                continue
            of_bay = empty_bay() if battery is None else battery.texts(storage=self.storage)
            if self.error_is_255 and of_bay["BATT_ERROR"] == "000":
                of_bay["BATT_ERROR"] = "255"
            texts |= {(bay, name): of_bay[name] for name in NAMES}
            if bay in self.modules:
                texts[bay, _MODULE] = f"{self.modules[bay]:03}"
        return {**texts, **self.overridden}

    @property
    def missing_bays(self) -> frozenset[int]:
        """Numbers of the bays whose module is not there."""
        return frozenset(bay for bay in self.bays if self.modules.get((bay + 1) // _BAYS_PER_MODULE, 1) == 0)

    def _unit_text(self, name: str) -> str:
        return {
            "MODEL": f"{{{self.model:32}}}",
            "FW_VER": f"{{{self.firmware + ('*' if self.update_failed else ''):24}}}",
            "DEVICE_ID": f"{{{self.device_id:31}}}",
            "FLASH": "ON" if self.flashing else "OFF",
            "STORAGE_MODE": "ON" if self.storage else "OFF",
        }[name]

    def changed_by(self, change: Callable[[], None]) -> list[bytes]:
        """Do something, and give the reports of everything that shows something else than before."""
        before = self.shown()
        change()
        return [_line(place, text) for place, text in self.shown().items() if before.get(place) != text]

    def pass_time(self, seconds: float) -> list[bytes]:
        """Let seconds pass; what the unit reports unasked meanwhile."""

        def charge() -> None:
            for battery in self.bays.values():
                if battery is not None:
                    battery.pass_time(seconds, storage=self.storage)

        return self.changed_by(charge)

    # -- what people do ----------------------------------------------------------------------------------------

    def set_value(self, bay: int, key: str, value: object) -> list[bytes]:
        """Change a value by its key in `services.model`; the reports that follow.

        Raises `KeyError` for what the unit does not have, `ValueError` for a value that it cannot take.
        """
        if bay and bay not in self.bays:
            raise KeyError(f"{self.model} has no bay {bay}")
        return self.changed_by(lambda: self._set_bay(bay, key, value) if bay else self._set_unit(key, value))

    def _set_unit(self, key: str, value: object) -> None:
        if key in ("name", "device_id"):
            self.device_id = str(value or "")
        elif key == "storage_mode":
            self._store(on=bool(value))
        elif key == "firmware_update_failed":
            self.update_failed = bool(value)
        elif key == "firmware":
            self.firmware = str(value)
        else:
            raise KeyError(f"{self.model} has no {key!r} of its own")

    def _set_bay(self, bay: int, key: str, value: object) -> None:
        if key == "occupied" or (key, value) == ("charge_state", "empty"):
            self._occupy(bay, there=key == "occupied" and bool(value))
            return
        battery = self.bays[bay]
        if battery is None:
            raise ValueError(f"bay {bay} is empty: set occupied first")
        if key == "charge_state":
            self._pin(battery, value)
        elif key == "fault":
            battery.error = _ERRORS.index(None if value is None else str(value))
        elif key == "battery_percent":
            _override(battery, "BATT_CHARGE", None if value is not None else "255")
            battery.charge = battery.charge if value is None else float(str(value))
        elif key == "battery_temperature_c":
            for name in ("BATT_TEMP_C", "BATT_TEMP_F"):
                _override(battery, name, None if value is not None else "255")
            battery.temperature = battery.temperature if value is None else float(str(value))
        elif key in _TEXTS:
            name, digits = _TEXTS[key]
            unknown = "255" if digits == BYTE_DIGITS else "65535"
            _override(battery, name, unknown if value is None else f"{int(str(value)):0{digits}}")
        else:
            raise KeyError(f"{self.model} has no {key!r} in a bay")

    def _occupy(self, bay: int, *, there: bool) -> None:
        if there and bay in self.missing_bays:
            raise ValueError(f"bay {bay} has no module")
        if there != (self.bays[bay] is not None):
            self.bays[bay] = Battery(charge=42.0, settling_s=SETTLE_S) if there else None

    def _pin(self, battery: Battery, word: object) -> None:
        battery.error, battery.pinned, battery.settling_s = 0, None, 0.0
        if word == "fault":
            battery.error = _ERRORS.index("charge_failed")
        elif word is not None:
            if word not in _STATES:
                raise ValueError(f"no charge state {word!r}: there are {', '.join(map(str, _STATES))}, fault, empty")
            if word in ("storing", "stored", "discharging") and not self.storage:
                raise ValueError(f"{word} needs storage_mode: set it at the unit first")
            battery.pinned = _STATES[word]
            battery.charge = {"full": 100.0, "stored": STORAGE}.get(str(word), battery.charge)

    def _store(self, *, on: bool) -> None:
        if on == self.storage:
            return
        self.storage = on
        for battery in self.bays.values():
            if battery is not None and not battery.error:
                battery.pinned, battery.settling_s = None, SETTLE_S

    # -- what it answers ---------------------------------------------------------------------------------------

    def answer(self, body: bytes, *, refuses: bool = False) -> Answer:
        """Answer one message; ``body`` is what stands between the angle brackets.

        A unit that ``refuses`` answers each SET with an error.
        """
        result = Answer()
        try:
            request = _REQUEST.fullmatch(body.decode("ascii"))
            if request is None:
                raise RefusedError
            verb, index, name, value = request.groups()
            if verb == "SET" and refuses:
                raise RefusedError
            if verb == "GET":
                result.replies += self._get(None if index is None else int(index), name, value)
            else:
                self._set(result, index, name, value or "")
        except (RefusedError, UnicodeDecodeError):
            result.replies, result.refused = [ERROR], True
        return result

    def _get(self, index: int | None, name: str, value: str | None) -> Iterator[bytes]:
        if (name, value, index) == ("NET_SETTINGS", "SC", None):
            octets = ".".join(f"{int(part):03}" for part in self.host.split("."))
            network = f"SC AUTO {octets} 255.000.000.000 000.000.000.000 {self.mac.upper()}"
            return iter([_line((0, name), network)])
        if value is not None or (index is not None and index and index not in self.bays):
            raise RefusedError
        shown = self.shown()
        if name == "ALL" and index is not None:
            chosen = [place for place in shown if index == 0 or place[0] in (0, index)]
        elif index is None:
            chosen = [place for place in shown if place == (0, name)]
        else:
            chosen = [place for place in shown if place[1] == name and (place[0] == index or (place[0] and not index))]
        if not chosen:  # METER_RATE is one of those
            raise RefusedError
        return (_line(place, shown[place]) for place in chosen)

    def _set(self, result: Answer, index: str | None, name: str, value: str) -> None:
        if index is not None:
            raise RefusedError
        if name == "REBOOT" and not value:
            result.reboots = True
            return
        change = self._change(name, value)
        result.reports += self.changed_by(change)
        if not result.reports:  # who asked gets the value in any case
            result.replies += [_line((0, name), self._unit_text(name))]
        result.flashes = name == "FLASH"

    def _change(self, name: str, value: str) -> Callable[[], None]:
        if name == "STORAGE_MODE" and value in ("ON", "OFF", "TOGGLE"):
            on = value == "ON" or (value == "TOGGLE" and not self.storage)
            return partial(self._store, on=on)
        if name == "FLASH" and value == "ON":
            return partial(setattr, self, "flashing", True)
        text = _NAME.fullmatch(value)
        if name != "DEVICE_ID" or text is None or not 1 <= len(text[1].rstrip()) <= NAME_LIMIT:
            raise RefusedError
        return partial(setattr, self, "device_id", text[1].rstrip())

    def stop_flash(self) -> list[bytes]:
        """The light stops by itself; the report of it."""
        return self.changed_by(partial(setattr, self, "flashing", False))


def _override(battery: Battery, name: str, text: str | None) -> None:
    battery.overridden.pop(name, None)
    if text is not None:
        battery.overridden[name] = text


def _line(place: FieldAddress, text: str) -> bytes:
    number, name = place
    return f"< REP {f'{number} ' if number else ''}{name} {text} >".encode()
