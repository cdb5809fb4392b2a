"""A simulated EM: squelch, output, equalizer, and its cyclic data (TI 1254 p. 8, 9, 23 to 31)."""

from __future__ import annotations

from services.drivers.sennheiser.simulation.microphone import Microphone
from services.drivers.sennheiser.simulation.panel import Panel
from services.drivers.sennheiser.simulation.requests import Command, within

MUTE, TX_MUTE, RF_MUTE, RX_MUTE = 1, 2, 4, 8
DBUV_OF_ALL = 40
"""100 % is 40 dBuV (p. 26)."""
WEAK_PERCENT = 10
"""So little above the squelch counts as a low signal; the document gives no figure."""
PEAK_PERCENT = 100
AF_STEP, AF_RELATIVE_MOST, AF_MOST, AF_LEAST = 3, 18, 24, -24
SQUELCH_LEAST, SQUELCH_MOST, SQUELCH_STEP = 5, 25, 2


class Receiver(Panel):
    """The panel of an EM with the transmitter that it receives."""

    flags_most = 7

    def __init__(self, name: str, firmware: str, frequency_khz: int, microphone: Microphone) -> None:
        super().__init__(name, firmware, frequency_khz)
        self.microphone = microphone
        self.squelch = 9
        self.af_out = 0
        self.equalizer = 0
        self._latched = 0
        self._before = 0
        self._pilot_before = microphone.on
        self.commands |= {
            "Squelch": Command(lambda: str(self.squelch), (1,), self._set_squelch, self._step_squelch),
            "AfOut": Command(
                lambda: str(self.af_out),
                (1,),
                lambda found: self.put("AfOut", "af_out", within(found[0], AF_LEAST, AF_MOST, AF_STEP)),
                self._step_af_out,
            ),
            "Equalizer": Command(
                lambda: str(self.equalizer),
                (1,),
                lambda found: self.put("Equalizer", "equalizer", within(found[0], 0, 3)),
            ),
        }
        self.configuration = ("Name", "Frequency", "Squelch", "AfOut", "Equalizer", "Mute")

    @property
    def mutes(self) -> int:
        """The mutes at this moment, as bits (p. 30)."""
        bits = RX_MUTE * self.mute
        microphone = self.microphone
        if not microphone.on or microphone.strength < self.squelch * 100 / DBUV_OF_ALL:
            bits |= RF_MUTE
        elif microphone.muted:
            bits |= TX_MUTE
        return bits | MUTE if bits else 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings at this moment."""
        mutes, microphone = self.mutes, self.microphone
        threshold = self.squelch * 100 / DBUV_OF_ALL
        active = {
            "AF_Peak": microphone.voice()[1] >= PEAK_PERCENT,
            "Low_RF_Signal": not mutes & RF_MUTE and microphone.strength < threshold + WEAK_PERCENT,
            "Low_Battery": microphone.battery == "0",
            "TX_Mute": bool(mutes & TX_MUTE),
            "RF_Mute": bool(mutes & RF_MUTE),
            "RX_Mute": bool(mutes & RX_MUTE),
        }
        return tuple(word for word, is_active in active.items() if is_active)

    def latch(self) -> None:
        """Something happened between two cycles: the flags keep it until the next one (p. 28)."""
        self._latched |= self.mutes & ~MUTE

    def cyclic(self) -> list[str]:
        """One cycle's lines in the order of p. 9."""
        microphone, now = self.microphone, self.mutes
        flags = (self._latched | now) & ~MUTE
        flags |= MUTE if now & self._before & ~MUTE else 0
        self._latched, self._before = 0, now
        pilot = int(microphone.on)
        pilots = pilot if microphone.on == self._pilot_before else 2
        self._pilot_before = microphone.on
        first, second = microphone.radio(), microphone.radio()
        antenna = 1 if first[1] >= second[1] else 2
        peak, hold = microphone.voice()
        return [
            f"RF1 {first[0]} {first[1]} {int(antenna == 1)}",
            f"RF2 {second[0]} {second[1]} {int(antenna == 2)}",  # noqa: PLR2004 - the second antenna
            f"States {flags} {pilots}",
            f"RF {max(first[1], second[1])} {antenna} {pilot}",
            f"AF {peak} {hold} {now}",
            f"Bat {microphone.battery}",
            f"Msg {' '.join(self.warnings) or 'OK'}",
            f"Config {self.counter}",
        ]

    def _set_squelch(self, found: list[int]) -> None:
        value = found[0] if found[0] == 0 else within(found[0], SQUELCH_LEAST, SQUELCH_MOST, SQUELCH_STEP)
        self.put("Squelch", "squelch", value)

    def _step_squelch(self, steps: int) -> None:
        value = self.squelch + steps * SQUELCH_STEP
        self.put("Squelch", "squelch", min(SQUELCH_MOST, max(SQUELCH_LEAST, value)))

    def _step_af_out(self, steps: int) -> None:
        value = self.af_out + steps * AF_STEP
        most = AF_MOST if self.af_out > AF_RELATIVE_MOST and steps <= 0 else AF_RELATIVE_MOST
        self.put("AfOut", "af_out", min(most, max(AF_LEAST, value)))
