"""The simulator of PSM1000, one of those of Shure's units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from services.drivers.port import SimulatedUnit
from services.drivers.shure.simulation.transmitters.faults import FAULTS
from services.drivers.shure.simulation.transmitters.fleet import PRODUCT, simulate_transmitters


class TransmitterSimulator:
    """`services.drivers.port.Simulator` of the one product."""

    name = "shure"
    faults: Mapping[str, str] = FAULTS
    traits: Mapping[str, frozenset[str]] = {
        PRODUCT: frozenset({"stream", "spoilt_lines", "pushes", "names", "blank_name", "frequency", "meters"})
    }

    def run(
        self, product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AbstractAsyncContextManager[Sequence[SimulatedUnit]]:
        """Run units; see `simulate_transmitters`. Raises `ValueError` for an unknown product."""
        if product != PRODUCT:
            raise ValueError(f"no simulated product {product!r}: there is {PRODUCT}")
        return simulate_transmitters(count=count, listen=listen, port=port, seed=seed, **options)


transmitter_simulator = TransmitterSimulator()
