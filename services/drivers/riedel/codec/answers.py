"""Takes the answers of an antenna apart: which antennas and beltpacks there are, and how the beltpacks do. PURE.

Nobody published the shapes. What is not as it was seen is left out and counted, and never raises. Source:
docs/protocols/bolero.md#answers
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from services.drivers.port import UNIT, Part, Reading

NODES: Final = "/rest/nodeStatus"
BELTPACKS: Final = "/rest/bp"
FIRMWARE: Final = "/rest/firmware"
MOST_BELTPACKS: Final = 500
"""More than any net has; what is beyond is noise."""
MOST_ID: Final = 100_000
TEXT_MOST: Final = 100


@dataclass
class Net:
    """What the antennas of one net say: merged by `nodes`, `beltpacks` and `firmware`."""

    antennas: list[str] = field(default_factory=list)
    name: str | None = None
    """Of the antenna that was asked."""
    firmware: str | None = None
    registered: dict[int, dict[str, object]] = field(default_factory=dict)
    """What is programmed, by id."""
    connected: dict[int, dict[str, object]] = field(default_factory=dict)
    """What is connected now, by id."""
    strange: Counter[str] = field(default_factory=Counter)
    """What made no sense: `services.drivers.nonsense.NONSENSE`."""

    def take(self, path: str, body: object) -> bool:
        """Merge an answer; whether it has the shape that is known."""
        return {NODES: self.nodes, BELTPACKS: self.beltpacks, FIRMWARE: self.firmware_of}[path](body)

    def nodes(self, body: object) -> bool:
        """``/rest/nodeStatus``: antennas, and the beltpacks that are connected to each."""
        found = _list(body, "nodeStatus")
        if found is None:
            return False
        nodes = [node for node in found if isinstance(node, dict)]
        self.strange["ill_formed"] += len(found) - len(nodes)
        self.antennas = [_antenna(node) for node in nodes]
        local = next((node for node in nodes if node.get("isLocal") is True), None)
        self.name = _text(local.get("name")) if local is not None else None
        self.connected = {}
        for node in nodes:
            for id_, row in self._rows(node.get("bp", [])):
                self.connected.setdefault(id_, {**self._battery(row), "antenna": _antenna(node)})
        return True

    def beltpacks(self, body: object) -> bool:
        """``/rest/bp``: what is programmed. One that is not registered is no beltpack."""
        found = _list(body, "bp")
        if found is None:
            return False
        self.registered = {}
        for id_, row in self._rows(found):
            if row.get("registered") is not True:
                continue
            config = row.get("bpConfig")
            config = config if isinstance(config, dict) else {}
            self.registered[id_] = {"name": _text(config.get("bpName")), "number": _whole(config.get("bpNumber"))}
        return True

    def firmware_of(self, body: object) -> bool:
        """``/rest/firmware``."""
        found = body.get("firmware") if isinstance(body, dict) else None
        if not isinstance(found, dict):
            return False
        self.firmware = _text(found.get("version"))
        return True

    @property
    def numbers(self) -> list[int]:
        """Ids of the beltpacks that there are: registered ones, and what is connected without being listed."""
        return sorted({*self.registered, *self.connected})[:MOST_BELTPACKS]

    def readings(self) -> list[Reading]:
        """Everything of the net and of each beltpack."""
        unit = Reading(UNIT, {"name": self.name, "antennas": self.antennas, "firmware": self.firmware})
        return [unit, *(self._beltpack(number) for number in self.numbers)]

    def _beltpack(self, id_: int) -> Reading:
        known, live = self.registered.get(id_, {}), self.connected.get(id_)
        values: dict[str, object] = {"name": known.get("name"), "connected": live is not None}
        more = {"beltpack_number": known.get("number"), "signal_level": None}
        if live is not None:
            values |= {key: live[key] for key in ("antenna", "battery_percent", "power_source")}
            more["signal_level"] = live["signal_level"]
        return Reading(Part(id_), values, more, whole=True)

    def _rows(self, found: object) -> Iterator[tuple[int, Mapping[str, object]]]:
        rows = found if isinstance(found, list) else []
        for row in rows:
            id_ = _whole(row.get("id")) if isinstance(row, dict) else None
            if id_ is None or not 1 <= id_ <= MOST_ID:
                self.strange["ill_formed"] += 1
                continue
            yield id_, row

    def _battery(self, row: Mapping[str, object]) -> dict[str, object]:
        battery = row.get("battery")
        battery = battery if isinstance(battery, dict) else {}
        usb = battery.get("usbPower")
        return {
            "battery_percent": self._percent(battery.get("currentCharge"), battery.get("maxCharge")),
            "power_source": {0: "battery", 1: "external"}.get(usb) if isinstance(usb, int) else None,
            "signal_level": _whole(row.get("signalLevel")),
        }

    def _percent(self, current: object, most: object) -> int | None:
        if not (_is_number(current) and _is_number(most)) or most <= 0 or current < 0:  # type: ignore[operator]
            self.strange["unknown_values"] += current is not None or most is not None
            return None
        return min(100, round(100 * current / most))  # type: ignore[operator]


def _list(body: object, key: str) -> list[object] | None:
    found = body.get(key) if isinstance(body, dict) else None
    return found if isinstance(found, list) else None


def _antenna(node: Mapping[str, object]) -> str:
    """A name for people: its own, else its id."""
    return _text(node.get("name")) or f"antenna {_whole(node.get('nodeId')) or '?'}"


def _text(value: object) -> str | None:
    return value.strip()[:TEXT_MOST] or None if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MOST_ID else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MOST_CHARGE


MOST_CHARGE: Final = 1e9
