"""PURE. Keys that take more than one message: what comes in several messages is kept here and emitted together.

What one message says may end what others said: a channel without a second carrier has no second frequency, a slot that
was emptied no battery. Units do not take such values back one by one, so here they go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from services.drivers.port import Part, Reading
from services.drivers.shure.codec.slots import Slots

PRIVATE_KEYS = frozenset({"menu_locked", "power_locked", "quadversity"})
"""Keys that are in no state: halves of such a key."""
SECOND_CARRIER = frozenset({"frequency_2_mhz", "group_2", "group_channel_2", "interference_2"})
"""Keys that a channel has in ``fd_c`` alone."""
ONE_CARRIER = frozenset({"off", "fd_s"})
"""Words of ``fd_mode`` for a channel with one carrier."""
_PARTS = PRIVATE_KEYS | SECOND_CARRIER | {"fd_mode", "antenna_count"}
"""Keys of a channel that others follow from, or that go with others."""


class Composer:
    """Completes the readings of one conversation."""

    def __init__(self) -> None:
        self._channels: defaultdict[int, dict[str, object]] = defaultdict(dict)
        self._slots = Slots()
        self._quadversity: object = None
        self._paired: frozenset[int] = frozenset()
        """Channels in frequency diversity, where the receiver reports it and not the channel."""

    @property
    def parts(self) -> tuple[int, ...] | None:
        """The model or the licence decides how many channels there are, and no report."""
        return None

    def complete(self) -> list[Reading]:
        """Nothing is kept back."""
        return []

    def compose(self, reading: Reading) -> list[Reading]:
        """The readings to emit in place of this one, maybe with consequences for other channels."""
        channel = reading.part.number
        if not channel:
            return [reading, *self._receiver(reading)]
        if reading.part.slot:
            return self._slots.compose(reading)
        known = self._channels[channel]
        if reading.values.keys().isdisjoint(_PARTS):
            return [reading]
        known.update((key, value) for key, value in reading.values.items() if key in _PARTS)
        values = {key: value for key, value in reading.values.items() if key not in PRIVATE_KEYS}
        if not reading.values.keys().isdisjoint({"menu_locked", "power_locked"}):
            values["tx_lock"] = _lock(known)
        if not reading.values.keys().isdisjoint({"quadversity", "fd_mode", "antenna_count"}):
            values["diversity"] = self._diversity(channel)
        if not reading.values.keys().isdisjoint(SECOND_CARRIER | {"fd_mode"}):
            values |= _second_carrier(known, reading.values)
        return [Reading(reading.part, values)]

    def _receiver(self, reading: Reading) -> list[Reading]:
        values = reading.values
        if "quadversity_mode" in values:
            self._quadversity = values["quadversity_mode"]
        elif "frequency_diversity_mode" in values:
            self._paired = _paired(values["frequency_diversity_mode"])
        else:
            return []
        return [Reading(Part(channel), {"diversity": self._diversity(channel)}) for channel in sorted(self._channels)]

    def _diversity(self, channel: int) -> str:
        known = self._channels[channel]
        antennas = known.get("antenna_count")
        four = known.get("quadversity") or self._quadversity or (isinstance(antennas, int) and antennas > 2)  # noqa: PLR2004
        frequency = known.get("fd_mode") in {"fd_c", "fd_s"} or channel in self._paired
        if frequency:
            return "quadversity_frequency" if four else "frequency"
        return "quadversity" if four else "antenna"


def _second_carrier(known: dict[str, object], values: Mapping[str, object]) -> dict[str, object]:
    """What of the second carrier is to be emitted with these values."""
    if known.get("fd_mode") not in ONE_CARRIER:
        return {key: known[key] for key in SECOND_CARRIER & known.keys()} if "fd_mode" in values else {}
    if "fd_mode" in values:  # what was reported before is no evidence when it comes back
        for key in SECOND_CARRIER & known.keys():
            del known[key]
    return dict.fromkeys(SECOND_CARRIER)


def _lock(known: dict[str, object]) -> str | None:
    """ULX-D and QLX-D report the two halves of the lock apart; unknown as long as one half is."""
    halves = known.get("menu_locked"), known.get("power_locked")
    if None in halves:
        return None
    return {(True, True): "all", (True, False): "menu", (False, True): "power", (False, False): "none"}[
        bool(halves[0]), bool(halves[1])
    ]


def _paired(mode: object) -> frozenset[int]:
    """``1+2/3+4`` -> the channels in it."""
    return frozenset(int(digit) for digit in str(mode) if digit.isdigit())
