"""Runs simulated antennas: the entry point ``riedel`` of the simulators."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from pydantic import ValidationError

from services.drivers.riedel.simulation.antenna import FAULTS, Antenna, Options

PORT = 80
STEP_S = 1.0
PRODUCT = "bolero"
_ENDS = (0, 255)


class RiedelSimulator:
    """Simulated antennas of Bolero; `services.drivers.port.Simulator`."""

    name = "riedel"
    faults: Mapping[str, str] = FAULTS
    traits: Mapping[str, frozenset[str]] = {PRODUCT: frozenset({"polled"})}

    @asynccontextmanager
    async def run(
        self, product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AsyncIterator[Sequence[Antenna]]:
        """Run ``count`` antennas, each of a net of its own, on ``listen`` and the addresses that follow it, TCP 80.

        With ``port=0`` on free ports of one address. Raises `ValueError` for what does not exist, `OSError` for an
        address that cannot be had.
        """
        chosen = _options(options)
        if product != PRODUCT or chosen.fault not in FAULTS:
            raise ValueError(f"no product {product!r} or no fault {chosen.fault!r}: {PRODUCT}; {[*FAULTS]}")
        async with AsyncExitStack() as stack:
            units = []
            for number, host in zip(range(1, count + 1), _hosts(listen, shared=port == 0), strict=False):
                random = Random(f"{product} {number} {seed}")
                unit = Antenna(host, PORT if port is None else port, random, chosen)
                await _start(unit)
                stack.callback(unit.leave)
                units.append(unit)
                if chosen.fault != "none":
                    await unit.fault(chosen.fault)
            if not chosen.still:
                task = asyncio.create_task(_live(units, chosen.time_scale), name="simulated bolero antennas")
                stack.callback(task.cancel)
            yield units


def _hosts(listen: str, *, shared: bool) -> Iterator[str]:
    address = ipaddress.ip_address(listen)
    while True:
        if shared or address.packed[-1] not in _ENDS:
            yield str(address)
        address += 0 if shared else 1


async def _start(unit: Antenna) -> None:
    try:
        await unit.start()
    except OSError as error:
        remedy = "choose an address of this machine (127.0.20.1 always is one) and a port that is free and allowed"
        problem = f"cannot listen on {unit.host} port {unit.port}: {error.strerror}; {remedy}"
        raise OSError(error.errno, problem) from error


async def _live(units: Sequence[Antenna], time_scale: float) -> None:
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


simulator = RiedelSimulator()
