"""Simulated units of Microflex Wireless: which products there are, and how many of one are run.

None of it was held against hardware.
"""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.drivers.shure.simulation.addresses import allow_files, hosts_from
from services.drivers.shure.simulation.adverts import advertise
from services.drivers.shure.simulation.clock import Clock
from services.drivers.shure.simulation.faults import FAULTS
from services.drivers.shure.simulation.mxw.access_points import AccessPoint, Channel
from services.drivers.shure.simulation.mxw.docks import Dock
from services.drivers.shure.simulation.mxw.machine import Machine
from services.drivers.shure.simulation.mxw.microphones import Microphone, some_microphone
from services.drivers.shure.simulation.mxw.server import Identity, MicroflexUnit
from services.drivers.simulating import validated

PORT = 2202
STEP_S = 1.0
STRANGER = 5000
"""How far away in the count the unit is that answers during ``swap``."""
OLD_MODELS, NEXT_MODELS = ("MXW2", "MXW1", "MXW6", "MXW8"), ("MXW2X", "MXW1X", "MXW6X", "MXW8X")
ZERO_DB = {True: 1100, False: 25}
"""Gain on the wire, of the second generation and of the first."""
_ACCESS_POINT = frozenset({"stream", "spoilt_lines", "pushes", "names", "blank_name", "gain", "transmitters", "meters"})


@dataclass(frozen=True, slots=True)
class Hardware:
    """A model that can be simulated, and what holds for it in the contract suite."""

    name: str
    channels: int = 0
    bays: int = 0
    next: bool = True

    @property
    def traits(self) -> frozenset[str]:
        """Traits of the contract suite (docs/adding-a-driver.md)."""
        if not self.channels:
            return frozenset({"stream", "spoilt_lines"})
        return _ACCESS_POINT | ({"mutes", "meters_rf_dbm"} if self.next else frozenset())


MODELS: Mapping[str, Hardware] = {
    model.name.lower(): model
    for model in (
        *(Hardware(f"MXWAPT{channels}", channels, next=False) for channels in (8, 4, 2)),
        Hardware("MXWAPX8", 8),
        Hardware("MXWAPX4", 4),
        Hardware("MXWAPXD2", 2, 2),
        *(Hardware(f"MXWNDX{bays}", bays=int(bays[0])) for bays in ("8G", "4G", "8", "4", "2")),
        *(Hardware(f"MXWNCS{bays}", bays=bays, next=False) for bays in (8, 4, 2)),
    )
}


