"""The driver as data: what the entry point ``audio_technica`` names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel

from services.drivers.audio_technica.codec.lines import Joiner, parse
from services.drivers.audio_technica.families.catalogue import FAMILY_OF, PRODUCTS
from services.drivers.audio_technica.families.family import MANUFACTURER
from services.drivers.audio_technica.families.reading import replay
from services.drivers.audio_technica.keys import MORE
from services.drivers.audio_technica.maker import PORTS, AudioTechnicaMaker, Options
from services.drivers.port import Door, Maker, Product, Reading, Surroundings
from services.model import Key


class AudioTechnicaDriver:
    """Speaks to ESW, System 20 PRO, 5000 and 3000; `services.drivers.port.Driver`."""

    name = "audio_technica"
    manufacturer = MANUFACTURER
    products: Sequence[Product] = PRODUCTS
    doors: Sequence[Door] = tuple(Door("tcp", port) for port in PORTS)
    more: Sequence[Key] = MORE
    options: type[BaseModel] | None = Options

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Maker]:
        """There is nothing to open before somebody listens or connects."""
        return _open(around)

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        """What these lines of a unit mean. Raises `KeyError` for an unknown product."""
        joiner = Joiner()
        pieces = (parse(line) for line in data.replace(b"\r", b"\n").split(b"\n"))
        messages = [message for piece in pieces if piece is not None and (message := joiner.take(piece)) is not None]
        answers = [each for each in messages if not each.accepted and each.refusal is None]
        return replay(FAMILY_OF[product], answers)


@asynccontextmanager
async def _open(around: Surroundings) -> AsyncIterator[Maker]:
    maker = AudioTechnicaMaker(around, driver=AudioTechnicaDriver.name)
    try:
        yield maker
    finally:
        await maker.close()


driver = AudioTechnicaDriver()
