"""The protocol as data, of the shape of a driver: `services.drivers.shure.driver` joins it with the others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from pydantic import BaseModel

from services.drivers.port import Door, Maker, Product, Reading, Surroundings
from services.drivers.shure.families import MANUFACTURER
from services.drivers.shure.system_api.codec.replay import replay
from services.drivers.shure.system_api.keys import MORE
from services.drivers.shure.system_api.maker import PORT, open_maker
from services.drivers.shure.system_api.options import SystemApiOptions
from services.drivers.shure.system_api.products import PRODUCTS
from services.model import Key


class SystemApiDriver:
    """Units behind Shure's System API server; `services.drivers.port.Driver`."""

    name = "shure"
    manufacturer = MANUFACTURER
    products: Sequence[Product] = PRODUCTS
    doors: Sequence[Door] = (Door("https", PORT, sockets=2, needs_secret=True),)
    more: Sequence[Key] = MORE
    options: type[BaseModel] | None = SystemApiOptions

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Maker]:
        """The maker for the time of the block."""
        return open_maker(around, driver=self.name)

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        """What these lines mean: answers behind their addresses, and events. Raises `KeyError`."""
        kinds = {each.name: each.kind for each in self.products}
        return replay(kinds[product], data)


system_api = SystemApiDriver()
