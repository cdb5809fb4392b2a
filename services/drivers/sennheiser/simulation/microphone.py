"""The pocket or hand transmitter that a simulated receiver receives: power switch, mute switch, battery, voice."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

DRAIN_PER_HOUR = 12.0
"""Percent of a battery an hour: eight hours, what the vendor's brochures promise for two AA cells."""

STEPS = ((85.0, "100"), (50.0, "70"), (10.0, "30"))
"""From which charge on which step is shown. The document gives the steps (p. 31), where they change is ours."""


@dataclass
class Microphone:
    """One transmitter. Levels are in the receiver's percent."""

    random: Random
    still: bool = False
    on: bool = True
    muted: bool = False
    charge: float = 100.0
    drain_per_hour: float = DRAIN_PER_HOUR
    strength: float = field(default=80.0)

    def step(self, seconds: float) -> None:
        """Let time pass: the battery drains, and a flat one ends the transmission."""
        if self.on:
            self.charge = max(0.0, self.charge - self.drain_per_hour * seconds / 3600)
            self.on = self.charge > 0.0
        if not self.still:
            self.strength = min(119.0, max(15.0, self.strength + self.random.uniform(-6.0, 6.0)))

    @property
    def battery(self) -> str:
        """The battery as a receiver writes it; without a signal ``?``."""
        if not self.on:
            return "?"
        return next((word for lowest, word in STEPS if self.charge >= lowest), "0")

    def radio(self) -> tuple[int, int]:
        """Lowest and highest level at an antenna since the last cycle; 0 without a signal (seen on real racks)."""
        if not self.on:
            return 0, 0
        if self.still:
            return round(self.strength), round(self.strength)
        highest = self.strength + self.random.uniform(0.0, 5.0)
        return round(highest - self.random.uniform(0.0, 10.0)), round(highest)

    def voice(self) -> tuple[int, int]:
        """Peak now and peak held; noise of 3 % without a signal (seen on real racks)."""
        if not self.on or self.muted:
            return 3, 3
        if self.still:
            return 40, 50
        peak = self.random.randint(5, 70)
        return peak, peak + self.random.randint(0, 35)
