"""One to five simulated ATW-R1440 that are linked: they answer through one connection, each to its RxLink id."""

from __future__ import annotations

from collections.abc import Sequence

from services.drivers.audio_technica.simulation.machine import (
    Machine,
    Place,
    Refused,
    Tells,
    number_of,
    quoted,
    value_of,
    within,
)
from services.drivers.audio_technica.simulation.transmitter import Transmitter

CHANNELS = 4
NOT_PAIRED = 61


class System20(Machine):
    """The linked receivers."""

    def __init__(
        self, place: Place, stranger: Place, transmitters: Sequence[Transmitter], *, linked: int, life: bool
    ) -> None:
        super().__init__(place, stranger)
        self.ids = tuple(f"{number:04d}" for number in range(1, linked + 1))
        self.transmitters = transmitters
        self._life = life
        """The battery has a life, as one transcription has it."""
        total = linked * CHANNELS
        self.volumes, self.mutes = [20] * total, [0] * total
        self.gets |= {
            "gsys20version": lambda _id, _found: "1.2.0,1.1.8,0.7,0.9,2.1",
            "gmyid": lambda _id, _found: self.place.hex_id,
            "ghdmode": lambda _id, _found: "1",
            "glock": lambda _id, _found: "0",
            "grxlinkinfo": lambda _id, _found: ",".join(str(int(number <= linked)) for number in range(1, 6)),
            "gchvolume": lambda own, found: self._of(own, found, lambda at: self.volumes[at]),
            "gchmute": lambda own, found: self._of(own, found, lambda at: self.mutes[at]),
            "gchhpf": lambda own, found: self._of(own, found, lambda _at: 0),
            "gchoutputtype": lambda own, found: self._of(own, found, lambda at: at % 2),
            "gtxmodel": lambda own, found: self._paired(own, found, lambda at: f"ATW-T140{1 + at % 2}"),
            "gtxdeviceid": lambda own, found: self._paired(own, found, lambda at: quoted(f"{at % 36:02d}")),
            "gtxsys20version": lambda own, found: self._paired(own, found, lambda _at: "1.1.0,0.3"),
            "gtxbattery": lambda own, found: self._paired(own, found, lambda at: at % 3),
            "gtxmicgain": lambda own, found: self._paired(own, found, lambda _at: 5),
            "gtxforcedmute": lambda own, found: self._paired(own, found, lambda _at: 0),
            "gtxmute": lambda own, found: self._paired(own, found, lambda at: int(self.transmitters[at].muted)),
            "gststx": lambda own, found: self._paired(own, found, lambda at: f"1A2B3C{at:02X}"),
            "glevelbatttx": lambda own, found: self._of(own, found, self.battery),
        }
        self.sets |= {
            "schvolume": lambda own, found: self._change(own, found, "volumes", 40),
            "schmute": lambda own, found: self._change(own, found, "mutes", 1),
            "rdflp": lambda own, found: self.flashed.append(f"{own} {','.join(found)}"),
            "rtxledflash": lambda own, found: self.flashed.append(self._paired(own, found, lambda _at: "tx")),
        }

    def step(self, seconds: float) -> None:
        """Let time pass."""
        for at, each in enumerate(self.transmitters):
            before = self.battery(at)
            each.step(seconds)
            if self.battery(at) != before:
                self._tell("nlevelbatttx", at, self.battery(at))

    def switch_off(self, *, off: bool) -> None:
        """Every transmitter goes, or comes back."""
        for at, each in enumerate(self.transmitters):
            each.on = not off
            self._tell("nststx", at, f"1A2B3C{at:02X}" if each.on else "")

    def set_value(self, number: int, key: str, value: object) -> None:
        """Change something at a receiver or at a transmitter."""
        at = number - 1
        if key == "gain_db":
            self.volumes[at] = int(str(value)) + 20
            self._tell("nchvolume", at, self.volumes[at])
        elif key == "receiver_muted":
            self.mutes[at] = int(bool(value))
            self._tell("nchmute", at, self.mutes[at])
        elif key == "transmitter_muted":
            self.transmitters[at].muted = bool(value)
            self._tell("ntxmute", at, int(bool(value)))
        elif key == "transmitter_present":
            self.transmitters[at].on = bool(value)
            self._tell("nststx", at, f"1A2B3C{at:02X}" if value else "")
        elif key == "battery_level":
            self.transmitters[at].charge = int(str(value)) * 20 + 10.0
            self._tell("nlevelbatttx", at, self.battery(at))
        else:
            super().set_value(number, key, value)

    def battery(self, at: int) -> str:
        """Link, battery in five steps, perhaps life, USB."""
        each = self.transmitters[at]
        life = f"{each.life}," if self._life else ""
        return f"1,{each.fifth},{life}{int(each.usb)}" if each.on else f"0,0,{'0000,' if life else ''}0"

    def _tell(self, word: str, at: int, value: object) -> None:
        self.tell(self.ids[at // CHANNELS], word, f"{at % CHANNELS + 1},{value}")

    def _place(self, own_id: str, found: Sequence[str]) -> int:
        return self.ids.index(own_id) * CHANNELS + number_of(found, CHANNELS) - 1

    def _of(self, own_id: str, found: Sequence[str], tells: Tells) -> str:
        return f"{found[0] if found else ''},{tells(self._place(own_id, found))}"

    def _paired(self, own_id: str, found: Sequence[str], tells: Tells) -> str:
        if not self.transmitters[self._place(own_id, found)].on:
            raise Refused(NOT_PAIRED)
        return self._of(own_id, found, tells)

    def _change(self, own_id: str, found: Sequence[str], values: str, most: int) -> None:
        at = self._place(own_id, found)
        value = getattr(self, values)[at] = within(value_of(found), 0, most)
        self._tell({"volumes": "nchvolume", "mutes": "nchmute"}[values], at, value)
