"""Runs simulated units of SSCv2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from pydantic import BaseModel, ConfigDict, Field

from services.drivers.sennheiser.simulation.sscv2.base_station import BaseStation, Mobile
from services.drivers.sennheiser.simulation.sscv2.faults import FAULTS
from services.drivers.sennheiser.simulation.sscv2.panel import ReceiverPanel
from services.drivers.sennheiser.simulation.sscv2.receiver import Channel, Receiver
from services.drivers.sennheiser.simulation.sscv2.transmitter import DRAIN_PER_HOUR, Transmitter
from services.drivers.sennheiser.simulation.sscv2.unit import Unit
from services.drivers.simulating import hosts, living, validated

PORT = 443
FIRST_KHZ, SPACING_KHZ = 470_600, 600
CHANNELS: Mapping[str, int] = {"ewdx4chds": 4, "ewdx2chds": 2, "ewdx2chs": 2}
SPECTERA = "spectera"

_TRAITS = frozenset(
    {
        "stream",
        "spoilt_lines",
        "pushes",
        "names",
        "frequency",
        "gain",
        "mutes",
        "blank_name",
        "transmitters",
        "meters",
        "meters_rf_dbm",
    }
)


class Options(BaseModel):
    """What can be chosen for simulated units."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    still: bool = Field(False, description="Nothing changes by itself: batteries full, meters at one level.")
    drain_per_hour: float = Field(DRAIN_PER_HOUR, ge=0, description="Battery, percent an hour.")
    time_scale: float = Field(1.0, gt=0, description="Everything that happens by itself, that many times as fast.")
    fault: str = Field("none", description="A fault that every unit has from the start.")
    user: str = Field("", description="Who is let in; without it api, and of a Spectera controlSennheiser.")
    password: str = Field("", description="It is asked for; a real unit has one always.")


class Sscv2Simulator:
    """Simulated units behind HTTPS; of the shape of `services.drivers.port.Simulator`."""

    name = "sennheiser"
    faults: Mapping[str, str] = FAULTS
    traits: Mapping[str, frozenset[str]] = {
        **dict.fromkeys(CHANNELS, _TRAITS),
        SPECTERA: frozenset({"stream", "spoilt_lines", "pushes", "names", "frequency", "blank_name", "transmitters"}),
    }

    @asynccontextmanager
    async def run(
        self, product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AsyncIterator[Sequence[Unit]]:
        """Run ``count`` units on ``listen`` and the addresses that follow it; on one address where the port is 0.

        Addresses that end in 0 or 255 are left out. Raises `ValueError` for what does not exist, `OSError` for an
        address that cannot be had.
        """
        chosen = validated(Options, options)
        if product not in self.traits or chosen.fault not in FAULTS:
            raise ValueError(f"no product {product!r} or no fault {chosen.fault!r}: {[*self.traits]}, {[*FAULTS]}")
        async with AsyncExitStack() as stack:
            units = []
            for number, host in zip(range(1, count + 1), hosts(listen, shared=port == 0), strict=False):
                unit = _unit(product, number, (host, PORT if port is None else port), seed, chosen)
                await unit.start()
                stack.push_async_callback(unit.leave)
                units.append(unit)
                if chosen.fault != "none":
                    await unit.fault(chosen.fault)
            if not chosen.still:
                stack.enter_context(
                    living(units, lambda unit, seconds: unit.step(seconds, chosen.drain_per_hour), chosen.time_scale)
                )
            yield units


def _unit(product: str, number: int, address: tuple[str, int], seed: int, options: Options) -> Unit:
    random = Random(f"{product} {number} {seed}")
    serial = f"{random.randrange(10**7):07}{number:03}"
    if product == SPECTERA:
        mobiles = [
            Mobile(0, "SEK", f"Keys {number}", f"{number:04}000004"),
            Mobile(1, "SKM", f"Vox {number}", f"{number:04}000007"),
        ]
        station = BaseStation(serial, random, mobiles)
        return Unit(*address, station, station, random, options.user or "controlSennheiser", options.password)
    count = CHANNELS[product]
    channels = []
    for place in range(1, count + 1):
        name = f"MIC {(number - 1) * count + place}"[:8]
        khz = FIRST_KHZ + ((number - 1) * count + place) % 100 * SPACING_KHZ
        channels.append(Channel(name, khz, Transmitter(random, name, still=options.still)))
    receiver = Receiver(product.upper(), serial, channels)
    panel = ReceiverPanel(receiver)
    return Unit(*address, receiver, panel, random, options.user or "api", options.password)


simulator = Sscv2Simulator()