class Options(BaseModel):
    """What `simulate_microflex` takes beside product and place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    still: bool = Field(False, description="Nothing changes by itself: batteries at 80 %, meters at one level.")
    time_scale: float = Field(1.0, gt=0, description="How many times as fast time passes.")
    advertise: str = Field("", description="Address of an interface for SLP adverts; without it there are none.")
    fault: str = Field("none", description="A fault that every unit has from the start.")
    unknown: Literal["refuse", "silent"] = Field("refuse", description="What an unknown name gets: REP ERR or nothing.")
    bare: bool = Field(False, description="Reports have no word for the place (CH, BAY) where that leaves no doubt.")
    reports: bool = Field(False, description="Docks report what changes; no document says that they do.")
    second: bool = Field(False, description="MXWAPT: channel 1 has a second microphone.")


@asynccontextmanager
async def simulate_microflex(
    product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
) -> AsyncIterator[Sequence[MicroflexUnit]]:
    """Run ``count`` units of a product on ``listen`` and the addresses that follow it, port 2202.

    With ``port=0`` all of them share the address, each on a free port of its own. ``options`` are those of `Options`.
    Raises `ValueError` for what does not exist, `OSError` for an address that cannot be listened on.
    """
    if product not in MODELS:
        raise ValueError(f"no {product!r} to simulate: there are {', '.join(MODELS)}")
    chosen = validated(Options, options)
    if chosen.fault not in FAULTS:
        raise ValueError(f"no fault {chosen.fault!r}: there are {', '.join(FAULTS)}")
    allow_files(count)
    clock = Clock(asyncio.get_running_loop())
    async with AsyncExitStack() as stack:
        stack.callback(clock.close)
        units: list[MicroflexUnit] = []
        for number, host in enumerate(hosts_from(listen, count, shared=port == 0), 1):
            unit = _unit(MODELS[product], number, host, PORT if port is None else port, clock, seed, chosen)
            await unit.start()
            stack.push_async_callback(unit.stop)
            units.append(unit)
        if not chosen.still:
            for number, unit in enumerate(units):
                clock.every(STEP_S, _living(unit, STEP_S * chosen.time_scale), number / len(units))
        if chosen.fault != "none":
            for unit in units:
                await unit.fault(chosen.fault)
        if chosen.advertise:
            stack.callback(advertise(units, clock, chosen.advertise))
        yield units


class _living:  # noqa: N801 - used like a function
    """Lets time pass in a unit, and people use its microphones."""

    def __init__(self, unit: MicroflexUnit, seconds: float) -> None:
        self._unit, self._seconds = unit, seconds

    def __call__(self) -> None:
        self._unit.pass_time(self._seconds)
        if isinstance(self._unit.machine, AccessPoint):
            self._people(self._unit, self._unit.machine)

    def _people(self, unit: MicroflexUnit, machine: AccessPoint) -> None:
        """Somebody mutes or unmutes a microphone every two minutes or so, and docks or takes one every half hour."""
        for number, channel in machine.channels.items():
            chance = unit.rng.random()
            if chance < self._seconds / 120 and channel.microphone.is_on:
                unit.live_value(number, "transmitter_muted", not channel.microphone.muted)
            elif chance > 1 - self._seconds / 1800:
                word = "on_charger" if channel.microphone.is_on else "active"
                unit.live_value(number, "microphone_status", word)


def _unit(
    hardware: Hardware, number: int, host: str, port: int, clock: Clock, seed: int, options: Options
) -> MicroflexUnit:
    rng = random.Random(f"{hardware.name} {number} {seed}")
    own, strange = _identity(hardware, number, seed), _identity(hardware, number + STRANGER, seed)
    make = _access_point if hardware.channels else _dock
    machine = make(hardware, own, host, rng, options)
    return MicroflexUnit(
        machine, port, clock, stranger=strange, still=options.still, unknown_is_silent=options.unknown == "silent"
    )


def _access_point(hardware: Hardware, own: Identity, host: str, rng: random.Random, options: Options) -> Machine:
    models = NEXT_MODELS if hardware.next else OLD_MODELS
    channels = {
        number: Channel(
            f"Mic {number}", some_microphone(rng, number, models, still=options.still), ZERO_DB[hardware.next]
        )
        for number in range(1, hardware.channels + 1)
    }
    if options.second:
        channels[1].second = Microphone("MXW1", "SECOND", bodypack=True)
    machine = AccessPoint(
        hardware.name,
        *own[:2],
        host,
        own[2],
        bare=options.bare,
        names_itself=hardware.next,
        flashing_parts=0 if hardware.next else hardware.channels,
        channels=channels,
        next=hardware.next,
    )
    machine.bays = dict.fromkeys(range(1, hardware.bays + 1))
    if machine.bays:
        machine.bays[1] = Microphone("MXW6X", "SPARE-1", place="docked", charge=55.0)
    return machine


def _dock(hardware: Hardware, own: Identity, host: str, rng: random.Random, options: Options) -> Machine:
    bays: dict[int, Microphone | None] = {}
    for bay in range(1, hardware.bays + 1):
        microphone = some_microphone(rng, bay, NEXT_MODELS, still=options.still)
        microphone.place = "docked"
        bays[bay] = microphone if options.still or rng.random() < 3 / 4 else None
    return Dock(
        hardware.name,
        *own[:2],
        host,
        own[2],
        bare=options.bare,
        names_itself=hardware.next,
        bays=bays,
        next=hardware.next,
        reports=options.reports,
    )


def _identity(hardware: Hardware, number: int, seed: int) -> Identity:
    """Name, serial number and MAC address (Shure's begin with 00:0e:dd or d8:34:ee) of a unit."""
    tail = zlib.crc32(f"{hardware.name} {number} {seed}".encode()) & 0xFFFFFF
    mac = f"d8:34:ee:{tail >> 16:02x}:{tail >> 8 & 0xFF:02x}:{tail & 0xFF:02x}"
    return f"MXW-{number:04d}", f"3QD{tail:08d}"[:11], mac
