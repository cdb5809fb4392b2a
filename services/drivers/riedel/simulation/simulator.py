"""Runs simulated antennas: the entry point ``riedel`` of the simulators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from services.drivers.riedel.simulation.antenna import FAULTS, Antenna, Options
from services.drivers.simulating import hosts, listening, living, validated

PORT = 80
PRODUCT = "bolero"


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
        chosen = validated(Options, options)
        if product != PRODUCT or chosen.fault not in FAULTS:
            raise ValueError(f"no product {product!r} or no fault {chosen.fault!r}: {PRODUCT}; {[*FAULTS]}")
        async with AsyncExitStack() as stack:
            units = []
            for number, host in zip(range(1, count + 1), hosts(listen, shared=port == 0), strict=False):
                random = Random(f"{product} {number} {seed}")
                unit = Antenna(host, PORT if port is None else port, random, chosen)
                await listening(unit.start, unit.host, unit.port)
                stack.callback(unit.leave)
                units.append(unit)
                if chosen.fault != "none":
                    await unit.fault(chosen.fault)
            if not chosen.still:
                stack.enter_context(living(units, Antenna.step, chosen.time_scale))
            yield units


simulator = RiedelSimulator()
