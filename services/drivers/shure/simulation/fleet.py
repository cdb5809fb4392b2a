"""Simulated Shure receivers: they speak the command strings on TCP 2202 as docs/protocols.md describes them.

What hardware refuses, they refuse; what no document
says, the modules of `receivers` and `families` chose and say so. None of it was held against hardware.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.drivers.shure.simulation.addresses import allow_files, hosts_from
from services.drivers.shure.simulation.adverts import advertise
from services.drivers.shure.simulation.clock import Clock
from services.drivers.shure.simulation.families import DEFAULTS, hardware
from services.drivers.shure.simulation.faults import FAULTS
from services.drivers.shure.simulation.receivers.device import Device, Setup
from services.drivers.shure.simulation.receivers.identity import Identities, furnish, identity, mac_address
from services.drivers.shure.simulation.receivers.scenario import DRAIN_PER_HOUR, Scenario
from services.drivers.shure.simulation.receivers.unit import Unit
from services.drivers.simulating import validated

PORT = 2202
SCENARIO_STEP_S = 1.0
STRANGER = 5000
"""How far away in the count the unit is that answers during ``swap``."""


class Options(BaseModel):
    """What `simulate` can be asked of a fleet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = Field(None, description="A model of the family; without it the family's largest usual one.")
    still: bool = Field(False, description="Nothing changes by itself: batteries full, meters at one level.")
    drain_per_hour: float = Field(DRAIN_PER_HOUR, ge=0, description="Battery, percent an hour.")
    time_scale: float = Field(1.0, gt=0, description="Everything that happens by itself, that many times as fast.")
    fault: str = Field("none", description="A fault that every unit has from the start.")
    advertise: str = Field("", description="Address of an interface for SLP adverts; without it there are none.")
    unknown: Literal["refuse", "silent"] = Field("refuse", description="What an unknown key gets: REP ERR or nothing.")
    answers_model: bool = Field(True, description="Older ULX-D and QLX-D firmware does not answer MODEL.")
    paired: int | None = Field(None, ge=0, description="SLX-D+: channels with a paired transmitter; default all.")
    latency_ms: float = Field(0.0, ge=0, le=1000, description="Each line of an answer that much after the last one.")
    channels: int | None = Field(None, ge=0, le=24, description="ANX4: channels of its licence; default 8.")
    apart: bool = Field(False, description="Each channel meters at a moment of its own: one segment a line.")
    quadversity: bool = Field(False, description="Axient: four antennas for each channel.")
    fd_c: bool = Field(False, description="Axient: frequency diversity with two carriers in each channel.")


@asynccontextmanager
async def simulate(
    family: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
) -> AsyncIterator[Sequence[Unit]]:
    """Run ``count`` receivers of a family on ``listen`` and the addresses that follow it, port 2202.

    With ``port=0`` all of them share the address, each on a free port of its own. Addresses that end in 0 or 255 are
    left out. ``options`` are those of `Options`. Raises `ValueError` for what does not exist, `OSError` for an address
    that cannot be listened on.
    """
    chosen = validated(Options, options)
    if chosen.fault not in FAULTS:
        raise ValueError(f"no fault {chosen.fault!r}: there are {', '.join(FAULTS)}")
    allow_files(count)
    clock = Clock(asyncio.get_running_loop())
    async with AsyncExitStack() as stack:
        stack.callback(clock.close)
        units = [
            _unit(family, number, host, PORT if port is None else port, clock=clock, seed=seed, options=chosen)
            for number, host in enumerate(hosts_from(listen, count, shared=port == 0), 1)
        ]
        for unit in units:
            await _start(unit)
            stack.push_async_callback(unit.stop)
        if not chosen.still:
            for number, unit in enumerate(units, 1):
                channels = len(unit.device.channels)
                scenario = Scenario(
                    f"{family} {number} {seed}",
                    channels,
                    drain_per_hour=chosen.drain_per_hour,
                    time_scale=chosen.time_scale,
                )
                unit.live(scenario, SCENARIO_STEP_S)
        if chosen.fault != "none":
            for unit in units:
                await unit.fault(chosen.fault)
        if chosen.advertise:
            stack.callback(advertise(units, clock, chosen.advertise))
        yield units


def _unit(family: str, number: int, host: str, port: int, *, clock: Clock, seed: int, options: Options) -> Unit:
    machine = hardware(family, options.model)
    defaults = DEFAULTS[family]
    several = bool(defaults.second_carrier)
    device = Device(
        Setup(
            machine,
            defaults,
            options.channels if machine.licensed and options.channels is not None else machine.channels,
            quadversity=several and options.quadversity,
            fd_c=several and options.fd_c,
        ),
        number + seed,
        still=options.still,
        paired=options.paired,
        answers_model=options.answers_model,
    )
    furnish(device, number, machine.wire or machine.name)
    macs = mac_address(family, number, seed), mac_address(family, number + STRANGER, seed)
    own = identity(device, number, macs[0])
    for place, value in own.items():
        device.write(place, value)
    identities = Identities(number, macs[0], own, identity(device, number + STRANGER, macs[1]), macs[1])
    return Unit(
        device,
        clock,
        host,
        port,
        identities=identities,
        unknown_is_silent=options.unknown == "silent",
        meters_apart=options.apart,
        latency_s=options.latency_ms / 1000,
    )


async def _start(unit: Unit) -> None:
    try:
        await unit.start()
    except OSError as error:
        remedy = "choose an address of this machine (127.0.20.1 always is one) and a port that is free"
        problem = f"cannot listen on {unit.host} port {unit.port}: {error.strerror}; {remedy}"
        raise OSError(error.errno, problem) from error
