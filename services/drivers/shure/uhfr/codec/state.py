"""What one receiver reported, merged into states, and what of it is new.

Theory: a value comes as an answer, as a change that the receiver tells, and as a sample's battery. So this keeps the
newest of every key and hands out what differs from what was handed out before. Whether a transmitter is on the air is
never told: battery bars come from a transmitter alone, and no bars with no antenna lit is none. No bars beside a lit
antenna stays undecided, and antennas that stay dark outweigh bars (docs/protocols/uhfr.md#is-a-transmitter-there).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from services.drivers.port import Reading
from services.drivers.shure.uhfr.codec.lines import CHANNELS_MOST, Report
from services.drivers.shure.uhfr.codec.words import BATTERY_BARS, CHANNEL_WORDS, KNOWN_ONLY, UNIT_WORDS, WORDS
from services.drivers.shure.uhfr.keys import split
from services.model import Part

PRESENT = "transmitter_present"
METERED = ("rf_a_raw", "rf_b_raw")
"""Keys of a channel that come from its samples."""

_CHANNEL_KEYS = (*(key for word in CHANNEL_WORDS for key in word.keys), PRESENT, *METERED)
_UNIT_KEYS = tuple(key for word in UNIT_WORDS for key in word.keys)


class UnitState:
    """The states of one receiver: number 0 is itself, 1 and 2 are its channels."""

    def __init__(self) -> None:
        self._values: dict[int, dict[str, object]] = {
            0: dict.fromkeys(_UNIT_KEYS),
            **{number: dict.fromkeys(_CHANNEL_KEYS) for number in range(1, CHANNELS_MOST + 1)},
        }
        self._handed_out = {number: dict(values) for number, values in self._values.items()}
        self._carrier: dict[int, bool | None] = {}
        self._gone: dict[int, bool] = {}
        self.answered: set[tuple[int, str]] = set()
        """Words that were ever reported, by channel."""

    def take(self, report: Report) -> bool | None:
        """Merge one report. ``False``: its text has no meaning; ``None``: its word has none here."""
        word = WORDS[report.channel > 0].get(report.word)
        if word is None:
            return True if report.word in KNOWN_ONLY else None
        self.answered.add(report.address)
        try:
            values = word.read(report.text)
        except ValueError:
            self._merge(report.channel, dict.fromkeys(word.keys))
            return False
        self._merge(report.channel, dict(zip(word.keys, values, strict=True)))
        return True

    def take_sampled(self, channel: int, battery: str, *, carrier: bool | None, gone: bool) -> bool:
        """Merge what a sample says beside its levels; whether the battery had a meaning."""
        if battery not in BATTERY_BARS:
            return False
        self._carrier[channel], self._gone[channel] = carrier, gone
        self._merge(channel, {"battery_bars": BATTERY_BARS[battery]})
        return True

    def take_levels(self, channel: int, rf_a: int | None, rf_b: int | None) -> None:
        """The newest levels of a channel, as they are published beside its state."""
        self._values[channel] |= dict(zip(METERED, (rf_a, rf_b), strict=True))

    def unmetered(self, channel: int) -> None:
        """Samples do not come any more: what they said is no longer known."""
        self._carrier[channel], self._gone[channel] = None, False
        self._merge(channel, dict.fromkeys(METERED))

    def forget(self, channel: int, word: str) -> None:
        """A property was asked for in vain: what it gave before is no longer known."""
        self._merge(channel, dict.fromkeys(WORDS[channel > 0][word].keys))

    def changes(self, parts: Collection[int]) -> list[Reading]:
        """What differs from what was handed out before, of the receiver and of these channels."""
        readings = []
        for number in (0, *parts):
            values, before = self._values[number], self._handed_out[number]
            if values != before:
                new = {key: value for key, value in values.items() if value != before[key]}
                readings.append(self._reading(number, new, whole=False))
        return readings

    def everything(self, parts: Collection[int]) -> list[Reading]:
        """All that is known of the receiver and of these channels."""
        return [self._reading(number, self._told(number), whole=True) for number in (0, *parts)]

    def value(self, channel: int, key: str) -> object:
        """What is known of one key."""
        return self._values[channel].get(key)

    def _told(self, number: int) -> Mapping[str, object]:
        """What a receiver or channel has: a word that was never reported may not exist there."""
        mine = [word for word in WORDS[number > 0].values() if (number, word.name) in self.answered]
        keys = [key for word in mine for key in word.keys] + ([PRESENT, *METERED] if number else [])
        return {key: self._values[number][key] for key in keys}

    def _reading(self, number: int, values: Mapping[str, object], *, whole: bool) -> Reading:
        common, own = split(values.items())
        self._handed_out[number] |= values
        return Reading(Part(number), common, own, whole)

    def _merge(self, channel: int, values: Mapping[str, object]) -> None:
        known = self._values[channel]
        known |= values
        if channel:
            known[PRESENT] = self._present(channel)

    def _present(self, channel: int) -> bool | None:
        if self._gone.get(channel):
            return False
        if self._values[channel]["battery_bars"] is not None:
            return True
        return False if self._carrier.get(channel) is False else None
