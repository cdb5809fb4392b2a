"""A simulated ESW-R4180DAN or ESW-R4180LK."""

from __future__ import annotations

from bisect import bisect_right
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

CHANNELS = 8
RF_STEPS_DBM = (-90, -84, -78, -72, -66, -60, -54)
AUDIO_STEPS_DBFS = (-50, -40, -30, -20, -12, -6, -1)
NAME_MOST = 8
"""Ours: no source has the length of a channel name."""
NOT_LINKED = 61
"""What a question about a transmitter gets that is not there: ours; one program knows the code and passes over it."""
KINDS = (0, 1, 2, 3)
BODYPACK = 1


class EswReceiver(Machine):
    """The receiver with its eight transmitters."""

    def __init__(self, place: Place, stranger: Place, transmitters: Sequence[Transmitter], *, link_field: bool) -> None:
        super().__init__(place, stranger)
        self.transmitters = transmitters
        self._link_field = link_field
        """Levels have the link before them, as one of the two sources has it."""
        self.names = [f"Vox {number}" for number in range(1, CHANNELS + 1)]
        self.volumes, self.mutes, self.filters = [30] * CHANNELS, [0] * CHANNELS, [0] * CHANNELS
        self.gets |= {
            "gmymodel": lambda _id, _found: f"{quoted(self.place.model)},1",
            "gmyversion": lambda _id, _found: "1.0.6,1.0.4,0.9.1,03.01",
            "glocationname": lambda _id, _found: quoted("Town hall"),
            "ghdmode": lambda _id, _found: "1",
            "gchname": lambda _id, found: self._of(found, lambda at: quoted("" if self.nameless else self.names[at])),
            "gchvolume": lambda _id, found: self._of(found, lambda at: self.volumes[at]),
            "gchmute": lambda _id, found: self._of(found, lambda at: self.mutes[at]),
            "gchhpf": lambda _id, found: self._of(found, lambda at: self.filters[at]),
            "gtxname": lambda _id, found: self._linked(found, lambda at: quoted(f"TX {at + 1}".ljust(8))),
            "gtxkind": lambda _id, found: self._linked(found, _kind),
            "gtxmicgain": lambda _id, found: self._linked(found, _gain),
            "gststx": lambda _id, found: self._of(found, lambda at: f"{int(self.transmitters[at].on)},0{at}7A31,0"),
            "gstsmute": lambda _id, found: self._of(
                found, lambda at: f"{self.mutes[at]},{int(self.transmitters[at].muted)}"
            ),
            "glevelbatttx": lambda _id, found: self._of(found, self.battery),
            "glevelrf": lambda _id, found: self._of(found, lambda at: self._level(at, self._rf(at))),
            "glevelafrx": lambda _id, found: self._of(found, lambda at: self._level(at, self._audio(at))),
        }
        self.sets |= {
            "schname": self._rename,
            "schvolume": lambda _id, found: self._change(found, "volumes", "nchvolume", 40),
            "schmute": lambda _id, found: self._change(found, "mutes", "nchmute", 1),
            "schhpf": lambda _id, found: self._change(found, "filters", "nchhpf", 3),
            "rledflash": lambda _id, found: self._flash(found),
        }

    def step(self, seconds: float) -> None:
        """Let time pass; a percent less is told."""
        for at, each in enumerate(self.transmitters):
            before = self.battery(at)
            each.step(seconds)
            if self.battery(at) != before:
                self.tell("0000", "nlevelbatttx", f"{at + 1},{self.battery(at)}")

    def switch_off(self, *, off: bool) -> None:
        """Every transmitter goes, or comes back."""
        for at, each in enumerate(self.transmitters):
            each.on = not off
            self.tell("0000", "nststx", f"{at + 1},{int(each.on)},0{at}7A31,0")

    def set_value(self, number: int, key: str, value: object) -> None:
        """Change something at the unit or at a transmitter."""
        at = number - 1
        if key == "name":
            self.names[at] = str(value)
            self.tell("0000", "nchname", f"{number},{quoted(self.names[at])}")
        elif key == "gain_db":
            self.volumes[at] = int(str(value)) + 30
            self.tell("0000", "nchvolume", f"{number},{self.volumes[at]}")
        elif key == "mute_raw":
            self.mutes[at] = int(str(value))
            self.tell("0000", "nchmute", f"{number},{self.mutes[at]}")
        elif key == "transmitter_present":
            self.transmitters[at].on = bool(value)
            self.tell("0000", "nststx", f"{number},{int(bool(value))},0{at}7A31,0")
        elif key == "battery_percent":
            self.transmitters[at].charge = float(str(value))
            self.tell("0000", "nlevelbatttx", f"{number},{self.battery(at)}")
        else:
            super().set_value(number, key, value)

    def battery(self, at: int) -> str:
        """Link, percent, life, USB; what stands there without a link is ours."""
        each = self.transmitters[at]
        return f"1,{round(each.charge)},{each.life},{int(each.usb)}" if each.on else "0,0,0000,0"

    def _rf(self, at: int) -> int:
        return bisect_right(RF_STEPS_DBM, self.transmitters[at].signal()) if self.transmitters[at].on else 0

    def _audio(self, at: int) -> int:
        return bisect_right(AUDIO_STEPS_DBFS, self.transmitters[at].voice())

    def _level(self, at: int, step: int) -> str:
        return f"{int(self.transmitters[at].on)},{step}" if self._link_field else str(step)

    def _of(self, found: Sequence[str], tells: Tells) -> str:
        number = number_of(found, CHANNELS)
        return f"{number},{tells(number - 1)}"

    def _linked(self, found: Sequence[str], tells: Tells) -> str:
        if not self.transmitters[number_of(found, CHANNELS) - 1].on:
            raise Refused(NOT_LINKED)
        return self._of(found, tells)

    def _rename(self, _id: str, found: Sequence[str]) -> None:
        number = number_of(found, CHANNELS)
        name = value_of(found)
        if len(name) > NAME_MOST or not name.isascii():
            raise Refused(4)
        self.set_value(number, "name", name.rstrip())

    def _change(self, found: Sequence[str], values: str, notice: str, most: int) -> None:
        number = number_of(found, CHANNELS)
        value = getattr(self, values)[number - 1] = within(value_of(found), 0, most)
        self.tell("0000", notice, f"{number},{value}")

    def _flash(self, found: Sequence[str]) -> None:
        if list(found) not in (["0", "1"], ["0", "0"]):
            raise Refused(4)
        self.flashed.append(",".join(found))


def _kind(at: int) -> int:
    return KINDS[at % len(KINDS)]


def _gain(at: int) -> int:
    """Body-packs alone have it: 3 dB."""
    if _kind(at) != BODYPACK:
        raise Refused(4)
    return 5
