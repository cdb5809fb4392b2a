"""Gear that is not on the network: it is listed, with its labels, and never reports a value."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel

from services.drivers.port import (
    Description,
    Door,
    DriverError,
    Gone,
    Link,
    Listener,
    Maker,
    Product,
    Reading,
    SetResult,
    Sighting,
    Surroundings,
    Target,
    Trace,
    not_sent,
)
from services.drivers.transport.silence import nothing_announced
from services.model import Abilities, Identity, Key, Kind, Part

MANUFACTURER = "manual"
"""What stands as manufacturer where the configuration names none."""
FAMILY = "manual"
NOBODY = "it is listed by hand and not on the network: set it at the unit itself"


class ManualLink:
    """A conversation with nobody: it is open as long as somebody holds it."""

    @property
    def last_received(self) -> float:
        """Now, always: what never speaks is not silent."""
        return asyncio.get_running_loop().time()

    async def read_all(self) -> Description:
        """There is nothing to ask: nothing is known but that it stands in the list."""
        return Description(Identity(MANUFACTURER, FAMILY))

    def ask_alive(self) -> None:
        """There is nobody to ask."""

    def meter(self, part: Part | None, seconds: float) -> None:
        """There are no meters."""

    def take_telemetry(self, part: Part) -> Mapping[str, object] | None:
        """There are no meters."""
        return None

    async def set(self, part: Part, wanted: Mapping[str, object]) -> Mapping[str, SetResult]:
        """There is nobody to set anything at."""
        return not_sent(wanted, NOBODY)

    async def identify(self, part: Part, *, on: bool) -> SetResult:
        """There is nobody to show himself."""
        return SetResult(on, "not_sent", detail=NOBODY)

    def counters(self) -> Mapping[str, int]:
        """Nothing comes."""
        return {}

    async def wait_closed(self) -> DriverError:
        """Wait for ever: nobody can end it."""
        nobody: asyncio.Future[DriverError] = asyncio.get_running_loop().create_future()
        return await nobody


class ManualMaker:
    """Nothing is shared, and nobody is asked."""

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """What is listed is what it is."""
        return [Sighting("manual", where.host, Identity(MANUFACTURER, FAMILY), where.port, where.unit)]

    def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """None ever."""
        return nothing_announced()

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """A link that never reports a value."""
        return _nobody()


class ManualDriver:
    """Lists what cannot be asked."""

    name = "manual"
    manufacturer = MANUFACTURER
    products: Sequence[Product] = (
        Product("manual", "", FAMILY, "listed by hand", Kind.RECEIVER, None, Abilities(), Abilities()),
    )
    doors: Sequence[Door] = ()
    more: Sequence[Key] = ()
    options: type[BaseModel] | None = None

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Maker]:
        """There is nothing to open."""
        return _open()

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        """There are no bytes."""
        return ()


@asynccontextmanager
async def _open() -> AsyncIterator[Maker]:
    yield ManualMaker()


@asynccontextmanager
async def _nobody() -> AsyncIterator[Link]:
    yield ManualLink()


driver = ManualDriver()
