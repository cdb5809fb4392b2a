"""A simulated ATW-R5220, ATW-DR3120 or ATW-R3210N: what the one program that knows them understands."""

from __future__ import annotations

from collections.abc import Sequence

from services.drivers.audio_technica.simulation.machine import Machine, Place, number_of, quoted
from services.drivers.audio_technica.simulation.transmitter import Transmitter

FIRST_HERTZ, SPACING_HERTZ = 498_125_000, 1_400_000
RF_FLOOR_DBM, RF_STEP_DB = -95.0, 4.0
"""How steps of RF follow from dBm stands nowhere; ours."""


class Atw(Machine):
    """The receiver with one or two channels."""

    def __init__(
        self, place: Place, stranger: Place, transmitters: Sequence[Transmitter], *, names_model: bool
    ) -> None:
        super().__init__(place, stranger)
        self.transmitters = transmitters
        self.names = [f"VOX {number}" for number in range(1, len(transmitters) + 1)]
        self.hertz = [FIRST_HERTZ + SPACING_HERTZ * at for at in range(len(transmitters))]
        self.locks = [0] * len(transmitters)
        model = self.gets["gmymodel"]
        self.gets = {"gprch": lambda _id, found: self._name(found), "garlv": lambda _id, found: self._levels(found)}
        if names_model:  # no source says that these answer it
            self.gets["gmymodel"] = model

    def step(self, seconds: float) -> None:
        """Let time pass."""
        for each in self.transmitters:
            each.step(seconds)

    def switch_off(self, *, off: bool) -> None:
        """Every transmitter goes, or comes back."""
        for each in self.transmitters:
            each.on = not off

    def set_value(self, number: int, key: str, value: object) -> None:
        """Change something at the receiver or at a transmitter."""
        at = number - 1
        if key == "name":
            self.names[at] = str(value)
            self.tell("0000", "nprch", self._name([str(number)]))
        elif key == "frequency_mhz":
            self.hertz[at] = round(float(str(value)) * 1e6)
            self.tell("0000", "nprch", self._name([str(number)]))
        elif key == "transmitter_present":
            self.transmitters[at].on = bool(value)
        elif key == "battery_level":
            self.transmitters[at].charge = int(str(value)) * 20 + 10.0
        elif key == "tx_lock":
            self.locks[at] = int(value == "all")
        else:
            super().set_value(number, key, value)

    def _name(self, found: Sequence[str]) -> str:
        number = number_of(found, len(self.transmitters))
        name = "" if self.nameless else self.names[number - 1]
        return f"{number},{quoted(name.ljust(8))},,1,,,0,{self.hertz[number - 1]},0,0,0"

    def _levels(self, found: Sequence[str]) -> str:
        number = number_of(found, len(self.transmitters))
        each = self.transmitters[number - 1]
        a, b = (round(each.signal(antenna)) for antenna in (0, 1))
        audio = max(0, min(16, round((each.voice() + 60) / 60 * 16)))
        steps = [max(0, min(12, round((dbm - RF_FLOOR_DBM) / RF_STEP_DB))) for dbm in (a, b)]
        begin = f"{number},{audio},{audio},{steps[0]},{a},{steps[1]},{b},{int(each.on)}"
        lock, battery = self.locks[number - 1], each.fifth if each.on else 0
        return f"{begin},0,0,0,,0,0,0,0,,0,1,1,{lock},0,1,7,0,{battery},{self.hertz[number - 1]},0,0"
