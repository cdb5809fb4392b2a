"""Changes made and messages that arrived -> percentiles, and what never came. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.simulators import Change

STOOD_NS = 100_000_000
"""A value that stands so long must arrive; a shorter one may be overtaken by the next."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from a device's write to the subscriber's read."""

    p50: float
    p99: float
    worst: float
    arrived: int
    overtaken: int
    """Values that stood for less than 100 ms, and whose successor came instead."""
    missed: int
    """Values that had to arrive and did not."""

    def __str__(self) -> str:
        return f"p50 {self.p50:.2f} ms, p99 {self.p99:.2f} ms, worst {self.worst:.1f} ms"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def judge(changes: Sequence[Change], arrived: Mapping[str, int]) -> Latency:
    """``arrived`` is when each name came, in nanoseconds of the clock that the changes were noted with."""
    took: list[float] = []
    overtaken = missed = 0
    following: dict[tuple[int, int], int] = {}
    for receiver, channel, name, at in reversed(changes):
        stood = following.get((receiver, channel), at + STOOD_NS) - at
        following[receiver, channel] = at
        came = arrived.get(name)
        if came is not None:
            took.append((came - at) / 1e6)
        elif stood >= STOOD_NS:
            missed += 1
        else:
            overtaken += 1
    worst = max(took, default=float("nan"))
    return Latency(percentile(took, 0.5), percentile(took, 0.99), worst, len(took), overtaken, missed)
