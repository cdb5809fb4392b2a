"""PURE. Puts together what several messages report of the slots of a channel: places of registered transmitters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from services.drivers.port import Part, Reading
from services.model import KEYS, Facet, Kind

STATUS = "status"
EMPTY, OFFLINE, ON_AIR = "empty", "offline", "linked_active"
RF_MUTED, MINUTES = "transmitter_rf_muted", "battery_runtime_minutes"

_KEYS = frozenset(KEYS.names(Kind.CHANNEL, Facet.SLOTS)) - {"number", STATUS}
"""What a slot has of its transmitter."""


class Slots:
    """The slots of all channels of one conversation.

    An emptied slot gives one reading without anything of the transmitter that was registered; what is reported of an
    empty slot is kept back until a transmitter is there, for the order in which a unit reports one is not known.
    """

    def __init__(self) -> None:
        self._known: defaultdict[Part, dict[str, object]] = defaultdict(dict)
        self._rf_muted: dict[int, object] = {}
        """As it was emitted last, by channel."""

    def compose(self, reading: Reading) -> list[Reading]:
        """The readings to emit in place of this one, with what follows for its channel."""
        known = self._known[reading.part]
        if reading.values.get(STATUS) == EMPTY:
            known.clear()
        known.update(reading.values)
        return [Reading(reading.part, _view(known)), *self._channel(reading.part.number)]

    def _channel(self, channel: int) -> list[Reading]:
        """Whether the carrier of the channel's transmitter is switched off: ShowLink reports it at its slot."""
        slots = (known for part, known in self._known.items() if part.number == channel)
        carriers = {known.get(RF_MUTED) for known in slots if known.get(STATUS) == ON_AIR}
        muted = False not in carriers if carriers & {True, False} else None
        if self._rf_muted.get(channel) is muted:
            return []
        self._rf_muted[channel] = muted
        return [Reading(Part(channel), {RF_MUTED: muted})]


def _status(known: Mapping[str, object]) -> object:
    """SLX-D+ has no word for an empty place: it is offline, and its model is blank (seen on a real unit)."""
    status = known.get(STATUS)
    blank = "transmitter_model" in known and known["transmitter_model"] is None
    return EMPTY if status == OFFLINE and blank else status


def _view(known: Mapping[str, object]) -> dict[str, object]:
    """Everything that is known of a slot.

    SLX-D+ reports the minutes of the active transmitter for both places (seen on a real unit): only one has them.
    """
    if _status(known) == EMPTY:
        return {**dict.fromkeys(_KEYS), STATUS: EMPTY}
    view = dict(known)
    if known.get(STATUS) == OFFLINE and MINUTES in known:
        view[MINUTES] = None
    return view
