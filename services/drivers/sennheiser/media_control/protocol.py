"""The Media Control Protocol as data: what `services.drivers.sennheiser.driver` joins with the maker's others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from pydantic import BaseModel

from services.drivers.port import Door, Maker, Product, Reading, Surroundings
from services.drivers.sennheiser.keys import MORE
from services.drivers.sennheiser.media_control.codec.lines import PORT
from services.drivers.sennheiser.media_control.codec.replay import replay
from services.drivers.sennheiser.media_control.maker import open_maker
from services.drivers.sennheiser.products import MANUFACTURER, PRODUCTS
from services.model import Key


class MediaControl:
    """Speaks to ew G3/G4 gear; of the shape of `services.drivers.port.Driver`."""

    name = "sennheiser"
    manufacturer = MANUFACTURER
    products: Sequence[Product] = PRODUCTS
    doors: Sequence[Door] = (Door("udp", PORT, sockets=0),)
    more: Sequence[Key] = MORE
    options: type[BaseModel] | None = None

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Maker]:
        """The maker for the time of the block."""
        return open_maker(around, driver=self.name)

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        """What these bytes from a unit mean: all states, then meters of its channel. Raises `KeyError`."""
        kinds = {each.name: each.kind for each in self.products}
        return replay(kinds[product], data)


media_control = MediaControl()
