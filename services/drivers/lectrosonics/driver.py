"""The driver of Lectrosonics DSQD, as the core finds it by entry point."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel

from services.drivers.lectrosonics.codec.lines import PORT
from services.drivers.lectrosonics.codec.replay import replay
from services.drivers.lectrosonics.keys import MORE
from services.drivers.lectrosonics.link import DsqdLink
from services.drivers.lectrosonics.products import MANUFACTURER, NAME, PRODUCTS
from services.drivers.nonsense import UnknownValues
from services.drivers.port import (
    Door,
    Gone,
    Key,
    Link,
    Listener,
    Maker,
    Product,
    Reading,
    Sighting,
    Surroundings,
    Target,
    Trace,
)
from services.drivers.transport.silence import nothing_announced


class LectrosonicsMaker:
    """Each unit has a connection of its own; shared is which values were named in the log."""

    def __init__(self) -> None:
        self._unknown = UnknownValues()

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Connect, find out who answers, disconnect; asks only. Raises `DriverError`."""
        async with self._open(where, _nobody, trace) as link:
            identity = await link.recognise()
        return [Sighting(NAME, where.host, identity, where.port, name=identity.device_id)]

    def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """Units announce nothing: wait until cancelled."""
        return nothing_announced()

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Open a conversation; leaving the block closes it."""
        return self._open(where, listener, trace)

    @asynccontextmanager
    async def _open(self, where: Target, listener: Listener, trace: Trace | None) -> AsyncIterator[DsqdLink]:
        link = DsqdLink(where, listener, trace, self._unknown)
        try:
            await link.open()
            yield link
        finally:
            await link.close()


class LectrosonicsDriver:
    """DSQD on TCP 4080."""

    name = NAME
    manufacturer = MANUFACTURER
    products: Sequence[Product] = PRODUCTS
    doors: Sequence[Door] = (Door("tcp", PORT),)
    more: Sequence[Key] = MORE
    options: type[BaseModel] | None = None

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Maker]:
        """There is nothing to open."""
        return _open()

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        """What these lines of a unit mean. Raises `KeyError` for an unknown product."""
        if product not in {each.name for each in self.products}:
            raise KeyError(product)
        return replay(data)


@asynccontextmanager
async def _open() -> AsyncIterator[Maker]:
    yield LectrosonicsMaker()


def _nobody(readings: Sequence[Reading]) -> None:
    """Nobody listens: who answers is all that is wanted."""


driver = LectrosonicsDriver()
