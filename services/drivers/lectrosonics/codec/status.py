"""The sixteen numbers of a channel's status. Source: docs/protocols/lectrosonics-dsqd.md#status-of-a-channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.drivers.lectrosonics.codec.lines import numbers

FIELDS: Final = 16
_LIMITS: Mapping[str, tuple[int, int]] = {
    "present": (0, 1),
    "power": (0, 1),
    "link": (0, 1),
    "audio": (-120, 0),
    "rf": (0, 240),
    "scan": (0, 255),
    "antenna": (0, 2),
    "mute": (0, 1),
    "squelch": (0, 1),
    "timer": (0, 599),
    "warning": (0, 4),
    "panel_lock": (0, 1),
    "limiter": (0, 1),
    "clip": (0, 1),
    "tenth_volts": (0, 100),
    "percent": (0, 100),
}
"""Name of each number in its order, and what it can be."""


@dataclass(frozen=True, slots=True)
class Status:
    """One status. A number outside its limits is ``None``. Those of the transmitter count only while ``link`` is 1."""

    present: int | None
    power: int | None
    link: int | None
    audio: int | None
    """Half decibels below 0 dBFS: -120 to 0."""
    rf: int | None
    """Quarter decibels above 1 uV: 0 to 240."""
    scan: int | None
    antenna: int | None
    """1 is A, 2 is B."""
    mute: int | None
    squelch: int | None
    timer: int | None
    """Minutes since the transmitter's battery timer was set to zero."""
    warning: int | None
    panel_lock: int | None
    limiter: int | None
    clip: int | None
    tenth_volts: int | None
    percent: int | None

    @property
    def complete(self) -> bool:
        """Whether all that counts has a meaning."""
        fields = self.__slots__ if self.link else self.__slots__[:_RECEIVER_FIELDS]
        return all(getattr(self, name) is not None for name in fields)


_RECEIVER_FIELDS = 9
"""The first ones belong to the receiver, the others to the transmitter."""


def read_status(text: str) -> Status:
    """A status. Raises `ValueError` for anything but sixteen numbers or more; what stands behind them is left out."""
    found = numbers(text)
    if len(found) < FIELDS:
        raise ValueError(f"a status of {len(found)} numbers")
    pairs = zip(_LIMITS.items(), found, strict=False)
    return Status(**{name: raw if low <= raw <= high else None for (name, (low, high)), raw in pairs})
