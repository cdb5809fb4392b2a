"""The driver of Riedel Bolero, as the core finds it by entry point. Experimental: off until the configuration asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel

from services.drivers.port import (
    Door,
    DriverError,
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
from services.drivers.riedel.codec.replaying import replay
from services.drivers.riedel.link import BoleroLink
from services.drivers.riedel.products import MANUFACTURER, MORE, NAME, PORT, PRODUCTS, Options
from services.drivers.transport.https import Basic, HttpPool, HttpsSettings, Meaning
from services.drivers.transport.silence import nothing_announced

CLEAR = (
    "the antenna has plain HTTP alone, so its password would go over the network in clear text: allow that with "
    "options.insecure_http = true, on a network that nobody else is in"
)
WRONG = Meaning(
    "auth_failed",
    "options.user (admin) and options.password have to be those of the antenna's web interface",
)
REFUSED = "no web interface listens there: is it the address of a Bolero antenna?"


class RiedelMaker:
    """All antennas share a pool of HTTP connections, which remembers refused passwords."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Ask who answers. Raises `DriverError`."""
        async with self._open(where, lambda _readings: None, trace) as link:
            identity = await link.recognise()
        return [Sighting(NAME, where.host, identity, where.port, name=identity.device_id)]

    def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """Antennas announce nothing that is known: wait until cancelled."""
        return nothing_announced()

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Begin to ask; leaving the block ends it."""
        return self._open(where, listener, trace)

    @asynccontextmanager
    async def _open(self, where: Target, listener: Listener, trace: Trace | None) -> AsyncIterator[BoleroLink]:
        async with self._pool.unit(_settings(where), trace) as unit:
            link = BoleroLink(where, listener, unit)
            try:
                yield link
            finally:
                await link.close()


def _settings(where: Target) -> HttpsSettings:
    """Raises `DriverError` for a password that may not go out in clear text."""
    options = where.options if isinstance(where.options, Options) else Options()
    if options.password is not None and not options.insecure_http:
        raise DriverError("auth_failed", f"{where.host} was not asked: {CLEAR}", again_s=None)
    return HttpsSettings(
        where.host,
        where.port or PORT,
        plain=True,
        credentials=None if options.password is None else Basic(options.user, options.password),
        connect_timeout_s=where.connect_timeout_s,
        answer_timeout_s=where.answer_timeout_s,
        refused_hint=REFUSED,
        meanings={401: WRONG, 403: WRONG},
    )


class RiedelDriver:
    """Bolero antennas on HTTP port 80."""

    name = NAME
    manufacturer = MANUFACTURER
    experimental = True
    products: Sequence[Product] = PRODUCTS
    doors: Sequence[Door] = (Door("tcp", PORT, needs_secret=True),)
    more: Sequence[Key] = MORE
    options: type[BaseModel] | None = Options

    @asynccontextmanager
    async def open(self, around: Surroundings) -> AsyncIterator[Maker]:
        """Open the pool."""
        async with HttpPool(around.interface) as pool:
            yield RiedelMaker(pool)

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        """What these answers mean. Raises `KeyError` for an unknown product."""
        return {each.name: replay for each in self.products}[product](data)


driver = RiedelDriver()
