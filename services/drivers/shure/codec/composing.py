"""PURE. Keys that take more than one message: what comes in several messages is kept here and emitted together."""

from __future__ import annotations

from collections import defaultdict

from services.drivers.port import Part, Reading

PRIVATE_KEYS = frozenset({"menu_locked", "power_locked", "quadversity"})
"""Keys that are in no state: halves of such a key."""
_PARTS = PRIVATE_KEYS | {"fd_mode", "antenna_count"}
"""Keys of a channel that others follow from."""
_SLOT_PARTS = frozenset({"status", "battery_runtime_minutes"})


class Composer:
    """Completes the readings of one conversation."""

    def __init__(self) -> None:
        self._channels: defaultdict[int, dict[str, object]] = defaultdict(dict)
        self._slots: defaultdict[Part, dict[str, object]] = defaultdict(dict)
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
            return [self._slot(reading)]
        known = self._channels[channel]
        if reading.values.keys().isdisjoint(_PARTS):
            return [reading]
        known.update((key, value) for key, value in reading.values.items() if key in _PARTS)
        values = {key: value for key, value in reading.values.items() if key not in PRIVATE_KEYS}
        if not reading.values.keys().isdisjoint({"menu_locked", "power_locked"}):
            values["tx_lock"] = _lock(known)
        if not reading.values.keys().isdisjoint({"quadversity", "fd_mode", "antenna_count"}):
            values["diversity"] = self._diversity(channel)
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

    def _slot(self, reading: Reading) -> Reading:
        known = self._slots[reading.part]
        known.update((key, value) for key, value in reading.values.items() if key in _SLOT_PARTS)
        values = dict(reading.values)
        # SLX-D+ reports the minutes of the active transmitter for both places (seen on a real unit): only one has them
        if known.get("status") == "offline":
            values["battery_runtime_minutes"] = None
        elif known.get("status") == "online" and "status" in values and "battery_runtime_minutes" in known:
            values["battery_runtime_minutes"] = known["battery_runtime_minutes"]
        return Reading(reading.part, values)


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
