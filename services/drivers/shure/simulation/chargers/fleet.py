"""Simulated Shure chargers: SBC220, SBC240, SBC441, SBC840, SBC840M and SBRC on TCP 2202.

None of it was held against hardware. What is known and what was chosen stands in `charger_unit` and
`charger_batteries`.
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
from services.drivers.shure.simulation.chargers.batteries import Battery, some_battery
from services.drivers.shure.simulation.chargers.server import FAULTS, SimulatedCharger
from services.drivers.shure.simulation.chargers.unit import Charger
from services.drivers.shure.simulation.clock import Clock
from services.drivers.simulating import validated

__all__ = ["FAULTS", "MODELS", "Options", "SimulatedCharger", "simulate_chargers"]

PORT = 2202
STEP_S = 1.0
"""How often time passes in the bays, seconds."""
STRANGER = 5000
"""How far away in the count the unit is that answers during ``swap``."""
_MODULE_CODES: Mapping[str, int] = {
    "none": 0,
    "axt902": 1,
    "axt901": 2,
    "sbc_ax": 3,
    "sbm920": 4,
    "sbm910": 5,
    "sbm910m": 6,
}
_PRIMARY, _LINKED = 129, 133
_MOST_BAYS = 8
_MOST_MODULES = 4


@dataclass(frozen=True, slots=True)
class Hardware:
    """A model that can be simulated. ``bays`` are those of one unit or of one module."""

    name: str
    bays: int
    linkable: bool = False
    modular: bool = False


MODELS: Mapping[str, Hardware] = {
    "sbc220": Hardware("SBC220", 2, linkable=True),
    "sbc240": Hardware("SBC240", 2, linkable=True),
    "sbc441": Hardware("SBC441", 4),
    "sbc840": Hardware("SBC840", 8),
    "sbc840m": Hardware("SBC840M", 8),
    "sbrc": Hardware("SBRC", 2, modular=True),
}


class Options(BaseModel):
    """What `simulate_chargers` takes beside product and place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    still: bool = Field(False, description="No time passes by itself, and every bay has a battery of 60 %.")
    visits: bool = Field(True, description="People bring batteries and fetch them.")
    time_scale: float = Field(1.0, gt=0, description="How many times as fast time passes in the bays.")
    advertise: str = Field("", description="Address of an interface for SLP adverts; without it there are none.")
    fault: str = Field("none", description="A fault that every unit has from the start.")
    storage_mode: bool = Field(False, description="Storage mode is on from the start.")
    linked: int = Field(1, ge=1, le=_MOST_MODULES, description="SBC220, SBC240: units that answer as one.")
    modules: str = Field("sbm920,sbm910,sbm910,none", description="SBRC: its modules, from the left.")
    silent_modules: bool = Field(False, description="Bays without a module are not reported at all.")
    error_is_255: bool = Field(False, description="BATT_ERROR is 255 with a healthy battery too, as seen once.")
    unknown: Literal["refuse", "silent"] = Field("refuse", description="What an unknown name gets: REP ERR or nothing.")


@asynccontextmanager
async def simulate_chargers(
    product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
) -> AsyncIterator[Sequence[SimulatedCharger]]:
    """Run ``count`` chargers of a product on ``listen`` and the addresses that follow it, port 2202.

    With ``port=0`` all of them share the address, each on a free port of its own. Addresses that end in 0 or 255 are
    left out. ``options`` are those of `Options`. Raises `ValueError` for what does not exist, `OSError` for an address
    that cannot be listened on.
    """
    if product not in MODELS:
        raise ValueError(f"no charger {product!r} to simulate: there are {', '.join(MODELS)}")
    chosen = validated(Options, options)
    if chosen.fault not in FAULTS:
        raise ValueError(f"no fault {chosen.fault!r}: there are {', '.join(FAULTS)}")
    allow_files(count)
    async with AsyncExitStack() as stack:
        units = []
        for number, host in enumerate(hosts_from(listen, count, shared=port == 0), 1):
            unit = _unit(MODELS[product], number, host, PORT if port is None else port, seed=seed, options=chosen)
            await unit.start()
            stack.push_async_callback(unit.stop)
            units.append(unit)
        if not chosen.still:
            ticking = asyncio.create_task(_tick(units, chosen))
            stack.callback(ticking.cancel)
        if chosen.fault != "none":
            for unit in units:
                await unit.fault(chosen.fault)
        if chosen.advertise:
            clock = Clock(asyncio.get_running_loop())
            stack.callback(clock.close)
            stack.callback(advertise(units, clock, chosen.advertise))
        yield units


async def _tick(units: Sequence[SimulatedCharger], options: Options) -> None:
    """Let time pass by the event loop's clock, times the scale."""
    loop = asyncio.get_running_loop()
    then = loop.time()
    while True:
        await asyncio.sleep(STEP_S)
        seconds = (loop.time() - then) * options.time_scale
        then = loop.time()
        for unit in units:
            unit.pass_time(seconds)
            if options.visits:
                unit.people_pass(seconds)
            await asyncio.sleep(0)


def _unit(hardware: Hardware, number: int, host: str, port: int, *, seed: int, options: Options) -> SimulatedCharger:
    modules = _modules(hardware, options)
    most = _MOST_BAYS if modules else hardware.bays
    there = [bay for bay in range(1, most + 1) if not modules or modules[(bay + 1) // hardware.bays]]
    rng = random.Random(f"{hardware.name} {number} {seed}")
    batteries = {bay: _battery(rng, options) if bay in there else None for bay in range(1, most + 1)}
    own, strange = _identity(hardware.name, number, seed), _identity(hardware.name, number + STRANGER, seed)
    charger = Charger(
        hardware.name,
        batteries,
        device_id=own[0],
        mac=own[1],
        host=host,
        modules=modules,
        silent_modules=options.silent_modules,
        error_is_255=options.error_is_255,
        storage=options.storage_mode,
    )
    return SimulatedCharger(charger, port, stranger=strange, unknown_is_silent=options.unknown == "silent")


def _modules(hardware: Hardware, options: Options) -> dict[int, int]:
    """Codes of BATT_MODULE_TYPE. Linked units count as modules: the first is the primary one."""
    if hardware.linkable:
        codes = [_PRIMARY, *[_LINKED] * (options.linked - 1)]
    elif hardware.modular:
        words = [word.strip() for word in options.modules.split(",")]
        if len(words) > _MOST_MODULES or not set(words) <= _MODULE_CODES.keys():
            raise ValueError(
                f"modules are up to {_MOST_MODULES} of {', '.join(_MODULE_CODES)}, not {options.modules!r}"
            )
        codes = [_MODULE_CODES[word] for word in words]
    else:
        return {}
    return dict(enumerate([*codes, *[0] * (_MOST_MODULES - len(codes))], 1))


def _battery(rng: random.Random, options: Options) -> Battery | None:
    if options.still:
        return Battery(charge=60.0)
    return some_battery(rng) if rng.random() < 3 / 4 else None


def _identity(model: str, number: int, seed: int) -> tuple[str, str]:
    """Name and MAC address (Shure's begin with 00:0e:dd) of a unit."""
    tail = zlib.crc32(f"{model} {number} {seed}".encode()) & 0xFFFFFF
    return f"CHG{number:04d}", f"00:0e:dd:{tail >> 16:02x}:{tail >> 8 & 0xFF:02x}:{tail & 0xFF:02x}"
