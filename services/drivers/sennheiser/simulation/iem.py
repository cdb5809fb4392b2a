"""A simulated SR: sensitivity, mode, equalizer of five bands, and its cyclic data (TI 1254 p. 8, 9, 32 to 36)."""

from __future__ import annotations

from random import Random

from services.drivers.sennheiser.simulation.panel import Panel
from services.drivers.sennheiser.simulation.requests import Command, Refused, within

BANDS = 5
BAND_MOST = 5


class MonitorTransmitter(Panel):
    """The panel of an SR with the two signals at its inputs."""

    flags_most = 3
    """A real unit refuses 7 with 1020: the bit of pilot and battery is the EM's alone (p. 11)."""

    def __init__(self, name: str, firmware: str, frequency_khz: int, random: Random, *, still: bool) -> None:
        super().__init__(name, firmware, frequency_khz)
        self._random = random
        self._still = still
        self.sensitivity = -21
        self.mode = 1
        self.equalizer = [0, 0, 0, 0, 0, 0]
        self._changed_in_cycle = False
        self._mute_before = 0
        self.commands |= {
            "Sensitivity": Command(
                lambda: str(self.sensitivity),
                (1,),
                lambda found: self.put("Sensitivity", "sensitivity", within(found[0], -42, 0, 3)),
                lambda steps: self.put("Sensitivity", "sensitivity", min(0, max(-42, self.sensitivity + 3 * steps))),
            ),
            "Mode": Command(
                lambda: str(self.mode), (1,), lambda found: self.put("Mode", "mode", within(found[0], 0, 1))
            ),
            "Equalizer": Command(lambda: " ".join(map(str, self.equalizer)), (1, BANDS + 1), self._equalize),
        }
        self.configuration = ("Name", "Frequency", "Sensitivity", "Mode", "Equalizer", "Mute")

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings at this moment."""
        return ("RF_Mute",) if self.mute else ()

    def latch(self) -> None:
        """The carrier was switched between two cycles."""
        self._changed_in_cycle = True

    def cyclic(self) -> list[str]:
        """One cycle's lines in the order of p. 9."""
        changed = self._changed_in_cycle and self.mute == self._mute_before
        flags = 2 if changed or self.mute != self._mute_before else self.mute
        self._changed_in_cycle, self._mute_before = False, self.mute
        levels = (30, 25, 40, 38) if self._still else self._levels()
        return [
            f"AF {' '.join(map(str, levels))}",
            f"States {self.mute} {flags}",
            f"Msg {' '.join(self.warnings) or 'OK'}",
            f"Config {self.counter}",
        ]

    def _levels(self) -> tuple[int, ...]:
        left, right = self._random.randint(5, 80), self._random.randint(5, 80)
        return left, right, min(100, left + 10), min(100, right + 10)

    def _equalize(self, found: list[int]) -> None:
        within(found[0], 0, 1)
        if any(abs(level) > BAND_MOST for level in found[1:]):
            raise Refused(1020)
        self.put("Equalizer", "equalizer", [*found, *self.equalizer[len(found) :]])
