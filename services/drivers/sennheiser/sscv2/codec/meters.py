"""Sums up the fast resources of one channel between two calls of ``take``: constant size, nothing a sample.

A unit reports a level when it has changed, so what it reported last holds until then, and a steady level is no gap as
long as the unit is heard. Source: docs/protocols/sennheiser-sscv2.md#meters
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

STRENGTH, QUALITY, DIVERSITY, LEVEL = range(4)

LIMITS: Final[tuple[tuple[float, float], ...]] = ((-140.0, 20.0), (0.0, 100.0), (0.0, 2.0), (-150.0, 20.0))
"""Beyond them a value is none. The document has -107 to 0 dBm, 0 to 100 %, 0 to 2 and -138.5 to 0 dBFS."""

KEYS: Final = frozenset(
    {
        "rf_dbm",
        "rf_min_dbm",
        "quality_percent",
        "antenna_a",
        "antenna_b",
        "audio_peak_dbfs",
        "audio_overload",
        "dropouts",
        "samples",
    }
)
"""What `ChannelMeters.take` gives."""

_ANTENNAS: Mapping[float, tuple[str, str]] = {
    0: ("inactive", "inactive"),
    1: ("active", "inactive"),
    2: ("inactive", "active"),
}


class ChannelMeters:
    """Levels of one channel."""

    def __init__(self) -> None:
        self.peaking = False
        """The receiver or its transmitter warns of too much audio now."""
        self.received = False
        """A transmitter is linked."""
        self.forget()

    def forget(self) -> None:
        """Nobody meters any more: what was metered is no longer known."""
        self._now: list[float | None] = [None, None, None, None]
        self._lost = True  # a loss that began before is none that happened here
        self._begin()

    def _begin(self) -> None:
        self._counts = [0, 0, 0, 0]
        self._lowest: float | None = self._now[STRENGTH]
        self._highest: float | None = self._now[LEVEL]
        self._overload = self.peaking
        self._dropouts = 0

    def add(self, place: int, value: object) -> bool:
        """Take a level; whether it is one."""
        low, high = LIMITS[place]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            return False
        self._now[place] = value
        self._counts[place] += 1
        if place == STRENGTH:
            self._lowest = value if self._lowest is None else min(self._lowest, value)
        elif place == LEVEL:
            self._highest = value if self._highest is None else max(self._highest, value)
        else:
            self._watch()
        return True

    def warn(self, *, peaking: bool) -> None:
        """The warning of too much audio came or went."""
        self.peaking = peaking
        self._overload = self._overload or peaking

    def take(self, *, heard: bool) -> Mapping[str, object] | None:
        """Sum up, and begin anew; ``None`` where nothing came, or where nothing new came and the unit is silent."""
        samples = max(self._counts)
        if not samples and not (heard and any(each is not None for each in self._now)):
            return None
        strength, quality, diversity, _ = self._now
        antennas = _ANTENNAS.get(diversity) if diversity is not None else None
        levels = {
            "rf_dbm": strength,
            "rf_min_dbm": self._lowest,
            "quality_percent": None if quality is None else round(quality),
            "antenna_a": antennas[0] if antennas else None,
            "antenna_b": antennas[1] if antennas else None,
            "audio_peak_dbfs": None if self._highest is None else min(0.0, self._highest),
            "audio_overload": self._overload,
            "dropouts": self._dropouts,
            "samples": max(1, samples),
        }
        self._begin()
        return levels

    def _watch(self) -> None:
        """A loss counts where it begins, while a transmitter is linked."""
        lost = self._now[QUALITY] == 0 or self._now[DIVERSITY] == 0
        self._dropouts += lost and not self._lost and self.received
        self._lost = lost
