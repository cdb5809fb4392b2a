"""A simulated ESW-CHG4 or ESW-CHG5."""

from __future__ import annotations

from collections.abc import Sequence

from services.drivers.audio_technica.simulation.machine import (
    Machine,
    Place,
    Refused,
    Tells,
    number_of,
    quoted,
    value_of,
)
from services.drivers.audio_technica.simulation.transmitter import Transmitter

PORTS_MOST = 8
EMPTY = 11
CHARGE_PER_HOUR = 25.0
"""Percent; ours."""


class Dock(Machine):
    """A dock; its last port is empty from the start."""

    def __init__(self, place: Place, stranger: Place, ports: Sequence[Transmitter]) -> None:
        super().__init__(place, stranger)
        self.ports = ports
        self.ports[-1].on = False
        self.cycles = 37
        self.gets |= {
            "gmyversion": lambda _id, _found: "1.0.2,1.0.2",
            "glocationname": lambda _id, _found: quoted(""),
            "glevelbatt": lambda _id, found: self._of(found, self.battery),
            "gtxname": lambda _id, found: self._of(found, lambda at: quoted(f"TX {at + 1}".ljust(8))),
            "gtxmodel": lambda _id, found: self._of(found, lambda at: "ESW-T4101" if at % 2 else "ESW-T4102"),
            "gtxkind": lambda _id, found: self._of(found, lambda at: at % 2),
        }
        self.sets["rledflash"] = self._flash

    def step(self, seconds: float) -> None:
        """Let time pass: what is docked is charged."""
        for at, each in enumerate(self.ports):
            before = self.battery(at)
            if each.on:
                each.charge = min(100.0, each.charge + CHARGE_PER_HOUR * seconds / 3600)
            if each.on and self.battery(at) != before:
                self.tell("0000", "nlevelbatt", f"{at + 1},{self.battery(at)}")

    def switch_off(self, *, off: bool) -> None:
        """All transmitters are taken out, or put back."""
        for each in self.ports[:-1]:
            each.on = not off

    def set_value(self, number: int, key: str, value: object) -> None:
        """Put a transmitter in, take it out, or change its charge."""
        each = self.ports[number - 1]
        if key == "occupied":
            each.on = bool(value)
        elif key == "battery_percent":
            each.charge = float(str(value))
        else:
            super().set_value(number, key, value)
        if each.on:
            self.tell("0000", "nlevelbatt", f"{number},{self.battery(number - 1)}")

    def battery(self, at: int) -> str:
        """Set, percent, cycles, health, time to full, degrees, and a last number that the sources read differently."""
        each = self.ports[at]
        minutes = round((100 - each.charge) / CHARGE_PER_HOUR * 60)
        time = f"{minutes // 60:02d}{minutes % 60:02d}"
        return f"1,{round(each.charge)},{self.cycles},97,{time},24,{int(minutes > 0)}"

    def _of(self, found: Sequence[str], tells: Tells) -> str:
        number = number_of(found, PORTS_MOST)
        if number > len(self.ports):
            raise Refused(4)
        if not self.ports[number - 1].on:
            raise Refused(EMPTY)
        return f"{number},{tells(number - 1)}"

    def _flash(self, _id: str, found: Sequence[str]) -> None:
        if value_of(found) not in {"0", "1"} or number_of(found, PORTS_MOST) > len(self.ports):
            raise Refused(4)
        self.flashed.append(",".join(found))
