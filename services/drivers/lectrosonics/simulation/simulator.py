"""Runs simulated units: the entry point ``lectrosonics`` of the simulators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from services.drivers.lectrosonics.simulation.channel import Channel
from services.drivers.lectrosonics.simulation.faults import FAULTS
from services.drivers.lectrosonics.simulation.unit import Options, Unit
from services.drivers.simulating import hosts, living, validated

PORT = 4080
PRODUCT = "dsqd"
FIRST_KHZ, SPACING_KHZ, FREQUENCIES = 472_000, 400, 300


class LectrosonicsSimulator:
    """Simulated DSQD units; `services.drivers.port.Simulator`."""

    name = "lectrosonics"
    faults: Mapping[str, str] = FAULTS
    traits: Mapping[str, frozenset[str]] = {
        PRODUCT: frozenset({"stream", "spoilt_lines", "names", "blank_name", "frequency", "meters", "meters_rf_dbuv"})
    }

    @asynccontextmanager
    async def run(
        self, product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AsyncIterator[Sequence[Unit]]:
        """Run ``count`` units on ``listen`` and the addresses that follow it, TCP 4080; with ``port=0`` on free ports.

        Addresses that end in 0 or 255 are left out. Raises `ValueError` for what does not exist, `OSError` for an
        address that cannot be had.
        """
        chosen = validated(Options, options)
        if product != PRODUCT or chosen.fault not in FAULTS:
            raise ValueError(f"no product {product!r} or no fault {chosen.fault!r}: [{PRODUCT!r}], {[*FAULTS]}")
        async with AsyncExitStack() as stack:
            units = []
            for number, host in zip(range(count), hosts(listen, shared=port == 0), strict=False):
                unit = _unit(number, host, PORT if port is None else port, seed, chosen)
                await unit.start()
                stack.callback(unit.leave)
                units.append(unit)
                if chosen.fault != "none":
                    await unit.fault(chosen.fault)
            if not chosen.still:
                stack.enter_context(living(units, Unit.step, chosen.time_scale))
            yield units


def _unit(number: int, host: str, port: int, seed: int, options: Options) -> Unit:
    random = Random(f"{PRODUCT} {number} {seed}")
    channels = []
    for place in range(1, 5):
        nth = 4 * number + place
        khz = FIRST_KHZ + nth % FREQUENCIES * SPACING_KHZ
        channel = Channel(random, f"Actor {nth}", khz, still=options.still, drain_per_hour=options.drain_per_hour)
        channel.installed = place <= options.modules
        channels.append(channel)
    return Unit(host, port, channels, random, options)


simulator = LectrosonicsSimulator()
