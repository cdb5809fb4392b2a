"""The protocol of UHF-R as data: one of those that the driver ``shure`` joins."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from pydantic import BaseModel

from services.drivers.port import Door, Maker, Product, Reading, Surroundings
from services.drivers.shure.uhfr.codec.lines import PORT
from services.drivers.shure.uhfr.codec.replay import replay
from services.drivers.shure.uhfr.keys import MORE
from services.drivers.shure.uhfr.maker import open_maker
from services.drivers.shure.uhfr.products import MANUFACTURER, PRODUCTS
from services.model import Key


class UhfrDriver:
    """Speaks to UHF-R receivers on UDP 2202; of the shape of `services.drivers.port.Driver`."""

    name = "shure"
    manufacturer = MANUFACTURER
    products: Sequence[Product] = PRODUCTS
    doors: Sequence[Door] = (Door("udp", PORT, sockets=0),)
    more: Sequence[Key] = MORE
    options: type[BaseModel] | None = None

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Maker]:
        """The maker for the time of the block."""
        return open_maker(around, driver=self.name)

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        """What these bytes from a receiver mean: its states, then meters of each channel. Raises `KeyError`."""
        parts = {each.name: each.parts or 1 for each in self.products}
        return replay(parts[product], data)


uhfr_driver = UhfrDriver()
