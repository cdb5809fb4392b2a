"""Simulated chargers: L 6000 (TI 1109, pages 43 to 54) and CHG 70N-C (the EW-DX guide, as its users read it)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from services.drivers.sennheiser.simulation.ssc.ewdx import flag, text
from services.drivers.sennheiser.simulation.ssc.tree import Node, Refused
from services.model import Part

NOTHING = 65_280
CHARGE_PER_HOUR = 33.0
"""Percent an hour: three hours, what the maker's brochures promise."""
FULL_PERCENT, GREEN_PERCENT = 97, 81
NAME_MOST = 18


class Bays:
    """What both chargers have: bays with batteries."""

    def __init__(self, count: int, random: Random, *, still: bool) -> None:
        self.random = random
        self.still = still
        self.charge = [100.0 - 11 * place for place in range(count)]
        self.occupied = [True] * count
        self.warned: list[str] = [""] * count
        self.identified = [False] * count
        self.name = "Charger"
        self.storage = False
        self.flashes = False
        self._blank = False
        self._were_away = False
        self.mac = f"001b66{random.randrange(1 << 24):06x}"

    @property
    def label(self) -> str:
        """The name, unless it is blank now."""
        return "" if self._blank else self.name

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would. Raises `KeyError` for what it has not."""
        place = part.number - 1
        setters: Mapping[str, Callable[[], None]] = (
            {
                "occupied": lambda: self.occupied.__setitem__(place, bool(value)),
                "battery_percent": lambda: self.charge.__setitem__(place, float(str(value))),
                "warnings": lambda: self.warned.__setitem__(place, str(value)),
            }
            if part.number
            else {
                "name": lambda: setattr(self, "name", value),
                "storage_mode": lambda: setattr(self, "storage", value),
            }
        )
        setters[key]()

    def step(self, seconds: float) -> None:
        """Batteries are charged."""
        if not self.still:
            self.charge = [min(100.0, each + CHARGE_PER_HOUR * seconds / 3600) for each in self.charge]

    def blank(self, *, blank: bool) -> None:
        """Every name is empty, or as it was."""
        self._blank = blank

    def away(self, *, away: bool) -> None:
        """Every bay is empty, or the ones that this emptied are full again."""
        if away or self._were_away:
            self.occupied = [not away] * len(self.occupied)
        self._were_away = away

    def minutes_to_full(self, place: int) -> int:
        """Until the battery of a bay is full."""
        return round((100.0 - self.charge[place]) / CHARGE_PER_HOUR * 60)


class L6000(Bays):
    """Four modules of two bays; bay 8 is in a module for handheld batteries."""

    def __init__(self, number: int, random: Random, *, still: bool) -> None:
        super().__init__(8, random, still=still)
        self.name = f"L6000-{number}"
        self.nodes: dict[str, Node] = {
            "device/identity/product": Node(lambda: "L6000"),
            "device/identity/version": Node(lambda: "1.0.2"),
            "device/network/ether/macs": Node(lambda: [self.mac]),
            "device/name": Node(lambda: f"{self.label}-{self.mac}"),
            "device/storage_mode": Node(lambda: self.storage),
            "device/identify": Node(lambda: self.flashes, lambda value: setattr(self, "flashes", flag(value))),
            "device/warnings": Node(self._warnings),
        }
        for slot in range(4):
            self.nodes[f"slot{slot + 1}/type"] = Node(lambda slot=slot: 2 if slot == 3 else 1)  # type: ignore[misc]  # noqa: PLR2004
            for sub in range(2):
                self.nodes |= self._bay_nodes(slot, sub)

    def _warnings(self) -> list[int]:
        first = {"hot": 0, "regenerating": 8, "defect": 16, "cold": 29}
        return [first[word] + place for place, word in enumerate(self.warned) if word in first]

    def _bay_nodes(self, slot: int, sub: int) -> dict[str, Node]:
        place, bay = slot * 2 + sub, f"slot{slot + 1}/subslot{sub + 1}"
        return {
            f"{bay}/accu_detection": Node(lambda: self.occupied[place]),
            f"{bay}/led": Node(lambda: self._led(place)),
            f"{bay}/accu_parameter": Node(lambda: self._battery(place)),
            f"{bay}/identify": Node(
                lambda: self.identified[place], lambda value: self.identified.__setitem__(place, flag(value))
            ),
        }

    def _led(self, place: int) -> str:
        if not self.occupied[place]:
            return "OFF"
        lights = {"hot": "RED_FLASHING", "cold": "RED_FLASHING", "defect": "RED", "regenerating": "YELLOW_FLASHING"}
        if self.warned[place] in lights:
            return lights[self.warned[place]]
        if self.storage:
            return "GREEN_YELLOW"
        charge = self.charge[place]
        return "GREEN" if charge >= FULL_PERCENT else "GREEN_FLASHING" if charge >= GREEN_PERCENT else "YELLOW"

    def _battery(self, place: int) -> list[int]:
        if not self.occupied[place]:
            return [-60, *[NOTHING] * 11]
        minutes = self.minutes_to_full(place)
        return [26, 3900, 1950, 600, 7200, 5, 30, round(self.charge[place]), 41, 93, minutes // 60, minutes % 60]


class Chg70n(Bays):
    """Two bays in lists of two: a bodypack, and a bare battery."""

    def __init__(self, number: int, random: Random, *, still: bool) -> None:
        super().__init__(2, random, still=still)
        self.name, self.location = f"CHG-{number}", ""
        self.serial = f"{3_100_000_000 + random.randrange(10_000_000)}"
        devices = ("EW-DX SK 3-pin", "BA70")

        def of_each(read: Callable[[int], object], nothing: object) -> Node:
            return Node(lambda: [read(place) if self.occupied[place] else nothing for place in range(2)])

        self.nodes: dict[str, Node] = {
            "device/identity/product": Node(lambda: "CHG70N"),
            "device/identity/version": Node(lambda: "1.2.0"),
            "device/identity/serial": Node(lambda: self.serial),
            "device/network/ether/macs": Node(lambda: [self.mac]),
            "device/name": Node(lambda: self.label, lambda value: setattr(self, "name", text(value, NAME_MOST))),
            "device/location": Node(lambda: self.location, lambda value: setattr(self, "location", text(value, 400))),
            "device/storage_mode": Node(lambda: self.storage),
            "device/identification/visual": Node(
                lambda: self.flashes, lambda value: setattr(self, "flashes", flag(value))
            ),
            "bays/device_type": of_each(lambda place: devices[place], "NONE"),
            "bays/bat_gauge": of_each(lambda place: round(self.charge[place]), 0),
            "bays/bat_health": of_each(lambda _: 97, 0),
            "bays/bat_cycles": of_each(lambda _: 12, 0),
            "bays/bat_timetofull": of_each(self.minutes_to_full, 0),
            "bays/version": of_each(lambda place: "" if place else "3.0.0", ""),
            "bays/serial": of_each(lambda place: "" if place else "1234567890", ""),
            "bays/warnings": Node(lambda: [[each] if each else [] for each in self.warned]),
            "bays/state": Node(lambda: ["NORMAL", "NORMAL"]),
            "bays/identify": Node(lambda: list(self.identified), self._identify),
        }

    def _identify(self, value: object) -> None:
        if not isinstance(value, list) or len(value) != len(self.identified):
            raise Refused(400)
        self.identified = [
            before if each is None else flag(each) for before, each in zip(self.identified, value, strict=True)
        ]
