"""PURE. Puts together what several messages say of one microphone, or of one bay of a dock.

What belongs under ``more`` goes there. A microphone on a charger is not on the air, so its battery stands under keys of
its own. What a dock says of a bay without a docked microphone is of nothing that is there, and is kept back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from services.drivers.port import UNIT, Part, Reading
from services.drivers.shure.families.mxw.words import DOCKED_WORD, OF_BAY, OF_CHANNEL, OF_SECOND, ON_AIR, STATUS

BAY_PREFIX = "bay_"
"""Begins the keys of what an access point says of its own bays; the number of the bay follows when they are emitted."""
SECOND_STATUS = "second_microphone_status"
PRESENT, AVAILABLE = "transmitter_present", "microphone_available"
_PRESENCE = frozenset({PRESENT, AVAILABLE})
"""A microphone that is not available is not on the air, whatever it did last."""

_MORE = frozenset(key.name for key in (*OF_CHANNEL, *OF_SECOND, *OF_BAY))
_OF_DOCKED: Mapping[str, str] = {
    "docked_battery_percent": "battery_percent",
    "docked_time_to_full_minutes": "docked_time_to_full_minutes",
}
"""Key under ``more`` that only a docked microphone has -> key of the property that it comes from."""
_OF_CHARGING = frozenset({STATUS, *_OF_DOCKED.values()})


class Microphones:
    """`ReadingComposer` of an access point."""

    def __init__(self, *, charges: bool) -> None:
        """``charges``: it reports how long the battery of a docked microphone will take."""
        self._known: defaultdict[int, dict[str, object]] = defaultdict(dict)
        self._docked = [key for key in _OF_DOCKED if charges or key != "docked_time_to_full_minutes"]

    @property
    def parts(self) -> tuple[int, ...] | None:
        """The model decides how many channels there are."""
        return None

    def complete(self) -> list[Reading]:
        """Nothing is kept back."""
        return []

    def compose(self, reading: Reading) -> list[Reading]:
        """The readings to emit in place of this one."""
        number = reading.part.number
        if not number:
            return [reading]
        bays = {key: value for key, value in reading.values.items() if key.startswith(BAY_PREFIX)}
        if bays:
            return [Reading(UNIT, {}, {key.replace(BAY_PREFIX, f"bay_{number}_", 1): bays[key] for key in bays})]
        values, more = _split(reading.values)
        known = self._known[number]
        known.update(reading.values)
        if not reading.values.keys().isdisjoint(_PRESENCE) and PRESENT in known:
            values[PRESENT] = False if known.get(AVAILABLE) is False else known[PRESENT]
        if more.get(SECOND_STATUS, "active") not in ON_AIR:  # of one that went nothing is known any longer
            more |= {key.name: None for key in OF_SECOND if key.name not in more}
        if not reading.values.keys().isdisjoint(_OF_CHARGING):
            docked = known.get(STATUS) == DOCKED_WORD
            more |= {key: known.get(_OF_DOCKED[key]) if docked else None for key in self._docked}
        return [Reading(reading.part, values, more)] if values or more else []


class Bays:
    """`ReadingComposer` of a dock."""

    def __init__(self) -> None:
        self._known: defaultdict[int, dict[str, object]] = defaultdict(dict)
        self._emptied: set[int] = set()
        """Bays of which the newest that was emitted is that nothing is docked there."""

    @property
    def parts(self) -> tuple[int, ...] | None:
        """The model decides how many bays there are."""
        return None

    def complete(self) -> list[Reading]:
        """Nothing is kept back."""
        return []

    def compose(self, reading: Reading) -> list[Reading]:
        """The readings to emit in place of this one."""
        bay = reading.part.number
        if not bay:
            return [reading]
        known = self._known[bay]
        known.update(reading.values)
        if STATUS in known and known[STATUS] != DOCKED_WORD:
            if bay in self._emptied and STATUS not in reading.values and "microphone_available" not in reading.values:
                return []
            self._emptied.add(bay)
            return [_nothing_docked(reading.part, known)]
        if bay in self._emptied:
            self._emptied.discard(bay)
            return [_docked(reading.part, known)]
        return [_docked(reading.part, {**reading.values, **_following(known)})]


def _following(known: Mapping[str, object]) -> dict[str, object]:
    """What is worked out of several reports."""
    return {key: known[key] for key in (STATUS, "dock_time_status") if key in known}


def _docked(part: Part, known: Mapping[str, object]) -> Reading:
    values, more = _split(known)
    if STATUS in known:
        values["occupied"] = True
    if "dock_time_status" in known:
        values["charge_state"] = {"ok": "charging", "reached": "full"}.get(str(known["dock_time_status"]))
    return Reading(part, values, more)


def _nothing_docked(part: Part, known: Mapping[str, object]) -> Reading:
    """A microphone that is in use is not in its bay; one of which nothing is known may be, switched off."""
    gone = known[STATUS] in ON_AIR
    values: dict[str, object] = {"occupied": False, "charge_state": "empty"} if gone else {"occupied": None}
    more = {STATUS: known[STATUS], "microphone_available": known.get("microphone_available")}
    return Reading(part, values, more, whole=True)


def _split(known: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """What the core knows, and what stands under ``more``."""
    values = {key: value for key, value in known.items() if key not in _MORE}
    return values, {key: value for key, value in known.items() if key in _MORE}
