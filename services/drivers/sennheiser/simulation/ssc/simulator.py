"""Runs simulated units of SSC v1; the maker's own simulator joins it with those of its other protocols."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from pydantic import BaseModel, ConfigDict, Field

from services.drivers.sennheiser.simulation.ssc.chargers import L6000, Chg70n
from services.drivers.sennheiser.simulation.ssc.digital6000 import DigitalReceiver
from services.drivers.sennheiser.simulation.ssc.ewdx import DRAIN_PER_HOUR, Receiver
from services.drivers.sennheiser.simulation.ssc.faults import FAULTS
from services.drivers.sennheiser.simulation.ssc.multichannel import MCR_CLIENTS, MultiReceiver
from services.drivers.sennheiser.simulation.ssc.slcharger import SlCharger
from services.drivers.sennheiser.simulation.ssc.speechline import Rack
from services.drivers.sennheiser.simulation.ssc.tree import Dialect
from services.drivers.sennheiser.simulation.ssc.unit import PORT, Box, Unit
from services.drivers.simulating import hosts, listening, living, validated


class Options(BaseModel):
    """What can be chosen for simulated units."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    still: bool = Field(False, description="Nothing changes by itself: batteries full, meters at one level.")
    drain_per_hour: float = Field(DRAIN_PER_HOUR, ge=0, description="Battery, percent an hour.")
    time_scale: float = Field(1.0, gt=0, description="Everything that happens by itself, that many times as fast.")
    fault: str = Field("none", description="A fault that every unit has from the start.")
    serial: str = Field("", description="What the serial number reads; without it each unit has its own.")


Build = Callable[[int, Random, Options], Box]


def _ewdx(product: str, channels: int) -> Build:
    def build(number: int, random: Random, options: Options) -> Box:
        box = Receiver(product, channels, number, random, still=options.still, drain=options.drain_per_hour)
        box.serial = options.serial or box.serial
        return box

    return build


def _digital(product: str) -> Build:
    return lambda number, random, options: DigitalReceiver(
        product, number, random, still=options.still, drain=options.drain_per_hour
    )


def _rack(number: int, random: Random, options: Options) -> Box:
    return Rack(number, random, still=options.still, drain=options.drain_per_hour)


def _multi(product: str, channels: int) -> Build:
    return lambda number, random, options: MultiReceiver(
        product, channels, number, random, still=options.still, drain=options.drain_per_hour
    )


def _charger(product: str, bays: int) -> Build:
    return lambda number, random, options: SlCharger(product, bays, number, random, still=options.still)


_MULTI = Dialect(ends=(b"\0", b""), reasons=True, twice=True, clients_in_all=MCR_CLIENTS)
_CHG = Dialect(ends=(b"\0", b""), bare=True, twice=True, filled=True)
_SPEECHLINE = frozenset({"datagrams", "pushes", "meters"})
_RECEIVER = frozenset(
    {
        "datagrams",
        "pushes",
        "names",
        "blank_name",
        "frequency",
        "gain",
        "mutes",
        "meters",
        "meters_rf_dbm",
    }
)
_CHARGER = frozenset({"datagrams", "pushes"})

PRODUCTS: Mapping[str, tuple[Build, frozenset[str]]] = {
    "ewdx_em2": (_ewdx("EWDX2CH", 2), _RECEIVER),
    "ewdx_em4": (_ewdx("EWDX4CH", 4), _RECEIVER),
    "em6000": (_digital("EM6000"), _RECEIVER - {"gain"}),
    "em6000_dante": (_digital("EM6000-Dante"), _RECEIVER - {"gain"}),
    "l6000": (lambda number, random, options: L6000(number, random, still=options.still), _CHARGER),
    "sl_rack_receiver_dw": (_rack, _SPEECHLINE),
    "sl_mcr2_dw": (_multi("SLDW2CH", 2), _SPEECHLINE | {"names", "blank_name", "gain"}),
    "sl_mcr4_dw": (_multi("SLDW4CH", 4), _SPEECHLINE | {"names", "blank_name", "gain"}),
    "chg2n": (_charger("CHG2N", 2), _CHARGER),
    "chg4n": (_charger("CHG4N", 4), _CHARGER),
    "chg70n": (lambda number, random, options: Chg70n(number, random, still=options.still), _CHARGER),
}

DIALECTS: Mapping[str, Dialect] = {
    "sl_rack_receiver_dw": Dialect(ends=(b"\0", b""), bare=True, twice=True),
    "sl_mcr2_dw": _MULTI,
    "sl_mcr4_dw": _MULTI,
    "chg2n": _CHG,
    "chg4n": _CHG,
}
"""Of those that write otherwise than EW-DX (TI 1094, pages 24, 51, 54, 88, 91)."""


REMEDY = "UDP port 45 needs the rights of an administrator; choose a free port with port, 0 for any"


class SscSimulator:
    """Simulated units of SSC v1; `services.drivers.port.Simulator`."""

    name = "sennheiser"
    faults: Mapping[str, str] = FAULTS
    traits: Mapping[str, frozenset[str]] = {product: traits for product, (_, traits) in PRODUCTS.items()}

    @asynccontextmanager
    async def run(
        self, product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AsyncIterator[Sequence[Unit]]:
        """Run ``count`` units on ``listen`` and the addresses that follow it, UDP 45; with port 0 all on ``listen``.

        Addresses that end in 0 or 255 are left out. Raises `ValueError` for what does not exist, `OSError` for an
        address that cannot be had.
        """
        chosen = validated(Options, options)
        if product not in PRODUCTS or chosen.fault not in FAULTS:
            raise ValueError(f"no product {product!r} or no fault {chosen.fault!r}: {[*PRODUCTS]}, {[*FAULTS]}")
        build, _ = PRODUCTS[product]
        async with AsyncExitStack() as stack:
            units = []
            for number, host in zip(range(1, count + 1), hosts(listen, shared=port == 0), strict=False):
                random = Random(f"{product} {number} {seed}")
                box = build(number, random, chosen)
                unit = Unit(host, PORT if port is None else port, box, random, DIALECTS.get(product))
                await listening(unit.start, unit.host, unit.port, REMEDY)
                stack.push_async_callback(unit.leave)
                units.append(unit)
                if chosen.fault != "none":
                    await unit.fault(chosen.fault)
            if not chosen.still:
                stack.enter_context(living(units, Unit.step, chosen.time_scale))
            yield units


simulator = SscSimulator()
