"""Runs simulated UHF-R receivers: one of the simulators that ``shure`` joins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from pydantic import BaseModel, ConfigDict, Field

from services.drivers.shure.simulation.uhfr.channel import BANDS, DRAIN_PER_HOUR, GRID_KHZ, Channel
from services.drivers.shure.simulation.uhfr.faults import FAULTS
from services.drivers.shure.simulation.uhfr.unit import PORT, Unit
from services.drivers.simulating import hosts, living, validated

SPACING_KHZ, FREQUENCIES = 350, 80
_MODELS: Mapping[str, tuple[str, int]] = {"ur4d": ("UR4D", 2), "ur4s": ("UR4S", 1)}
"""Product -> what it calls itself, and its channels."""
_TRAITS = frozenset(
    {"datagrams", "fixed_port", "pushes", "names", "blank_name", "frequency", "mutes", "meters", "presence"}
)


class Options(BaseModel):
    """What can be chosen for simulated receivers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    still: bool = Field(False, description="Nothing changes by itself: batteries full, meters at one level.")
    drain_per_hour: float = Field(DRAIN_PER_HOUR, ge=0, description="Battery, percent an hour.")
    time_scale: float = Field(1.0, gt=0, description="Everything that happens by itself, that many times as fast.")
    fault: str = Field("none", description="A fault that every unit has from the start.")
    device_words: bool = Field(True, description="It answers words that no source has seen on UDP 2202.")
    updates: bool = Field(True, description="Changes are told to those who ask; not proven for UDP 2202.")


class UhfrSimulator:
    """Simulated UHF-R receivers; `services.drivers.port.Simulator`."""

    name = "shure"
    faults: Mapping[str, str] = FAULTS
    traits: Mapping[str, frozenset[str]] = dict.fromkeys(_MODELS, _TRAITS)

    @asynccontextmanager
    async def run(
        self, product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AsyncIterator[Sequence[Unit]]:
        """Run ``count`` units on ``listen`` and the addresses that follow it, UDP 2202; port 0 is any free one.

        Units are told apart by their address alone, so each has one of its own; addresses that end in 0 or 255 are
        left out. Raises `ValueError` for what does not exist, `OSError` for an address that cannot be had.
        """
        if product not in _MODELS:
            raise ValueError(f"no simulated product {product!r}: there are {', '.join(_MODELS)}")
        chosen = validated(Options, options)
        if chosen.fault not in FAULTS:
            raise ValueError(f"no fault {chosen.fault!r}: there are {', '.join(FAULTS)}")
        async with AsyncExitStack() as stack:
            units = []
            for number, host in zip(range(count), hosts(listen), strict=False):
                unit = _unit(product, number, (host, PORT if port is None else port), seed, chosen)
                await unit.start()
                stack.push_async_callback(unit.leave)
                units.append(unit)
                if chosen.fault != "none":
                    await unit.fault(chosen.fault)
            if not chosen.still:
                stack.enter_context(living(units, Unit.step, chosen.time_scale))
            yield units


def _unit(product: str, number: int, address: tuple[str, int], seed: int, options: Options) -> Unit:
    model, count = _MODELS[product]
    random = Random(f"{product} {number} {seed}")
    channels = []
    for place in range(1, count + 1):
        nth = number * count + place
        khz = BANDS[0][0] + nth % FREQUENCIES * SPACING_KHZ // GRID_KHZ * GRID_KHZ
        name = f"Vocal {nth}"
        channels.append(Channel(random, place, name, khz, still=options.still, drain_per_hour=options.drain_per_hour))
    unit = Unit(address, model, channels, random)
    unit.answers_words, unit.tells_changes = options.device_words, options.updates
    return unit


uhfr_simulator = UhfrSimulator()
