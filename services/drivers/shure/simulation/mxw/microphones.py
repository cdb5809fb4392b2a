"""No I/O. One simulated microphone: where it is, what its battery does, and what a unit says of it.

Time comes in as an argument. Every figure is chosen: plausible, not measured.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

DRAIN_PER_HOUR, CHARGE_PER_HOUR = 11.0, 40.0
"""Percent."""
SETTLE_S = 60.0
"""How long the run time is calculated after switching on."""
NO_NUMBER, NO_TIME = "255", "65535"
ON_MAINS, ON_CHARGER, CALCULATING = "65532", "65533", "65534"
NOT_CHARGING, FULL = "65533", "65534"

MUTED_WORDS = {False: "ACTIVE", True: "MUTED"}


@dataclass(slots=True)
class Microphone:
    """``place`` is ``on`` (in somebody's hands), ``standby``, ``docked``, or ``off`` (or unlinked, or too far away)."""

    model: str
    label: str
    place: str = "on"
    muted: bool = False
    charge: float = 80.0
    health: int = 97
    pressed: bool = False
    on_mains: bool = False
    settling_s: float = 0.0
    bodypack: bool = False
    bodypack_gain_db: int = 0
    lights: tuple[str, str] = ("OF", "ON")

    @property
    def is_on(self) -> bool:
        """Whether it is on the air."""
        return self.place in ("on", "standby")

    @property
    def is_known(self) -> bool:
        """Whether the unit knows anything of it."""
        return self.place != "off"

    def status(self, muted_word: str) -> str:
        """TX_STATUS."""
        return {"off": "UNKNOWN", "docked": "ON_CHARGER", "standby": "STANDBY"}.get(
            self.place, muted_word if self.muted else "ACTIVE"
        )

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        hours = seconds / 3600
        self.settling_s = max(0.0, self.settling_s - seconds)
        if self.place == "docked" or self.on_mains:
            self.charge = min(100.0, self.charge + CHARGE_PER_HOUR * hours)
        elif self.is_on:
            self.charge = max(1.0, self.charge - DRAIN_PER_HOUR * hours)

    def percent(self) -> str:
        """BATT_CHARGE."""
        return f"{int(self.charge):03}" if self.is_known else NO_NUMBER

    def wear(self) -> str:
        """BATT_HEALTH."""
        return f"{self.health:03}" if self.is_known else NO_NUMBER

    def run_time(self) -> str:
        """BATT_RUN_TIME."""
        if not self.is_known:
            return NO_TIME
        if self.place == "docked":
            return ON_CHARGER
        if self.on_mains:
            return ON_MAINS
        return CALCULATING if self.settling_s else f"{int(self.charge / DRAIN_PER_HOUR * 60):05}"

    def time_to_full(self) -> str:
        """BATT_TIME_TO_FULL."""
        if not self.is_known:
            return NO_TIME
        if self.place != "docked":
            return NOT_CHARGING
        left = 100.0 - self.charge
        return f"{math.ceil(round(left / CHARGE_PER_HOUR * 60, 6)):05}" if left > 0 else FULL


def some_microphone(rng: random.Random, number: int, models: tuple[str, ...], *, still: bool) -> Microphone:
    """The microphone of a channel, or in a bay."""
    model = models[(number - 1) % len(models)]
    charge = 80.0 if still else rng.uniform(25, 100)
    bodypack = model.startswith("MXW1")
    return Microphone(model, f"MIC-{number}", charge=charge, bodypack=bodypack, health=97 - number % 5)
