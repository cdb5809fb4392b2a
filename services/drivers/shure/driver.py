"""The driver of Shure's networked receivers, as the core finds it by entry point."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from services.drivers.port import Advert, Link, Listener, Reading, SimulatedReceiver, Target, Trace
from services.drivers.shure.families import FAMILIES, MANUFACTURER, capabilities_of
from services.drivers.shure.link import ShureLink
from services.drivers.shure.overhearing import overhear
from services.drivers.shure.simulation.faults import FAULTS
from services.model import Capabilities, Identity


class ShureDriver:
    """ULX-D, QLX-D, SLX-D, SLX-D+ and Axient Digital on TCP 2202."""

    name = "shure"
    manufacturer = MANUFACTURER
    families: Mapping[str, Capabilities] = {name: capabilities_of(family) for name, family in FAMILIES.items()}
    scans = True
    faults: Mapping[str, str] = FAULTS

    async def identify(self, target: Target, trace: Trace | None = None) -> Identity:
        """Connect, find out who answers, disconnect; asks only. Raises `DriverError`."""
        link = ShureLink(target, _nobody, trace)
        try:
            await link.open()
            return await link.identify()
        finally:
            await link.close()

    def connect(
        self, target: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Open a conversation; leaving the block stops metering and closes."""
        return _conversation(ShureLink(target, listener, trace))

    def adverts(self, interface: str) -> AbstractAsyncContextManager[AsyncIterator[Advert]]:
        """Listen for SLP adverts."""
        return overhear(interface)

    def simulator(
        self, family: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AbstractAsyncContextManager[Sequence[SimulatedReceiver]]:
        """Run simulated receivers."""
        from services.drivers.shure.simulation.simulator import simulate

        return simulate(family, count=count, listen=listen, port=port, seed=seed, **options)


@asynccontextmanager
async def _conversation(link: ShureLink) -> AsyncIterator[Link]:
    try:
        await link.open()
        yield link
    finally:
        await link.close()


def _nobody(readings: Sequence[Reading]) -> None:
    """Nobody listens: who answers is all that is wanted."""


driver = ShureDriver()
