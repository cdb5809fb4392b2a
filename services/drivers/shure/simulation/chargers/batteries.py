"""No I/O. Batteries in the bays of a simulated charger: how they charge, and what the charger reports of them.

Time comes in as an argument. From documents: half in an hour and full in three (user guide of the AXT900), no full
charge above 45 degrees but at least 75 % (guide of the AXT903), a storage charge of about 40 % (guide of the SB903).
All other figures are chosen: plausible, not measured.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

HALF = 50.0
FAST_PER_HOUR, SLOW_PER_HOUR = 50.0, 25.0
"""Percent an hour below and above half."""
WARM_SHARE = 0.5
"""Pace of a warm battery, as a share."""
DISCHARGE_PER_HOUR = 20.0
STORAGE = 40.0
STORAGE_WIDTH = 0.5
DEEP = 2.0
"""Percent below which a battery is deeply discharged."""
WARM_C, HOT_C, COLD_C = 45.0, 60.0, 0.0
WARM_MOST = 75.0
ROOM_C, CHARGING_C = 24.0, 33.0
DRIFT_S = 900.0
"""Time in which the temperature comes two thirds of the way."""
SETTLE_S = 40.0
"""How long a charger calculates after an insertion."""
STEP_S = 30.0
"""Longest step of one calculation."""

_CHARGING = frozenset({"NORMAL", "WARM", "PRECHARGE"})
_NO_MINUTES = {"CALCULATING": 65_533, "DISCHARGE_CALC": 65_533, "FULL": 65_529, "READY_TO_STORE": 65_529}
_NOT_APPLICABLE = 65_535
_EMPTY = {
    "BATT_DETECTED": "NO",
    "BATT_TIME_TO_FULL": "65535",
    "BATT_STATE": "NO_BATT",
    "BATT_CHARGE": "255",
    "BATT_CURRENT_CAPACITY": "65535",
    "BATT_CURRENT_CAPACITY_MAX": "65535",
    "BATT_CYCLE": "65535",
    "BATT_TEMP_F": "255",
    "BATT_TEMP_C": "255",
    "BATT_CAPACITY_MAX": "65535",
    "BATT_HEALTH": "255",
    "BATT_BARS": "255",
    "BATT_ERROR": "255",
}
"""The order is that in which a real SBC220 reports a bay."""
NAMES = tuple(_EMPTY)
_FAILED = {name: {"255": "254", "65535": "65534"}.get(text, text) for name, text in _EMPTY.items()}
"""A real SBC220 with a failed battery: detected, and an error code in every number."""


@dataclass(slots=True)
class Battery:
    """One battery. ``charge`` in percent of what it holds now, capacities in mAh, temperature in degrees Celsius."""

    charge: float
    capacity: int = 1180
    new_capacity: int = 1300
    cycles: int = 120
    temperature: float = ROOM_C
    settling_s: float = 0.0
    error: int = 0
    pinned: str | None = None
    """BATT_STATE that is reported whatever the battery does."""
    overridden: dict[str, str] = field(default_factory=dict)
    """Texts that are reported in place of the true ones, by property."""

    def state(self, *, storage: bool) -> str:
        """BATT_STATE."""
        if self.error:
            return "ERROR"
        if self.pinned is not None:
            return self.pinned
        if self.settling_s > 0:
            return "DISCHARGE_CALC" if storage and self.charge > STORAGE else "CALCULATING"
        if storage and self.charge > STORAGE + STORAGE_WIDTH:
            return (
                f"DISCHARGING{'_WARM' if self.temperature >= WARM_C else '_COLD' if self.temperature <= COLD_C else ''}"
            )
        if storage and self.charge >= STORAGE - STORAGE_WIDTH:
            return "READY_TO_STORE"
        return self._charging()

    def _charging(self) -> str:
        if self.temperature >= HOT_C:
            return "HOT"
        if self.temperature <= COLD_C:
            return "COLD"
        if self.charge >= 100:  # noqa: PLR2004 - percent
            return "FULL"
        if self.temperature >= WARM_C:
            return "WARM_FULL" if self.charge >= WARM_MOST else "WARM"
        return "PRECHARGE" if self.charge < DEEP else "NORMAL"

    def pass_time(self, seconds: float, *, storage: bool) -> None:
        """Let time pass in the bay."""
        while seconds > 0 and not self.error:
            step = min(seconds, STEP_S)
            seconds -= step
            state = self.state(storage=storage)
            self.settling_s = max(0.0, self.settling_s - step)
            warmest = CHARGING_C if state in _CHARGING or state.startswith("DISCHARGING") else ROOM_C
            self.temperature += (warmest - self.temperature) * (1 - math.exp(-step / DRIFT_S))
            self._move(state, step / 3600, storage=storage)

    def _move(self, state: str, hours: float, *, storage: bool) -> None:
        if state.startswith("DISCHARGING"):
            self.charge = max(STORAGE, self.charge - DISCHARGE_PER_HOUR * hours)
        elif state in _CHARGING:
            pace = FAST_PER_HOUR if self.charge < HALF else SLOW_PER_HOUR
            share = WARM_SHARE if state == "WARM" else 1.0
            self.charge = min(STORAGE if storage else 100.0, self.charge + pace * share * hours)

    def minutes(self, *, storage: bool) -> int:
        """BATT_TIME_TO_FULL: minutes to the charge that the charger aims at, or a code."""
        state = self.state(storage=storage)
        if state in _NO_MINUTES:
            return _NO_MINUTES[state]
        if state.startswith("DISCHARGING"):
            return math.ceil(round(max(0.0, self.charge - STORAGE) / DISCHARGE_PER_HOUR * 60, 6))
        if state not in _CHARGING:
            return _NOT_APPLICABLE
        target = STORAGE if storage else 100.0
        fast = max(0.0, min(HALF, target) - self.charge) / FAST_PER_HOUR
        slow = max(0.0, target - max(HALF, self.charge)) / SLOW_PER_HOUR
        return math.ceil(round((fast + slow) * 60 / (WARM_SHARE if state == "WARM" else 1.0), 6))

    def texts(self, *, storage: bool) -> dict[str, str]:
        """What stands behind each property of the bay, as on the wire."""
        if self.error:
            texts = {**_FAILED, "BATT_DETECTED": "YES", "BATT_STATE": "ERROR", "BATT_ERROR": f"{self.error:03}"}
            return {**texts, **self.overridden}
        charge = int(round(self.charge, 6))  # sixty steps of half a minute add up to 84.99999999999999
        texts = {
            "BATT_DETECTED": "YES",
            "BATT_TIME_TO_FULL": f"{self.minutes(storage=storage):05}",
            "BATT_STATE": self.state(storage=storage),
            "BATT_CHARGE": f"{charge:03}",
            "BATT_CURRENT_CAPACITY": f"{self.capacity * charge // 100:05}",
            "BATT_CURRENT_CAPACITY_MAX": f"{self.capacity:05}",
            "BATT_CYCLE": f"{self.cycles:05}",
            "BATT_TEMP_F": f"{round(self.temperature * 9 / 5 + 32) + 40:03}",
            "BATT_TEMP_C": f"{round(self.temperature) + 40:03}",
            "BATT_CAPACITY_MAX": f"{self.new_capacity:05}",
            "BATT_HEALTH": f"{min(100, self.capacity * 100 // self.new_capacity):03}",
            "BATT_BARS": f"{math.ceil(charge / 20):03}",
            "BATT_ERROR": "000",
        }
        return {**texts, **self.overridden}


def empty_bay() -> dict[str, str]:
    """What stands behind each property of a bay without a battery."""
    return dict(_EMPTY)


def some_battery(rng: random.Random) -> Battery:
    """A battery that somebody puts into a bay after a show."""
    new = rng.choice((1240, 1300, 1460))
    worn = rng.uniform(0.72, 1.0)
    return Battery(
        charge=rng.uniform(8, 70),
        capacity=int(new * worn),
        new_capacity=new,
        cycles=int((1 - worn) * 1500) + rng.randrange(20),
        settling_s=SETTLE_S,
    )
