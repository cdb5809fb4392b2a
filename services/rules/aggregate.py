"""Minimum, maximum and mean of the meters over a longer while, for recorders. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

LEVEL_KEYS: tuple[str, ...] = (
    "rf_dbm",
    "rf_min_dbm",
    "audio_peak_dbfs",
    "audio_rms_dbfs",
    "quality",
    "quality_percent",
)
"""The telemetry keys that a recorder keeps."""


@dataclass(slots=True)
class Levels:
    """Running extremes of one channel since they were last taken."""

    _figures: dict[str, list[float]] = field(default_factory=dict)  # key -> [minimum, maximum, sum, count]
    intervals: int = 0

    def add(self, telemetry: Mapping[str, object]) -> None:
        """Take one telemetry interval in."""
        self.intervals += 1
        figures = self._figures
        levels = cast("Mapping[str, float | None]", telemetry)  # under these keys
        for key in LEVEL_KEYS:
            value = levels.get(key)
            if value is None:
                continue
            figure = figures.get(key)
            if figure is None:
                figures[key] = [value, value, value, 1]
                continue
            if value < figure[0]:
                figure[0] = value
            elif value > figure[1]:
                figure[1] = value
            figure[2] += value
            figure[3] += 1

    def take(self) -> dict[str, object] | None:
        """``<key>_min``, ``_max`` and ``_mean`` since the last call; ``None`` where nothing was metered."""
        if not self.intervals:
            return None
        taken: dict[str, object] = {"intervals": self.intervals}
        for key, (low, high, total, count) in self._figures.items():
            taken[f"{key}_min"], taken[f"{key}_max"] = low, high
            taken[f"{key}_mean"] = round(total / count, 1)
        self._figures.clear()
        self.intervals = 0
        return taken
