"""The pocket or hand transmitter that a simulated EW-DX channel receives: switch, mute, battery, voice."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

DRAIN_PER_HOUR = 8.0
"""Percent of a battery an hour: twelve hours, what the vendor's brochures promise for the pack."""
MINUTES_FULL = 720
QUIETEST, WEAKEST = -138.5, -107.0


@dataclass
class Transmitter:
    """One transmitter, as its receiver hears it. Levels are dBm and dBFS."""

    random: Random
    name: str
    still: bool = False
    on: bool = True
    muted: bool = False
    charge: float = 100.0
    kind: str = "Battery"
    strength: float = -58.0
    voice: float = -24.0
    quality: int = 98
    antenna: int = 1
    minutes: int | None = None
    """What it says of its run time, where that is not to follow from its charge."""

    def step(self, seconds: float, drain_per_hour: float) -> None:
        """Let time pass: the battery drains, a flat one ends the transmission, and levels move."""
        if not self.on:
            return
        self.charge = max(0.0, self.charge - drain_per_hour * seconds / 3600)
        self.on = self.charge > 0.0
        if not self.still:
            self.strength = min(-30.0, max(-90.0, self.strength + self.random.uniform(-3.0, 3.0)))
            self.voice = self.random.uniform(-50.0, -6.0)
            self.quality = self.random.randint(85, 100)
            self.antenna = self.random.choice((1, 1, 2))

    def meters(self) -> dict[str, float]:
        """Strength, quality, antenna and level, by the resource's last word."""
        if not self.on:
            return {
                "signalStrengthIndicator": WEAKEST,
                "signalQualityIndicator": 0,
                "diversityIndicator": 0,
                "level": QUIETEST,
            }
        return {
            "signalStrengthIndicator": round(self.strength, 1),
            "signalQualityIndicator": self.quality,
            "diversityIndicator": self.antenna,
            "level": QUIETEST if self.muted else round(self.voice, 1),
        }

    def settings(self) -> dict[str, object]:
        """What the resource of a linked transmitter has."""
        return {
            "type": "EW_DX_SKM",
            "capsule": "MMD_835",
            "name": self.name,
            "version": "4.0.1",
            "mute": self.muted,
            "identification": False,
            "lowcut": "80Hz",
            "trim": 0,
            "cableEmulation": "Off",
            "led": True,
            "lock": False,
            "muteConfig": "AfMute",
        }

    def battery(self) -> dict[str, object]:
        """What the resource of its battery has; a primary cell counts no minutes."""
        found: dict[str, object] = {"type": self.kind, "gauge": round(self.charge)}
        if self.kind == "Battery":
            minutes = round(self.charge * MINUTES_FULL / 100) if self.minutes is None else self.minutes
            found["lifetime"] = minutes
        return found

    def warnings(self) -> list[str]:
        """What it warns of."""
        return ["LowBattery"] if self.charge < 10 else []  # noqa: PLR2004 - percent, ours
