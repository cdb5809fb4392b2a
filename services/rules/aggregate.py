"""Minimum, maximum and mean of the meters over a longer while, for recorders. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.model import KEYS, PART_KINDS, Telemetry

RECORDED: frozenset[str] = frozenset(key for kind in PART_KINDS for key in KEYS.recorded(kind))
"""The meters that a recorder keeps, of every kind: rows with `Key.recorded`."""


@dataclass(slots=True)
class TelemetryAggregate:
    """Running extremes of one part since they were last taken."""

    _figures: dict[str, list[float]] = field(default_factory=dict)  # key -> [minimum, maximum, sum, count]
    intervals: int = 0

    def add(self, telemetry: Telemetry) -> None:
        """Take one telemetry interval in."""
        self.intervals += 1
        figures = self._figures
        for key, value in telemetry.items():
            if value is None or key not in RECORDED:
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
