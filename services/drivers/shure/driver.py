"""The driver of Shure's networked receivers, as the core finds it by entry point."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel

from services.drivers.nonsense import UnknownValues
from services.drivers.port import (
    Door,
    Gone,
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
from services.drivers.several import Protocol, join
from services.drivers.shure.conversation import PORT
from services.drivers.shure.families import MANUFACTURER, MORE, PRODUCTS, model_of
from services.drivers.shure.link import ShureLink
from services.drivers.shure.replaying import replay
from services.drivers.shure.slp_listener import receive_adverts
from services.drivers.shure.system_api.driver import system_api
from services.drivers.shure.system_api.options import SystemApiOptions
from services.drivers.shure.uhfr.driver import uhfr_driver
from services.model import Key


class ShureMaker:
    """Every receiver has a connection of its own; shared is the ear for adverts, and which values were named."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._unknown = UnknownValues()

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Connect, find out who answers, disconnect; asks only. Raises `DriverError`."""
        link = ShureLink(where, _nobody, trace, self._unknown)
        try:
            await link.open()
            identity = await link.recognise()
        finally:
            await link.close()
        return [Sighting(ShureDriver.name, where.host, identity, where.port, name=identity.device_id)]

    def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """SLP adverts."""
        return receive_adverts(self._around.interface)

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Open a conversation; leaving the block stops metering and closes."""
        return _conversation(ShureLink(where, listener, trace, self._unknown))


class ShureDriver:
    """ULX-D, QLX-D, SLX-D, SLX-D+, Axient Digital, Microflex Wireless and chargers on TCP 2202."""

    name = "shure"
    manufacturer = MANUFACTURER
    products: Sequence[Product] = PRODUCTS
    doors: Sequence[Door] = (Door("tcp", PORT),)
    more: Sequence[Key] = MORE
    options: type[BaseModel] | None = None

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Maker]:
        """There is nothing to open before somebody listens or connects."""
        return _open(around)

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        """What these lines of a unit mean. Raises `KeyError` for an unknown product."""
        found = model_of({each.name: each.model for each in self.products}[product])
        if found is None:
            raise KeyError(product)
        return replay(*found, [data])


@asynccontextmanager
async def _open(around: Surroundings) -> AsyncIterator[Maker]:
    yield ShureMaker(around)


@asynccontextmanager
async def _conversation(link: ShureLink) -> AsyncIterator[Link]:
    try:
        await link.open()
        yield link
    finally:
        await link.close()


def _nobody(readings: Sequence[Reading]) -> None:
    """Nobody listens: who answers is all that is wanted."""


driver = join(
    Protocol(ShureDriver(), usual=True), uhfr_driver, Protocol(system_api, gateway=True), options=SystemApiOptions
)
