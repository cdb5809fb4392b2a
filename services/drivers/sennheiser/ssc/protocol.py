"""The protocol as data, of the shape of a driver; the maker's own driver joins it with the others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from pydantic import BaseModel

from services.drivers.port import Door, Maker, Product, Reading, Surroundings
from services.drivers.sennheiser.products import MANUFACTURER
from services.drivers.sennheiser.ssc.codec.replay import replay
from services.drivers.sennheiser.ssc.families.catalogue import PORTS, PRODUCTS
from services.drivers.sennheiser.ssc.keys import MORE
from services.drivers.sennheiser.ssc.maker import open_maker
from services.model import Key


class SscDriver:
    """Speaks SSC v1 to Sennheiser's receivers and chargers; `services.drivers.port.Driver`."""

    name = "sennheiser"
    manufacturer = MANUFACTURER
    products: Sequence[Product] = PRODUCTS
    doors: Sequence[Door] = tuple(Door("udp", port, sockets=0) for port in PORTS)
    more: Sequence[Key] = MORE
    options: type[BaseModel] | None = None

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Maker]:
        """The maker for the time of the block."""
        return open_maker(around, driver=self.name)

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        """What these bytes from a unit mean: all states, then meters of its parts. Raises `KeyError`."""
        return replay(product, data)


ssc = SscDriver()
