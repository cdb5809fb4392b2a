"""No I/O. A base and its microphones: what is answered, what is set, and what changes by itself."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

OFF, ON, STANDBY, CHARGING = 0, 1, 2, 3
STATUS_WORDS = {
    "off": 0,
    "on": 1,
    "standby": 2,
    "charging": 3,
    "out_of_range": 4,
    "not_paired": 5,
    "pairing": 6,
    "unpairing": 7,
    "updating": 8,
}
FULL = 100.0
CHARGE_PER_HOUR = 50.0
DRAIN_PER_HOUR = 12.0
LOW = 8.0
CHANCE = 0.01
"""A second: that somebody presses the mute button."""


@dataclass
class Microphone:
    """One microphone; numbers as on the wire."""

    status: int = ON
    battery: float = FULL
    kind: int = 0
    mute: int = 0
    mode: int = 0
    lock: int = 0
    input_gain: int = 0
    output_gain: int = 0

    def answer(self, name: str) -> str | None:
        """The value of a property; ``None`` where there is no such one."""
        match name:
            case "micstatus":
                return str(self.status)
            case "batterystatus":
                return str(int(self.battery))
            case "mictype":
                return str(self.kind)
            case "mutestatus":
                return f"{self.mute},{self.mode},{self.lock}"
            case "mute":
                return str({OFF: 3, CHARGING: 5, 4: 4}.get(self.status, 2 * self.mute))
            case "outputgain":
                return str(self.output_gain)
            case "gain":
                return str(100 + self.input_gain)
            case "batt":
                return str(min(4, 1 + int(self.battery) // 25))
        return None


NOTIFIED = {
    "micstatus": "status_change_mic",
    "batterystatus": "status_change_battery",
    "mutestatus": "set_mute_status",
}
"""Property -> the notification of it. The one of gain has other numbers, see `Base.reports`."""


class Base:
    """A base with its microphones."""

    def __init__(self, channels: int, random: Random, *, firmware: str, still: bool, drain_per_hour: float) -> None:
        self.microphones = [
            Microphone(battery=FULL if still else random.uniform(30, 100), kind=number % 3, output_gain=-number)
            for number in range(channels)
        ]
        self.firmware = firmware
        self.antenna = 1
        self._random = random
        self._drain = drain_per_hour

    def answer(self, words: list[str]) -> str | None:
        """The answer to ``get name [ch n]``; nobody knows what a wrong question gets: nothing, decided here."""
        match words:
            case ["fw"]:
                return f"val fw {self.firmware}"
            case [name, "ch", number] if number.isdigit() and 1 <= int(number) <= len(self.microphones):
                value = self.microphones[int(number) - 1].answer(name)
                return None if value is None else f"val {name} ch {number} {value}"
        return None

    def mute(self, channel: str, value: str) -> list[int]:
        """``set mute ch n 0/1``: the channels that it is about; none where it is not understood."""
        chosen = range(1, len(self.microphones) + 1) if channel in {"A", "B"} else [int(channel or 0)]
        if value not in {"0", "1"} or any(not 1 <= number <= len(self.microphones) for number in chosen):
            return []
        for number in chosen:
            self.microphones[number - 1].mute = int(value)
            self.microphones[number - 1].lock = int(value) if channel == "A" else 0
        return [*chosen]

    def reports(self, number: int, name: str) -> tuple[str, str]:
        """A change as ``val`` and as ``notify`` tell of it; the second is empty where there is none."""
        microphone = self.microphones[number - 1]
        value = microphone.answer(name)
        notice = f"notify {NOTIFIED[name]} ch{number} {value}" if name in NOTIFIED else ""
        if name == "gain":
            notice = f"notify property_change_gain ch{number} {microphone.input_gain}"
        return f"val {name} ch {number} {value}", notice

    def step(self, seconds: float) -> list[tuple[int, str]]:
        """Time goes by: channels and properties that changed."""
        changed = []
        for number, microphone in enumerate(self.microphones, 1):
            before = int(microphone.battery)
            if microphone.status in {ON, STANDBY}:
                microphone.battery = max(0.0, microphone.battery - self._drain * seconds / 3600)
                if microphone.battery < LOW:
                    microphone.status = CHARGING
                    changed.append((number, "micstatus"))
            elif microphone.status == CHARGING:
                microphone.battery = min(FULL, microphone.battery + CHARGE_PER_HOUR * seconds / 3600)
                if microphone.battery >= FULL:
                    microphone.status = ON
                    changed.append((number, "micstatus"))
            if int(microphone.battery) != before:
                changed.append((number, "batterystatus"))
            if microphone.status == ON and self._random.random() < CHANCE * seconds:
                microphone.mute = 1 - microphone.mute
                changed.append((number, "mutestatus"))
        return changed
