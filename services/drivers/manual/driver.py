"""Gear that is not on the network: it is listed, with its labels, and never reports a value."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from services.drivers.port import Advert, DriverError, Link, Listener, SimulatedReceiver, Target, Trace
from services.model import Capabilities, ChannelTelemetry, Identity

MANUFACTURER = "manual"
"""What stands as manufacturer where the configuration names none."""
FAMILY = "manual"


class ManualLink:
    """A conversation with nobody: it is open as long as somebody holds it."""

    @property
    def last_heard(self) -> float:
        """Now, always: what never speaks is not silent."""
        return asyncio.get_running_loop().time()

    async def read_all(self) -> Identity:
        """There is nothing to ask: nothing is known but that it stands in the list."""
        return Identity(MANUFACTURER, FAMILY)

    def ask_alive(self) -> None:
        """There is nobody to ask."""

    def set_meter_interval(self, seconds: float) -> None:
        """There are no meters."""

    def take_telemetry(self, channel: int) -> ChannelTelemetry | None:
        """There are no meters."""
        return None

    async def wait_closed(self) -> DriverError:
        """Wait for ever: nobody can end it."""
        nobody: asyncio.Future[DriverError] = asyncio.get_running_loop().create_future()
        return await nobody


class ManualDriver:
    """Lists what cannot be asked."""

    name = "manual"
    manufacturer = MANUFACTURER
    scans = False
    families: Mapping[str, Capabilities] = {
        FAMILY: Capabilities(MANUFACTURER, FAMILY, frozenset(), frozenset(), frozenset())
    }
    faults: Mapping[str, str] = {}

    async def identify(self, target: Target, trace: Trace | None = None) -> Identity:
        """What is listed is what it is."""
        return Identity(MANUFACTURER, FAMILY)

    def connect(
        self, target: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """A link that never reports a value."""
        return _nobody()

    def adverts(self, interface: str) -> AbstractAsyncContextManager[AsyncIterator[Advert]]:
        """None ever."""
        return _silence()

    def simulator(
        self, family: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AbstractAsyncContextManager[Sequence[SimulatedReceiver]]:
        """There is no protocol to simulate. Raises `ValueError`."""
        raise ValueError("gear that is listed by hand has no protocol that could be simulated")


@asynccontextmanager
async def _nobody() -> AsyncIterator[Link]:
    yield ManualLink()


@asynccontextmanager
async def _silence() -> AsyncIterator[AsyncIterator[Advert]]:
    yield _no_adverts()


async def _no_adverts() -> AsyncIterator[Advert]:
    await asyncio.get_running_loop().create_future()
    yield Advert(MANUFACTURER, "")  # never reached: a generator needs a yield


driver = ManualDriver()
