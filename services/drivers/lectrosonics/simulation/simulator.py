"""Runs simulated units: the entry point ``lectrosonics`` of the simulators."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from pydantic import ValidationError

from services.drivers.lectrosonics.simulation.channel import Channel
from services.drivers.lectrosonics.simulation.faults import FAULTS
from services.drivers.lectrosonics.simulation.unit import Options, Unit

PORT = 4080
PRODUCT = "dsqd"
STEP_S = 1.0
FIRST_KHZ, SPACING_KHZ, FREQUENCIES = 472_000, 400, 300
_ENDS = (0, 255)


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
        chosen = _options(options)
        if product != PRODUCT or chosen.fault not in FAULTS:
            raise ValueError(f"no product {product!r} or no fault {chosen.fault!r}: [{PRODUCT!r}], {[*FAULTS]}")
        async with AsyncExitStack() as stack:
            units = []
            for number, host in zip(range(count), _hosts(listen, shared=port == 0), strict=False):
                unit = _unit(number, host, PORT if port is None else port, seed, chosen)
                await unit.start()
                stack.callback(unit.leave)
                units.append(unit)
                if chosen.fault != "none":
                    await unit.fault(chosen.fault)
            if not chosen.still:
                task = asyncio.create_task(_live(units, chosen.time_scale), name="simulated dsqd units")
                stack.callback(task.cancel)
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


def _hosts(listen: str, *, shared: bool) -> Iterator[str]:
    address = ipaddress.ip_address(listen)
    while True:
        if shared or address.packed[-1] not in _ENDS:
            yield str(address)
        address += 0 if shared else 1


async def _live(units: Sequence[Unit], time_scale: float) -> None:
    while True:
        await asyncio.sleep(STEP_S)
        for unit in units:
            unit.step(STEP_S * time_scale)


def _options(given: Mapping[str, object]) -> Options:
    try:
        return Options.model_validate(given)
    except ValidationError as error:
        known = ", ".join(Options.model_fields)
        raise ValueError(f"no such option, or not this value; there are {known}: {error}") from error


simulator = LectrosonicsSimulator()
