"""Runs simulated units: the entry point ``sennheiser`` of the simulators."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from pydantic import BaseModel, ConfigDict, Field

from services.drivers.sennheiser.simulation.faults import FAULTS
from services.drivers.sennheiser.simulation.iem import MonitorTransmitter
from services.drivers.sennheiser.simulation.microphone import DRAIN_PER_HOUR, Microphone
from services.drivers.sennheiser.simulation.receiver import Receiver
from services.drivers.sennheiser.simulation.ssc.simulator import simulator as ssc
from services.drivers.sennheiser.simulation.sscv2.simulator import simulator as sscv2
from services.drivers.sennheiser.simulation.unit import PORT, Unit
from services.drivers.several import join_simulators
from services.drivers.simulating import hosts, living, validated

FIRST_KHZ, SPACING_KHZ, FREQUENCIES = 566_500, 400, 100
"""Inside range G, ours."""


FREE_WITHIN_S = 0.0
"""How long an address that is in use is waited for; the tests wait, since they run beside each other."""
FREE_PAUSE_S = 0.1


class Options(BaseModel):
    """What can be chosen for simulated units."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    still: bool = Field(False, description="Nothing changes by itself: batteries full, meters at one level.")
    drain_per_hour: float = Field(DRAIN_PER_HOUR, ge=0, description="Battery, percent an hour.")
    time_scale: float = Field(1.0, gt=0, description="Everything that happens by itself, that many times as fast.")
    fault: str = Field("none", description="A fault that every unit has from the start.")
    firmware: str = Field("", description="What FirmwareRevision answers; without it what real units answered.")


def _receiver(name: str, khz: int, random: Random, options: Options) -> Receiver:
    microphone = Microphone(random, still=options.still, drain_per_hour=options.drain_per_hour)
    return Receiver(name, options.firmware or "1.8.0", khz, microphone)


def _monitor(name: str, khz: int, random: Random, options: Options) -> MonitorTransmitter:
    return MonitorTransmitter(name, options.firmware or "1.2.0", khz, random, still=options.still)


_PANELS: Mapping[str, tuple[str, Callable[[str, int, Random, Options], Receiver | MonitorTransmitter]]] = {
    "em_g4": ("Vox", _receiver),
    "sr_iem_g4": ("Ears", _monitor),
}


class SennheiserSimulator:
    """Simulated units of the Media Control Protocol; `services.drivers.port.Simulator`."""

    name = "sennheiser"
    faults: Mapping[str, str] = FAULTS
    traits: Mapping[str, frozenset[str]] = {
        "em_g4": frozenset({"datagrams", "fixed_port", "meters_rf_percent", "mutes", "battery_percent", "presence"}),
        "sr_iem_g4": frozenset({"datagrams", "fixed_port", "meters_audio_raw", "rf_mute"}),
    }

    @asynccontextmanager
    async def run(
        self, product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AsyncIterator[Sequence[Unit]]:
        """Run ``count`` units on ``listen`` and the addresses that follow it, UDP 53212.

        Units are distinguished by their address alone, so each has one of its own. Addresses that end in 0 or 255
        are left out. Raises `ValueError` for what does not exist, `OSError` for an address that cannot be had.
        """
        chosen = validated(Options, options)
        if product not in _PANELS or chosen.fault not in FAULTS:
            raise ValueError(f"no product {product!r} or no fault {chosen.fault!r}: {[*_PANELS]}, {[*FAULTS]}")
        async with AsyncExitStack() as stack:
            units = []
            for number, host in zip(range(1, count + 1), hosts(listen), strict=False):
                unit = _unit(product, number, (host, port or PORT), seed, chosen)
                await _start(unit)
                stack.push_async_callback(unit.leave)
                units.append(unit)
                if chosen.fault != "none":
                    await unit.fault(chosen.fault)
            if not chosen.still:
                stack.enter_context(living(units, Unit.step, chosen.time_scale))
            yield units


def _unit(product: str, number: int, address: tuple[str, int], seed: int, options: Options) -> Unit:
    label, panel = _PANELS[product]
    random = Random(f"{product} {number} {seed}")
    khz = FIRST_KHZ + number % FREQUENCIES * SPACING_KHZ
    return Unit(*address, panel(f"{label} {number}"[:8], khz, random, options), random)


async def _start(unit: Unit) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + FREE_WITHIN_S
    while True:
        try:
            await unit.start()
            return
        except OSError as error:
            if error.errno == errno.EADDRINUSE and loop.time() < until:
                await asyncio.sleep(FREE_PAUSE_S)
                continue
            remedy = "choose an address of this machine (127.0.20.1 always is one) whose UDP port 53212 is free"
            raise OSError(error.errno, f"cannot listen on {unit.host}: {error.strerror}; {remedy}") from error


media_control = SennheiserSimulator()
simulator = join_simulators(media_control, ssc, sscv2)
