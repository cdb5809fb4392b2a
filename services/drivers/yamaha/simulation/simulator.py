"""Runs simulated bases: the entry point ``yamaha`` of the simulators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from services.drivers.simulating import hosts, listening, living, validated
from services.drivers.yamaha.simulation.faults import FAULTS
from services.drivers.yamaha.simulation.unit import Options, Unit

PORT = 23
CHANNELS = {"elite_2": 2, "elite_4": 4, "elite_8": 8}


class YamahaSimulator:
    """Simulated bases of Executive Elite; `services.drivers.port.Simulator`."""

    name = "yamaha"
    faults: Mapping[str, str] = FAULTS
    traits: Mapping[str, frozenset[str]] = dict.fromkeys(CHANNELS, frozenset({"stream", "spoilt_lines", "pushes"}))

    @asynccontextmanager
    async def run(
        self, product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AsyncIterator[Sequence[Unit]]:
        """Run ``count`` bases on ``listen`` and the addresses that follow it, TCP 23; with ``port=0`` on free ports.

        Addresses that end in 0 or 255 are left out. Raises `ValueError` for what does not exist, `OSError` for an
        address that cannot be had; port 23 needs the rights for it.
        """
        chosen = validated(Options, options)
        if product not in CHANNELS or chosen.fault not in FAULTS:
            raise ValueError(f"no product {product!r} or no fault {chosen.fault!r}: {[*CHANNELS]}, {[*FAULTS]}")
        async with AsyncExitStack() as stack:
            units = []
            for number, host in zip(range(1, count + 1), hosts(listen, shared=port == 0), strict=False):
                random = Random(f"{product} {number} {seed}")
                unit = Unit(host, PORT if port is None else port, CHANNELS[product], random, chosen)
                await listening(unit.start, unit.host, unit.port)
                stack.callback(unit.leave)
                units.append(unit)
                if chosen.fault != "none":
                    await unit.fault(chosen.fault)
            if not chosen.still:
                stack.enter_context(living(units, Unit.step, chosen.time_scale))
            yield units


simulator = YamahaSimulator()
