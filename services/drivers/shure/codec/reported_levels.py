"""PURE. Meters that come as reports, one message a side, in the unit's own linear scale.

Nobody knows what full scale is, and three rigs disagree: the numbers are published as they are, and no decibels are
made of them. Source: docs/protocols/psm1000.md#meters.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.model import Telemetry

DIGITS = 11
"""A level has up to so many by the document; the largest seen has seven."""
_MESSAGE = re.compile(rb"< REPORT +(\d{1,2}) +([A-Z_]+) +(\d{1,%d}) >" % DIGITS, re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class ReportedLevels:
    """Which reports are meters: wire name -> key of the telemetry. Compared and hashed by identity."""

    names: Mapping[str, str]
    _mark: re.Pattern[bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = "|".join(map(re.escape, self.names)) or "(?!)"
        object.__setattr__(self, "_mark", re.compile(rb"REPORT +\d+ +(?:%b)(?: |\Z)" % names.encode(), re.IGNORECASE))

    @property
    def keys(self) -> frozenset[str]:
        """What is metered."""
        return frozenset({*self.names.values(), "samples"}) if self.names else frozenset()

    def has(self, body: bytes) -> bool:
        """Whether the body of a message is one of these."""
        return self._mark.match(body) is not None

    def summarise(self, messages: bytes) -> tuple[dict[int, Telemetry], int]:
        """The highest level of each side of each channel, and how many messages were read.

        The sides come apart, so as many samples count as the side has that came more often.
        """
        levels: defaultdict[int, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        read = 0
        for channel, name, level in _MESSAGE.findall(messages):
            key = self.names.get(name.decode().upper())
            if key is not None:
                levels[int(channel)][key].append(int(level))
                read += 1
        return {
            channel: {**{key: max(each) for key, each in sides.items()}, "samples": max(map(len, sides.values()))}
            for channel, sides in levels.items()
        }, read
