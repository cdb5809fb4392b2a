"""The transmitter that a simulated channel receives: switch, battery, mute, voice."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

DRAIN_PER_HOUR = 12.0
"""Percent an hour: eight hours of use. No source has a figure; ours."""
HOURS_OF_FULL = 8.0
STRONG_DBM, WEAK_DBM = -50.0, -95.0


@dataclass
class Transmitter:
    """One transmitter."""

    random: Random
    number: int
    still: bool = False
    on: bool = True
    muted: bool = False
    usb: bool = False
    charge: float = 90.0
    dbm: float = -62.0
    drain_per_hour: float = DRAIN_PER_HOUR

    def step(self, seconds: float) -> None:
        """Let time pass: the battery drains, and a flat one ends the transmission."""
        if self.on and not self.usb:
            self.charge = max(0.0, self.charge - self.drain_per_hour * seconds / 3600)
            self.on = self.charge > 0.0
        if not self.still:
            self.dbm = min(STRONG_DBM, max(WEAK_DBM, self.dbm + self.random.uniform(-4.0, 4.0)))

    @property
    def life(self) -> str:
        """What is left of the battery, hours and minutes."""
        minutes = round(HOURS_OF_FULL * 60 * self.charge / 100)
        return f"{minutes // 60:02d}{minutes % 60:02d}"

    @property
    def fifth(self) -> int:
        """The battery in five steps."""
        return min(4, int(self.charge // 20))

    def voice(self) -> float:
        """Audio peak, dBFS."""
        if not self.on or self.muted:
            return -90.0
        return -18.0 if self.still else self.random.uniform(-48.0, -2.0)

    def signal(self, antenna: int = 0) -> float:
        """What an antenna receives, dBm; the second one a little less."""
        return self.dbm - 4.0 * antenna if self.on else -110.0
