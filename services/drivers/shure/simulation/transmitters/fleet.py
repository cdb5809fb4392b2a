"""Simulated PSM1000 on TCP 2202; none of it was held against hardware, and `rack` says what of it was chosen."""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from pydantic import BaseModel, ConfigDict, Field

from services.drivers.shure.simulation.addresses import allow_files, hosts_from
from services.drivers.shure.simulation.adverts import advertise
from services.drivers.shure.simulation.clock import Clock
from services.drivers.shure.simulation.transmitters.faults import FAULTS
from services.drivers.shure.simulation.transmitters.rack import BANDS, Rack
from services.drivers.shure.simulation.transmitters.server import SimulatedTransmitter
from services.drivers.simulating import validated

PRODUCT = "p10t"
PORT = 2202


class Options(BaseModel):
    """What `simulate_transmitters` takes beside product and place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    still: bool = Field(False, description="Nothing changes by itself: the meters stay at one level.")
    band: str = Field("G10", description=f"Band of the units: {', '.join(BANDS)}.")
    places: int = Field(4, ge=1, le=100, description="Connections that a unit takes; it closes further ones.")
    advertise: str = Field("", description="Address of an interface for SLP adverts; without it there are none.")
    fault: str = Field("none", description="A fault that every unit has from the start.")


@asynccontextmanager
async def simulate_transmitters(
    *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
) -> AsyncIterator[Sequence[SimulatedTransmitter]]:
    """Run ``count`` PSM1000 on ``listen`` and the addresses that follow it, port 2202.

    With ``port=0`` all of them share the address, each on a free port of its own. Addresses that end in 0 or 255 are
    left out. ``options`` are those of `Options`. Raises `ValueError` for what does not exist, `OSError` for an address
    that cannot be listened on.
    """
    chosen = validated(Options, options)
    if chosen.fault not in FAULTS:
        raise ValueError(f"no fault {chosen.fault!r}: there are {', '.join(FAULTS)}")
    if chosen.band not in BANDS:
        raise ValueError(f"no band {chosen.band!r}: there are {', '.join(BANDS)}")
    allow_files(count)
    clock = Clock(asyncio.get_running_loop())
    async with AsyncExitStack() as stack:
        stack.callback(clock.close)
        units = []
        for number, host in enumerate(hosts_from(listen, count, shared=port == 0), 1):
            rack = Rack(number, chosen.band, random.Random(f"{PRODUCT} {number} {seed}"), still=chosen.still)
            unit = SimulatedTransmitter(
                rack, clock, host, PORT if port is None else port, mac=_mac(number, seed), places=chosen.places
            )
            await unit.start()
            stack.push_async_callback(unit.stop)
            units.append(unit)
        if chosen.fault != "none":
            for unit in units:
                await unit.fault(chosen.fault)
        if chosen.advertise:
            stack.callback(advertise(units, clock, chosen.advertise))
        yield units


def _mac(number: int, seed: int) -> str:
    """An address of Shure's (00:0e:dd) that depends on nothing but the arguments."""
    tail = zlib.crc32(f"{PRODUCT} {number} {seed}".encode()) & 0xFFFFFF
    return f"00:0e:dd:{tail >> 16:02x}:{tail >> 8 & 0xFF:02x}:{tail & 0xFF:02x}"
