"""Runs simulated units: the entry point ``audio_technica`` of the simulators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.drivers.audio_technica.simulation.atw import Atw
from services.drivers.audio_technica.simulation.dock import Dock
from services.drivers.audio_technica.simulation.esw import CHANNELS, EswReceiver
from services.drivers.audio_technica.simulation.faults import FAULTS
from services.drivers.audio_technica.simulation.machine import Machine, Place
from services.drivers.audio_technica.simulation.system20 import CHANNELS as CHANNELS_OF_ONE
from services.drivers.audio_technica.simulation.system20 import System20
from services.drivers.audio_technica.simulation.transmitter import DRAIN_PER_HOUR, Transmitter
from services.drivers.audio_technica.simulation.unit import Unit
from services.drivers.simulating import hosts, listening, living, validated

STRANGER = 5000
"""How far away in the count the unit is that answers during ``swap``."""
PORT, PORT_5000 = 17200, 17300


class Options(BaseModel):
    """What can be chosen for simulated units."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    still: bool = Field(False, description="Nothing changes by itself.")
    fault: str = Field("none", description="A fault that every unit has from the start.")
    drain_per_hour: float = Field(DRAIN_PER_HOUR, ge=0, description="Battery, percent an hour.")
    time_scale: float = Field(1.0, gt=0, description="Everything that happens by itself, that many times as fast.")
    notices: str = Field("", description="Address of an interface for notices; without it they are off.")
    unknown: Literal["refuse", "silent"] = Field("refuse", description="What an unknown command gets: NAK 02, nothing.")
    linked: int = Field(1, ge=1, le=5, description="System 20: receivers that answer through one connection.")
    link_field: bool = Field(False, description="ESW: levels have the link before them.")
    life: bool = Field(False, description="System 20: the battery has a life before the USB field.")
    names_model: bool = Field(False, description="5000, 3000: the unit answers gmymodel.")


Builds = Callable[[Place, Place, Callable[[int], list[Transmitter]], Options], Machine]


def _esw(place: Place, stranger: Place, transmitters: Callable[[int], list[Transmitter]], options: Options) -> Machine:
    return EswReceiver(place, stranger, transmitters(CHANNELS), link_field=options.link_field)


def _dock(
    place: Place, stranger: Place, transmitters: Callable[[int], list[Transmitter]], _options: Options
) -> Machine:
    return Dock(place, stranger, transmitters(int(place.model[-1])))


def _system20(
    place: Place, stranger: Place, transmitters: Callable[[int], list[Transmitter]], options: Options
) -> Machine:
    those = transmitters(options.linked * CHANNELS_OF_ONE)
    return System20(place, stranger, those, linked=options.linked, life=options.life)


def _atw(place: Place, stranger: Place, transmitters: Callable[[int], list[Transmitter]], options: Options) -> Machine:
    channels = 1 if place.model == "ATW-R3210N" else 2
    return Atw(place, stranger, transmitters(channels), names_model=options.names_model)


_WIRE = frozenset({"stream", "spoilt_lines"})
_ESW = _WIRE | {"names", "blank_name", "gain", "meters", "meters_rf_percent"}
_ATW = _WIRE | {"names", "blank_name", "frequency", "meters", "meters_rf_dbm"}

_PRODUCTS: Mapping[str, tuple[str, int, Builds, frozenset[str]]] = {
    "esw_r4180dan": ("ESW-R4180DAN", PORT, _esw, _ESW),
    "esw_r4180lk": ("ESW-R4180LK", PORT, _esw, _ESW),
    "esw_chg4": ("ESW-CHG4", PORT, _dock, _WIRE),
    "esw_chg5": ("ESW-CHG5", PORT, _dock, _WIRE),
    "atw_r1440": ("ATW-R1440", PORT, _system20, _WIRE | {"gain", "mutes"}),
    "atw_r5220": ("ATW-R5220", PORT_5000, _atw, _ATW),
    "atw_dr3120": ("ATW-DR3120", PORT_5000, _atw, _ATW),
    "atw_r3210n": ("ATW-R3210N", PORT_5000, _atw, _ATW),
}


class AudioTechnicaSimulator:
    """Simulated units; `services.drivers.port.Simulator`."""

    name = "audio_technica"
    faults: Mapping[str, str] = FAULTS
    traits: Mapping[str, frozenset[str]] = {product: row[3] for product, row in _PRODUCTS.items()}

    @asynccontextmanager
    async def run(
        self, product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AsyncIterator[Sequence[Unit]]:
        """Run ``count`` units on ``listen`` and the addresses that follow it.

        With ``port=0`` all of them share the address, each on a free port of its own. Raises `ValueError` for what does
        not exist, `OSError` for an address that cannot be listened on.
        """
        chosen = validated(Options, options)
        if product not in _PRODUCTS or chosen.fault not in FAULTS:
            raise ValueError(f"no product {product!r} or no fault {chosen.fault!r}: {[*_PRODUCTS]}, {[*FAULTS]}")
        own_port = _PRODUCTS[product][1] if port is None else port
        async with AsyncExitStack() as stack:
            units = []
            for number, host in zip(range(1, count + 1), hosts(listen, shared=port == 0), strict=False):
                unit = _unit(product, number, (host, own_port), seed, chosen)
                await listening(unit.listen, unit.host, unit.port)
                stack.push_async_callback(unit.leave)
                if chosen.notices:
                    unit.speak(chosen.notices)
                if chosen.fault != "none":
                    await unit.fault(chosen.fault)
                units.append(unit)
            if not chosen.still:
                stack.enter_context(living(units, lambda unit, seconds: unit.machine.step(seconds), chosen.time_scale))
            yield units


def _unit(product: str, number: int, address: tuple[str, int], seed: int, options: Options) -> Unit:
    model, _, builds, _ = _PRODUCTS[product]
    random = Random(f"{product} {number} {seed}")

    def transmitters(count: int) -> list[Transmitter]:
        charges = [90.0 - 11.0 * (each % 5) for each in range(count)]
        return [
            Transmitter(random, each, still=options.still, charge=charge, drain_per_hour=options.drain_per_hour)
            for each, charge in enumerate(charges, 1)
        ]

    machine = builds(_place(model, number + seed), _place(model, number + seed + STRANGER), transmitters, options)
    return Unit(*address, machine, random, unknown_is_silent=options.unknown == "silent")


def _place(model: str, number: int) -> Place:
    kind = sum(model.encode()) % 256
    mac = f"00:0A:9C:{kind:02X}:{number // 256 % 256:02X}:{number % 256:02X}"
    return Place(model, f"Rack {number}"[:8], mac, f"5A{kind:02X}{number % 65536:04X}")


simulator = AudioTechnicaSimulator()
