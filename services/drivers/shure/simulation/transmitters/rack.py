"""No I/O. One simulated P10T with its two transmitters: what it holds, what it answers, what it reports unasked.

Written from docs/protocols/psm1000.md. Where no document decides, this file chose: what it does not know or cannot take
gets no answer at all (no error is known of this line), an interval of meters below 100 ms is none, every connection
gets the report of a change, and the frequencies of groups lie as `grouped` has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

TRANSMITTERS = (1, 2)
NAME_MOST = 8
GRID_KHZ = 25
LEAST_METER_MS, MOST_METER_MS = 100, 10**11 - 1
NO_GROUP = "--,--"
BANDS: Mapping[str, tuple[int, int]] = {"G10": (470_000, 542_000), "J8": (554_000, 626_000), "L8": (626_000, 698_000)}
"""Code of a band and its ends in kHz. The unit does not tell which it has."""
LOUDEST = 3_548_184
"""The highest level that was seen of real units."""
IDLE = (300, 450)
STILL = (123_456, 98_765)

_COMMAND = re.compile(r"<\s(GET|SET)\s(?:(\d+)\s)?(CHAN NAME|[A-Z_]+)(?:\s([^<>{}]*?))?\s?>")
"""The first command of a line; what follows it in the same line is lost."""
_GROUP = re.compile(r"(\d{1,2}),(\d{1,2})")
_MODES = {"mono": "1", "point_to_point": "2", "stereo": "3"}
_LINE_LEVELS = {"aux": "0", "line": "1"}

Lines = list[bytes]


@dataclass(slots=True)
class Answer:
    """What a command brings about."""

    replies: Lines = field(default_factory=list)
    """To who asked."""
    reports: Lines = field(default_factory=list)
    """To everyone who is connected."""


class Rack:
    """The state of one unit. Texts are kept as they stand on the wire."""

    def __init__(self, number: int, band: str, rng: Random, *, still: bool) -> None:
        self.low, self.high = BANDS[band]
        self.values: dict[tuple[int, str], str] = {(0, "DEVICE_NAME"): f"RACK{number}"}
        self.meter_ms = {1: 0, 2: 0}
        self.names_blank = False
        """A fault: every channel name reads as blank."""
        self.off_air = False
        """A fault: both carriers are muted, whatever was set."""
        self._rng = rng
        self._still = still
        self._pins: dict[tuple[int, str], int] = {}
        self._programme = {1: 0.0, 2: 0.0}
        for channel in TRANSMITTERS:
            place = (2 * number + channel) * 31 * GRID_KHZ % (self.high - self.low)
            self.values |= {
                (channel, "CHAN_NAME"): f"IEM {2 * number + channel - 2}",
                (channel, "FREQUENCY"): f"{self.low + place - place % GRID_KHZ:06}",
                (channel, "GROUP_CHAN"): NO_GROUP,
                (channel, "RF_MUTE"): "0",
                (channel, "RF_TX_LVL"): "50",
                (channel, "AUDIO_TX_MODE"): "3",
                (channel, "AUDIO_IN_LVL"): "-16",
                (channel, "AUDIO_IN_LINE_LVL"): "1",
            }

    def shown(self, place: tuple[int, str]) -> str:
        """What stands at a place now."""
        if place[1] == "CHAN_NAME" and self.names_blank:
            return ""
        if place[1] == "RF_MUTE" and self.off_air:
            return "1"
        if place[1] == "METER_RATE":
            return str(self.meter_ms[place[0]])
        return self.values[place]

    def changed_by(self, change: Callable[[], None]) -> Lines:
        """Do something, and give the reports of everything that shows something else than before."""
        before = {place: self.shown(place) for place in self.values}
        change()
        return [self._line(place) for place, text in before.items() if self.shown(place) != text]

    def _line(self, place: tuple[int, str]) -> bytes:
        words = ["REPORT", *([str(place[0])] if place[0] else []), place[1], *self.shown(place).split()]
        return f"< {' '.join(words)} >\r\n".encode("latin-1", "replace")

    # -- commands ----------------------------------------------------------------------------------------------

    def answer(self, line: bytes, *, refuses: bool = False) -> Answer:
        """Answer one line, without its end. A unit that ``refuses`` repeats what it has."""
        result = Answer()
        found = _COMMAND.search(line.decode("latin-1"))
        if found is None:
            return result
        verb, index, name, value = found.groups()
        place = (int(index) if index else 0, name.replace(" ", "_"))
        known = place in self.values or (place[0] in self.meter_ms and place[1] == "METER_RATE")
        if not known or (index is not None and not place[0]):
            return result
        if verb == "GET" or (refuses and place[1] != "METER_RATE"):
            result.replies.append(self._line(place))
        else:
            self._set(result, place, (value or "").strip())
        return result

    def _set(self, result: Answer, place: tuple[int, str], value: str) -> None:
        if place[1] == "METER_RATE":
            if value.isdigit() and (int(value) == 0 or LEAST_METER_MS <= int(value) <= MOST_METER_MS):
                self.meter_ms[place[0]] = int(value)
                result.reports.append(self._line(place))
            return
        written = self._written(place, value)
        if not written:
            return
        self.values |= written
        result.reports += [self._line(each) for each in written]

    def _written(self, place: tuple[int, str], value: str) -> dict[tuple[int, str], str]:
        """Texts that a SET changes; none for what the unit does not take."""
        channel, name = place
        if name in ("DEVICE_NAME", "CHAN_NAME"):
            return {place: value} if 0 < len(value) <= NAME_MOST and value.isascii() and value.isprintable() else {}
        if name == "FREQUENCY":
            fits = value.isdigit() and self.low <= int(value) <= self.high and int(value) % GRID_KHZ == 0
            return {place: f"{int(value):06}", (channel, "GROUP_CHAN"): NO_GROUP} if fits else {}
        if name == "GROUP_CHAN":
            pair = _GROUP.fullmatch(value)
            if pair is None or "00" in (f"{int(each):02}" for each in pair.groups()):
                return {}
            group, its = int(pair[1]), int(pair[2])
            return {place: f"{group:02},{its:02}", (channel, "FREQUENCY"): f"{self.grouped(group, its):06}"}
        allowed: Mapping[str, tuple[str, ...]] = {
            "RF_MUTE": ("0", "1"),
            "RF_TX_LVL": ("10", "50", "100"),
            "AUDIO_TX_MODE": ("1", "2", "3"),
            "AUDIO_IN_LINE_LVL": ("0", "1"),
            "AUDIO_IN_LVL": tuple(map(str, range(-67, 1))),
        }
        return {place: value} if value in allowed[name] else {}

    def grouped(self, group: int, channel: int) -> int:
        """Frequency of a place in a group, in kHz: chosen here, the real plan is in no document that we have."""
        return self.low + (group * 37 + channel * 15) * GRID_KHZ % (self.high - self.low)

    # -- people and programme ----------------------------------------------------------------------------------

    def set_value(self, channel: int, key: str, value: object) -> Lines:
        """Change a value by its key in `services.model.keys`; the reports that follow.

        ``audio_left_raw`` and ``audio_right_raw`` keep a meter at a level. Raises `KeyError` for what it does not have.
        """
        if channel and key in ("audio_left_raw", "audio_right_raw"):
            self._pins[channel, key] = int(str(value))
            return []
        texts: dict[str, tuple[str, Callable[[object], str]]] = {
            "name": ("CHAN_NAME" if channel else "DEVICE_NAME", lambda one: str(one or "")),
            "frequency_mhz": ("FREQUENCY", lambda one: f"{round(float(str(one)) * 1000):06}"),
            "group": ("GROUP_CHAN", lambda one: NO_GROUP if one is None else f"{one:02},01"),
            "rf_muted": ("RF_MUTE", lambda one: str(int(bool(one)))),
            "rf_power_mw": ("RF_TX_LVL", str),
            "audio_mode": ("AUDIO_TX_MODE", lambda one: _MODES[str(one)]),
            "input_level_db": ("AUDIO_IN_LVL", str),
            "input_line_level": ("AUDIO_IN_LINE_LVL", lambda one: _LINE_LEVELS[str(one)]),
        }
        if key not in texts or (not channel and key != "name") or channel not in (0, *TRANSMITTERS):
            raise KeyError(f"a PSM1000 has no {key!r} there")
        name, write = texts[key]
        return self.changed_by(lambda: self.values.update({(channel, name): write(value)}))

    def meters(self, channel: int) -> Lines:
        """The two lines of one moment."""
        left, right = STILL if self._still else self._levels(channel)
        left = self._pins.get((channel, "audio_left_raw"), left)
        right = self._pins.get((channel, "audio_right_raw"), right)
        sides = (("L", left), ("R", right))
        return [f"< REPORT {channel} AUDIO_IN_LVL_{side} {level} >\r\n".encode() for side, level in sides]

    def _levels(self, channel: int) -> tuple[int, int]:
        """A programme that swells and ends, and the noise of an input without one."""
        rng = self._rng
        if rng.random() < 0.02:  # noqa: PLR2004 - once in fifty moments somebody begins or ends
            self._programme[channel] = 0.0 if self._programme[channel] else rng.uniform(0.05, 0.6)
        loud = self._programme[channel]
        if not loud:
            return rng.randint(*IDLE), rng.randint(*IDLE)
        return tuple(min(LOUDEST, round(LOUDEST * loud * rng.uniform(0.1, 1.6))) for _ in "LR")  # type: ignore[return-value]
