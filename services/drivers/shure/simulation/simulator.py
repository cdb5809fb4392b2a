"""The simulator of Shure's units, as it is found by entry point; a running bridge never imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from services.drivers.port import SimulatedUnit
from services.drivers.several import join_simulators
from services.drivers.shure.simulation.chargers.fleet import MODELS as CHARGERS
from services.drivers.shure.simulation.chargers.fleet import simulate_chargers
from services.drivers.shure.simulation.families import DEFAULTS
from services.drivers.shure.simulation.faults import FAULTS
from services.drivers.shure.simulation.fleet import Options, simulate
from services.drivers.shure.simulation.mxw.fleet import MODELS as MICROFLEX
from services.drivers.shure.simulation.mxw.fleet import simulate_microflex
from services.drivers.shure.simulation.receivers.unit import Unit
from services.drivers.shure.simulation.system_api.fleet import SystemApiSimulator
from services.drivers.shure.simulation.transmitters.simulator import transmitter_simulator
from services.drivers.shure.simulation.uhfr.simulator import uhfr_simulator

__all__ = ["FAULTS", "Options", "ShureSimulator", "Unit", "simulate", "simulator"]

_RECEIVER_TRAITS = frozenset(
    {
        "stream",
        "spoilt_lines",
        "pushes",
        "menu_blocks",
        "names",
        "blank_name",
        "gain",
        "frequency",
        "transmitters",
        "meters",
        "meters_rf_dbm",
    }
)
_CHARGER_TRAITS = frozenset({"stream", "pushes"})


def _product(name: str) -> str:
    """A model's name in the driver's catalogue."""
    return name.lower().replace("dan+", "+").replace("+", "_plus")


_RECEIVERS: Mapping[str, tuple[str, str]] = {
    _product(machine.name): (family.name, machine.name) for family in DEFAULTS.values() for machine in family.hardware
}
"""Product -> family and model."""


class ShureSimulator:
    """What the entry point names; `services.drivers.port.Simulator`."""

    name = "shure"
    faults: Mapping[str, str] = FAULTS
    traits: Mapping[str, frozenset[str]] = {
        **{product: _RECEIVER_TRAITS | DEFAULTS[family].traits for product, (family, _) in _RECEIVERS.items()},
        **dict.fromkeys(CHARGERS, _CHARGER_TRAITS),
        **{product: model.traits for product, model in MICROFLEX.items()},
    }

    def run(
        self, product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AbstractAsyncContextManager[Sequence[SimulatedUnit]]:
        """Run units of a product; see `simulate` and `simulate_chargers`. Raises `ValueError` for an unknown one."""
        if product in CHARGERS:
            return simulate_chargers(product, count=count, listen=listen, port=port, seed=seed, **options)
        if product in MICROFLEX:
            return simulate_microflex(product, count=count, listen=listen, port=port, seed=seed, **options)
        if product not in _RECEIVERS:
            raise ValueError(f"no simulated product {product!r}: there are {', '.join(self.traits)}")
        family, model = _RECEIVERS[product]
        chosen = {"model": model, **options}
        return simulate(family, count=count, listen=listen, port=port, seed=seed, **chosen)


simulator = join_simulators(ShureSimulator(), transmitter_simulator, uhfr_simulator, SystemApiSimulator())
