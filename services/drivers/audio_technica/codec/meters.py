"""Levels of one channel between two looks, and their summary. PURE."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

KEPT_MOST: Final = 600
"""Samples kept: a minute at ten a second. Beyond that the oldest go."""

ANTENNAS: Final = ("a", "b")


def percent(step: int, steps: int) -> int:
    """A step of the unit's own scale in percent of that scale."""
    return round(step * 100 / steps)


@dataclass(frozen=True, slots=True)
class Level:
    """One sample; what a unit did not tell is ``None``."""

    rf_percent: int | None = None
    rf_dbm: tuple[int | None, int | None] | None = None
    """At antennas A and B."""
    antenna: int | None = None
    """The one that is heard: 0 none, 1 A, 2 B."""
    audio_percent: int | None = None

    @property
    def strongest(self) -> int | None:
        """RF of the better antenna, dBm."""
        return max((dbm for dbm in self.rf_dbm or () if dbm is not None), default=None)

    @property
    def lost(self) -> bool:
        """Whether no carrier was received."""
        return self.antenna == 0 if self.antenna is not None else self.rf_percent == 0

    @property
    def of_radio(self) -> bool:
        """Whether this sample tells of the carrier at all."""
        return self.rf_percent is not None or self.rf_dbm is not None or self.antenna is not None


@dataclass(slots=True)
class Meters:
    """The samples of one channel. ``dropped`` counts what nobody took."""

    samples: deque[Level] = field(default_factory=lambda: deque(maxlen=KEPT_MOST))
    dropped: int = 0

    def add(self, level: Level) -> None:
        """Keep a sample."""
        self.dropped += len(self.samples) == KEPT_MOST
        self.samples.append(level)

    def take(self) -> Mapping[str, object] | None:
        """Everything since the last call, summed up; ``None`` where nothing came."""
        if not self.samples:
            return None
        samples = list(self.samples)
        self.samples.clear()
        return {key: value for key, value in _summary(samples).items() if value is not None}


def _summary(samples: list[Level]) -> dict[str, object]:
    radio = [each for each in samples if each.of_radio]
    newest = radio[-1] if radio else Level()
    strongest = [each.strongest for each in radio if each.strongest is not None]
    percents = [each.rf_percent for each in radio if each.rf_percent is not None]
    audio = [each.audio_percent for each in samples if each.audio_percent is not None]
    found: dict[str, object] = {
        "rf_dbm": newest.strongest,
        "rf_min_dbm": min(strongest, default=None),
        "rf_percent": newest.rf_percent,
        "rf_min_percent": min(percents, default=None),
        "audio_peak_percent": max(audio, default=None),
        "samples": len(radio) or len(audio),
    }
    if radio:
        found["dropouts"] = sum(each.lost for each in radio)
    for number, name in enumerate(ANTENNAS, 1):
        if newest.rf_dbm is not None:
            found[f"rf_{name}_dbm"] = newest.rf_dbm[number - 1]
        if newest.antenna is not None:
            found[f"antenna_{name}"] = "active" if newest.antenna == number else "inactive"
    return found
