"""One receiver module of a simulated unit, with the transmitter that it receives."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

DRAIN_PER_HOUR = 14.0
"""Percent of a battery an hour: seven hours, ours."""
NAME_MOST = 15
LEAST_DB, MOST_DB = -35, 8
BAND = (470_100, 614_375)
"""kHz that the module tunes; ours."""


@dataclass
class Channel:
    """Settings, and a transmitter."""

    random: Random
    name: str
    khz: int
    still: bool = False
    drain_per_hour: float = DRAIN_PER_HOUR
    installed: bool = True
    on: bool = True
    gain: int = 0
    mute: int = 0
    mode: int = 0
    transmitting: bool = True
    sender: str = "DBu"
    battery: int = 1
    charge: float = 100.0
    timer: float = 12.0
    """Minutes that its battery timer shows."""
    locked: int = 0
    key_good: int = 1
    rf: int = 160

    @property
    def linked(self) -> bool:
        """Whether the module has a signal of its transmitter."""
        return self.installed and self.on and self.transmitting

    @property
    def warning(self) -> int:
        """0 off, 1 below 25 %, 2 below 10 %."""
        return 2 if self.charge < 10 else 1 if self.charge < 25 else 0  # noqa: PLR2004 - as it says

    def step(self, seconds: float) -> None:
        """Let time pass for the transmitter."""
        if self.transmitting:
            self.timer = min(599.0, self.timer + seconds / 60)
            self.charge = max(0.0, self.charge - self.drain_per_hour * seconds / 3600)
            self.transmitting = self.charge > 0.0

    def status(self) -> str:
        """The sixteen numbers."""
        if not self.installed:
            return ",".join(["0"] * 16)
        head = [1, int(self.on), int(self.linked)]
        if not self.linked:
            return ",".join(map(str, [*head, -120, 8, 0, 1, self.mute, 1, *[0] * 7]))
        audio = -40 if self.still else self.random.randint(-90, -4)
        rf = self.rf if self.still else min(240, max(40, self.rf + self.random.randint(-20, 20)))
        antenna = 1 if self.still else self.random.randint(1, 2)
        volts = round(9 + self.charge * 0.06)
        tail = [round(self.timer), self.warning, self.locked, 0, int(audio > -2), volts, round(self.charge)]  # noqa: PLR2004
        return ",".join(map(str, [*head, audio, rf, 0, antenna, self.mute, 0, *tail]))

    def value(self, word: str) -> str | None:
        """What a word answers; ``None`` for one that is not known."""
        gone = not self.linked
        known = {
            "chstat": f"{{{self.status()}}}",
            "rxname": _quoted(self.name),
            "rxfreq": str(self.khz),
            "rxalevel": str(self.gain),
            "rxmute": str(self.mute),
            "rxmode": str(self.mode),
            "txname": '""' if gone else _quoted(self.sender),
            "txbatt": "0" if gone else str(self.battery),
            "txbwarn": "0" if gone else str(self.warning),
            "txblock": '""' if gone else '"B1"',
            "txkeygood": "0" if gone else str(self.key_good),
        }
        return known.get(word)

    def take(self, word: str, text: str) -> bool:
        """Take a set; whether it can be taken."""
        if word == "rxname" and (name := _plain(text)) is not None and len(name) <= NAME_MOST:
            self.name = name
        elif word == "rxmute" and text in {"0", "1"}:
            self.mute = int(text)
        elif word == "rxalevel" and _is_within(text, LEAST_DB, MOST_DB):
            self.gain = int(text)
        elif word == "rxfreq" and _is_within(text, *BAND) and not int(text) % 25:
            self.khz = int(text)
        else:
            return False
        return True


def _is_within(text: str, low: int, high: int) -> bool:
    return text.removeprefix("-").isdecimal() and low <= int(text) <= high


def _quoted(text: str) -> str:
    return '"' + "".join(f"\\{each}" if each in '"\\' else each for each in text) + '"'


def _plain(text: str) -> str | None:
    """A text in quotes, without them; ``None`` for any other."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':  # noqa: PLR2004 - two quotes
        return None
    plain, inner = "", iter(text[1:-1])
    for each in inner:
        if each == '"':
            return None
        plain += next(inner, "") if each == "\\" else each
    return plain
