"""How a bay's state follows from what was reported, and what of it is an event. PURE."""

from __future__ import annotations

from collections.abc import Mapping

from services.model import KEYS, EventType, Kind, State
from services.rules.folded import Happening, Situation
from services.rules.status import faulty

PRESENCE = "occupied"

BATTERY_KEYS = KEYS.gone_with(Kind.BAY, PRESENCE)
"""What only a battery or transmitter in the bay can have: null as soon as the bay is empty."""

_FULL = frozenset({"full", "stored"})


def derive(new: dict[str, object], _old: State, reported: Mapping[str, object], _around: Situation) -> None:
    """Fill in what follows from the reported keys, in place: an empty bay keeps nothing of what was in it."""
    if new[PRESENCE] is None and reported.get("charge_state") == "empty":
        new[PRESENCE] = False
    if new[PRESENCE] is False:
        for key in BATTERY_KEYS:
            new[key] = None


EDGES: tuple[tuple[str, object, object, EventType], ...] = (
    ("occupied", False, True, "device_inserted"),
    ("occupied", True, False, "device_removed"),
)
"""Key, from, to, event. A first value is no event: nobody saw it change."""


def charge_events(old: State, new: State, _was: object, _level: object) -> list[Happening]:
    """Events of a changed charge; none where the bay was not known before."""
    was, now = old["charge_state"], new["charge_state"]
    if was is None or new[PRESENCE] is False:
        return []
    happened = []
    if now in _FULL and was not in _FULL and old[PRESENCE] is not False:
        happened.append(Happening("charge_complete", {"charge_state": was}, {"charge_state": now}))
    if faulty(new) and not faulty(old):
        happened.append(
            Happening(
                "bay_fault", {"charge_state": was, "fault": old["fault"]}, {"charge_state": now, "fault": new["fault"]}
            )
        )
    return happened
