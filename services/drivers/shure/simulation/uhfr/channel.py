"""One channel of a simulated receiver, with the transmitter that it receives."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

DRAIN_PER_HOUR = 12.5
"""Percent of a battery an hour: eight hours, ours."""
NAME_MOST = 12
BANDS = ((578_000, 638_000), (638_000, 638_000))
"""kHz; the second range of a real receiver is not known: ours is empty but for its edge."""
GRID_KHZ = 25
GAIN_MOST = 32
PRESETS_MOST = 40
"""Channels of a group, and groups; ours."""

STRENGTHS = (20, 70, 75, 80, 85, 90, 100)
"""Numbers of the RF lamps, strongest first: overload, then five lamps, then none."""
LAMPS = (0, 1, 3, 7, 15, 31, 63, 127, 255)
"""Numbers of the audio lamps: none to eight."""


@dataclass
class Channel:
    """Settings as the front panel has them, and a transmitter."""

    random: Random
    number: int
    name: str
    khz: int
    still: bool = False
    gain: int = 12
    """Attenuation, dB."""
    mute: bool = False
    preset: tuple[int, int] | None = (1, 1)
    on: bool = True
    charge: float = 100.0
    drain_per_hour: float = DRAIN_PER_HOUR
    strength: int = 2
    """Place in `STRENGTHS`."""
    transmitter: str = "UR1"
    tx_gain: int = 0

    def step(self, seconds: float) -> None:
        """Let time pass: the battery drains, and a flat one ends the transmission."""
        if self.on:
            self.charge = max(0.0, self.charge - self.drain_per_hour * seconds / 3600)
            self.on = self.charge > 0.0

    @property
    def battery(self) -> str:
        """Bars, or ``U`` without a transmitter."""
        return str(min(5, 1 + int(self.charge / 20))) if self.on else "U"

    def value(self, word: str) -> str | None:
        """What stands behind a word; ``None`` for one that is not known."""
        known = {
            "CHAN_NAME": self.name.replace(" ", "_").ljust(NAME_MOST),
            "TX_BAT": self.battery,
            "GROUP_CHAN": "-- --" if self.preset is None else f"{self.preset[0]:02} {self.preset[1]:02}",
            "FREQUENCY": f"{self.khz:06}",
            "MUTE": "ON" if self.mute else "OFF",
            "AUDIO_GAIN": f"{self.gain:02}",
            "TX_TYPE": self.transmitter if self.on else "UNKNOWN",
            "TX_GAIN": str(self.tx_gain + 10) if self.on else "UNKNOWN",
            "TX_TRIM": "0" if self.on else "UNKNOWN",
            "TX_LOCK": "UNLOCK" if self.on else "UNKNOWN",
            "SQUELCH": "10",
        }
        return known.get(word)

    def take(self, word: str, text: str) -> tuple[str, ...]:
        """Take a SET; the words to report, empty for what is no SET at all. What is out of range changes nothing."""
        if word == "CHAN_NAME" and text and len(text) <= NAME_MOST:
            self.name = text.replace("_", " ").strip()
        elif word == "MUTE" and text in {"ON", "OFF", "TOGGLE"}:
            self.mute = not self.mute if text == "TOGGLE" else text == "ON"
        elif word == "AUDIO_GAIN" and text.isdecimal() and int(text) <= GAIN_MOST:
            self.gain = int(text)
        elif word == "FREQUENCY" and self._can_tune(text):
            self.khz, self.preset = int(text), None
        elif word == "GROUP_CHAN" and (preset := _preset(text)) is not None:
            self.preset, self.khz = preset, BANDS[0][0] + (preset[0] * PRESETS_MOST + preset[1]) * GRID_KHZ
        return reported_by(word)

    def sample(self) -> str:
        """The meters of this moment."""
        if not self.on:
            return f"* SAMPLE {self.number} ALL XX 100 100 U 000 *"
        if self.still:
            return f"* SAMPLE {self.number} ALL AX {STRENGTHS[self.strength]:03} 085 {self.battery} 031 *"
        place = min(5, max(1, self.strength + self.random.randint(-1, 1)))
        other = min(6, max(1, self.strength + self.random.randint(-1, 2)))
        antennas = self.random.choice(("AX", "XB", "AB"))
        lamps = self.random.choice(LAMPS[:8])
        return (
            f"* SAMPLE {self.number} ALL {antennas} {STRENGTHS[place]:03} {STRENGTHS[other]:03} "
            f"{self.battery} {lamps:03} *"
        )

    def _can_tune(self, text: str) -> bool:
        low, high = BANDS[0]
        return text.isdecimal() and len(text) == 6 and low <= int(text) <= high and not int(text) % GRID_KHZ  # noqa: PLR2004


def reported_by(word: str) -> tuple[str, ...]:
    """What is reported after a question or a SET: the group brings the frequency and the frequency the group."""
    return {
        "GROUP_CHAN": ("GROUP_CHAN", "FREQUENCY"),
        "FREQUENCY": ("FREQUENCY", "GROUP_CHAN"),
        **{other: (other,) for other in ("CHAN_NAME", "MUTE", "AUDIO_GAIN")},
    }.get(word, ())


def _preset(text: str) -> tuple[int, int] | None:
    numbers = text.split()
    if len(numbers) != 2 or not all(each.isdecimal() and 1 <= int(each) <= PRESETS_MOST for each in numbers):  # noqa: PLR2004 - group and channel
        return None
    return int(numbers[0]), int(numbers[1])
