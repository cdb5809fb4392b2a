"""No I/O. What happens to the transmitters of a simulated receiver: batteries drain, people come, press, mute and go.

Time comes in as an argument and chance from a seed, so a run can be repeated. The figures are plausible, not measured.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from services.drivers.shure.simulation.receivers.levels import Condition

Change = tuple[int, str, object]
"""Channel number, key of `services.model.keys`, new value."""

DRAIN_PER_HOUR = 9.0
"""Percent an hour: eleven hours on one charge."""
MEAN_ON_S, MEAN_OFF_S = 5400.0, 400.0
"""How long a transmitter stays on the air and away, on average."""
MEAN_UNTIL_PRESS_S, PRESS_S = 900.0, 4.0
MEAN_UNTIL_MUTE_S, MUTE_S = 1200.0, 60.0
MEAN_UNTIL_INTERFERENCE_S, INTERFERENCE_S = 3600.0, 12.0
_BARS = (0, 5, 20, 40, 60, 80)
"""Percent above which one more bar is lit."""


@dataclass(slots=True)
class _Phase:
    """Something that is so for a while and not so for longer; lengths in seconds, exponentially spread."""

    rng: random.Random
    mean_off: float
    mean_on: float
    on: bool = False
    left: float = 0.0

    def __post_init__(self) -> None:
        self.left = self._length()

    def step(self, seconds: float) -> bool:
        """Let time pass; whether it has just turned."""
        self.left -= seconds
        if self.left > 0:
            return False
        self.turn(on=not self.on)
        return True

    def turn(self, *, on: bool) -> None:
        """Begin the other half now."""
        self.on = on
        self.left = self._length()

    def _length(self) -> float:
        return self.rng.expovariate(1 / (self.mean_on if self.on else self.mean_off))


class Transmitter:
    """What happens to one channel."""

    def __init__(self, rng: random.Random, *, drain_per_hour: float) -> None:
        self._drain = drain_per_hour / 3600
        self.charge = rng.uniform(35, 100)
        self.present = _Phase(rng, MEAN_OFF_S, MEAN_ON_S, on=rng.random() < 7 / 8)
        self.pressed = _Phase(rng, MEAN_UNTIL_PRESS_S, PRESS_S)
        self.muted = _Phase(rng, MEAN_UNTIL_MUTE_S, MUTE_S)
        self.interference = _Phase(rng, MEAN_UNTIL_INTERFERENCE_S, INTERFERENCE_S)

    @property
    def condition(self) -> Condition:
        """What the meters show."""
        if not self.present.on:
            return Condition.OFF
        if self.interference.on:
            return Condition.INTERFERENCE
        return Condition.MUTED if self.muted.on else Condition.LIVE

    def step(self, seconds: float) -> Iterator[tuple[str, object]]:
        """Let time pass; what changed."""
        if self.present.on:
            before = int(self.charge)
            self.charge = max(0.0, self.charge - self._drain * seconds)
            if int(self.charge) != before:
                yield from self._battery()
            if self.charge <= 0:
                self.present.turn(on=False)
                yield "transmitter_present", False
        if self.present.step(seconds):
            if self.present.on and self.charge < 30:  # noqa: PLR2004 - nobody walks back on stage with less
                self.charge = 100.0
                yield from self._battery()
            yield "transmitter_present", self.present.on
        if self.interference.step(seconds):
            yield "interference", "detected" if self.interference.on else "none"
        if not self.present.on:
            return
        if self.pressed.step(seconds):
            yield "talk_switch", "pressed" if self.pressed.on else "released"
        if self.muted.step(seconds):
            yield "transmitter_muted", self.muted.on

    def begin(self) -> Iterator[tuple[str, object]]:
        """The values that the transmitter starts with."""
        yield from self._battery()
        yield "transmitter_present", self.present.on

    def _battery(self) -> Iterator[tuple[str, object]]:
        percent = int(self.charge)
        yield "battery_percent", percent
        yield "battery_bars", bars(percent)
        if self._drain:
            yield "battery_runtime_minutes", min(int(self.charge / self._drain / 60), 65532)


class Scenario:
    """What happens to the transmitters of one receiver."""

    def __init__(
        self, seed: str, channels: int, *, drain_per_hour: float = DRAIN_PER_HOUR, time_scale: float = 1.0
    ) -> None:
        """``time_scale`` makes everything here happen that many times as fast; ``seed`` decides all chance."""
        self._time_scale = time_scale
        self._transmitters = [
            Transmitter(random.Random(f"{seed} {number}"), drain_per_hour=drain_per_hour) for number in range(channels)
        ]

    def begin(self) -> Iterator[Change]:
        """The values at the start."""
        for number, transmitter in enumerate(self._transmitters, 1):
            yield from ((number, key, value) for key, value in transmitter.begin())

    def step(self, seconds: float) -> Iterator[Change]:
        """Let real ``seconds`` pass; what changed."""
        for number, transmitter in enumerate(self._transmitters, 1):
            yield from ((number, key, value) for key, value in transmitter.step(seconds * self._time_scale))

    def take_over(self, channel: int, key: str, value: object) -> None:
        """Someone changed a value by hand: the transmitter goes on from there."""
        transmitter = self._transmitters[channel - 1]
        if key == "battery_percent" and isinstance(value, int):
            transmitter.charge = float(value)
        elif key == "transmitter_present":
            transmitter.present.turn(on=bool(value))
        elif key == "transmitter_muted":
            transmitter.muted.turn(on=bool(value))


def bars(percent: int) -> int:
    """Battery bars for a charge, 0 to 5."""
    return sum(percent > limit for limit in _BARS[1:])
