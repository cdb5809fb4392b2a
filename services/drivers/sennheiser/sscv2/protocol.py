"""SSCv2 as data: what `services.drivers.sennheiser.driver` joins with the maker's other protocols."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pydantic import BaseModel

from services.drivers.port import Door, Maker, Product, Reading, Surroundings
from services.drivers.sennheiser.sscv2.codec.replay import replay
from services.drivers.sennheiser.sscv2.keys import MORE
from services.drivers.sennheiser.sscv2.maker import Sscv2Maker
from services.drivers.sennheiser.sscv2.options import PORT, Options
from services.drivers.sennheiser.sscv2.products import FAMILIES, MANUFACTURER, PRODUCTS
from services.drivers.transport.https import HttpPool
from services.model import Key

CONNECTIONS = 4096
"""Each unit has a stream of events that stays open, and up to two requests beside it."""


class Sscv2:
    """Speaks to units by HTTPS; of the shape of `services.drivers.port.Driver`."""

    name = MANUFACTURER
    manufacturer = MANUFACTURER
    products: Sequence[Product] = PRODUCTS
    doors: Sequence[Door] = (Door("https", PORT),)
    more: Sequence[Key] = MORE
    options: type[BaseModel] | None = Options

    @asynccontextmanager
    async def open(self, around: Surroundings) -> AsyncIterator[Maker]:
        """The maker for the time of the block."""
        async with HttpPool(around.interface, connections=CONNECTIONS) as pool:
            yield Sscv2Maker(pool, around, driver=self.name)

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        """What these notifications and answers of a unit mean. Raises `KeyError`."""
        found = {each.name: each for each in self.products}[product]
        return replay(FAMILIES[found.family].state(found.parts or 0), data)


sscv2 = Sscv2()
