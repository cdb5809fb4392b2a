"""What one unit reported, merged into states, and what of it is new.

Theory: the unit tells nothing by itself, so the same answers come again and again; this hands out what differs from
what was handed out before. What stands of a transmitter counts only while the channel has its link. A link that is lost
for less than `FADE_S` is a fade: until then the transmitter's last values stay, then all of them are unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from services.drivers.lectrosonics.codec.lines import CHANNELS, Answer
from services.drivers.lectrosonics.codec.status import Status
from services.drivers.lectrosonics.codec.words import BY_NAME, TABLE, Scope, Word, channels_of
from services.drivers.lectrosonics.keys import split
from services.drivers.port import Reading
from services.model import Part

PRESENT: Final = "transmitter_present"
FADE_S: Final = 3.0
"""A transmitter that was lost for so many seconds is gone."""

STATUS_KEYS: Final = (PRESENT, "receiver_muted", "receiver_powered", "squelched")
"""Keys of the receiver that its status gives."""
SENT_KEYS: Final = (
    "battery_percent",
    "battery_warning",
    "battery_volts",
    "battery_timer_minutes",
    "transmitter_panel_locked",
)
"""Keys of the transmitter that the status gives."""

_UNIT_KEYS = tuple(key for word in TABLE if word.scope is Scope.UNIT for key in word.keys)
_CHANNEL_KEYS = tuple(key for word in TABLE if word.scope is not Scope.UNIT for key in word.keys)
_TRANSMITTER_KEYS = (*SENT_KEYS, *(key for word in TABLE if word.scope is Scope.TRANSMITTER for key in word.keys))
DIGITAL = "d2_digital"
"""The only mode in which a key is needed: the others are analog or of other makers' age."""


class UnitState:
    """The states of one unit: number 0 is itself, 1 to 4 are its channels."""

    def __init__(self) -> None:
        channel = dict.fromkeys((*STATUS_KEYS, *SENT_KEYS, *_CHANNEL_KEYS))
        self._values: dict[int, dict[str, object]] = {
            0: dict.fromkeys(_UNIT_KEYS),
            **{number: dict(channel) for number in range(1, CHANNELS + 1)},
        }
        self._handed_out = {number: dict(values) for number, values in self._values.items()}
        self._lost_at: dict[int, float] = {}
        self.present: set[int] = set()
        """Channels that the unit has."""
        self.linked: set[int] = set()
        """Channels with a link now, or lost a moment ago."""

    def take(self, answer: Answer, number: int | None) -> bool | None:
        """Merge an answer about a channel or pair. ``False``: its text has no meaning; ``None``: its word has none."""
        word = BY_NAME.get(answer.word)
        places = channels_of(word, number) if word is not None else ()
        if word is None or not places:
            return None
        try:
            values = word.read(answer.text)
        except ValueError:
            self._merge(word, places, (None,) * len(word.keys))
            return False
        self._merge(word, places, values)
        return True

    def take_status(self, number: int, status: Status, now: float) -> None:
        """Merge the status of a channel; one that is not there has no values."""
        values = self._values[number]
        if not status.present:
            self.present.discard(number)
            self.linked.discard(number)
            self._lost_at.pop(number, None)
            values |= dict.fromkeys(values)
            return
        self.present.add(number)
        values |= {
            "receiver_muted": _flag(status.mute),
            "receiver_powered": _flag(status.power),
            "squelched": _flag(status.squelch),
        }
        if status.link:
            self._lost_at.pop(number, None)
            self.linked.add(number)
            values |= {
                PRESENT: True,
                "battery_percent": status.percent,
                "battery_warning": None if status.warning is None else status.warning > 0,
                "battery_volts": None if status.tenth_volts is None else status.tenth_volts / 10,
                "battery_timer_minutes": status.timer,
                "transmitter_panel_locked": _flag(status.panel_lock),
            }
        elif number not in self.linked or now - self._lost_at.setdefault(number, now) >= FADE_S:
            self._lost_at.pop(number, None)
            self.linked.discard(number)
            values |= {PRESENT: None if status.link is None else False, **dict.fromkeys(_TRANSMITTER_KEYS)}

    def forget(self, word: str, number: int | None) -> None:
        """A property was asked for in vain: what it gave before is no longer known."""
        for place in channels_of(BY_NAME[word], number):
            self._values[place] |= dict.fromkeys(BY_NAME[word].keys)

    def changes(self, parts: Collection[int]) -> list[Reading]:
        """What differs from what was handed out before, of the unit and of these channels."""
        readings = []
        for number in (0, *parts):
            values, before = self._shown(number), self._handed_out[number]
            if new := {key: value for key, value in values.items() if value != before[key]}:
                readings.append(self._reading(number, new, whole=False))
        return readings

    def everything(self, parts: Collection[int]) -> list[Reading]:
        """All that is known of the unit and of these channels."""
        return [self._reading(number, self._shown(number), whole=True) for number in (0, *parts)]

    def value(self, number: int, key: str) -> object:
        """What is known of one key."""
        return self._values[number].get(key)

    def _merge(self, word: Word, places: Collection[int], values: Collection[object]) -> None:
        for place in places:
            if word.scope is not Scope.TRANSMITTER or place in self.linked:
                self._values[place] |= dict(zip(word.keys, values, strict=True))

    def _shown(self, number: int) -> Mapping[str, object]:
        values = self._values[number]
        if number and values["compatibility_mode"] != DIGITAL:
            return {**values, "encryption_fault": None}
        return values

    def _reading(self, number: int, values: Mapping[str, object], *, whole: bool) -> Reading:
        common, own = split(values.items())
        self._handed_out[number] |= values
        return Reading(Part(number), common, own, whole)


def _flag(raw: int | None) -> bool | None:
    return None if raw is None else bool(raw)
