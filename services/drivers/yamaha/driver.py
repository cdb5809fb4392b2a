"""The driver of Yamaha/Revolabs Executive Elite, as the core finds it by entry point."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel, SecretStr

from services.drivers.nonsense import UnknownValues
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
from services.drivers.transport.silence import nothing_announced
from services.drivers.yamaha.codec.lines import PORT
from services.drivers.yamaha.codec.replaying import replay
from services.drivers.yamaha.link import EliteLink
from services.drivers.yamaha.products import MANUFACTURER, MORE, NAME, PRODUCTS, Options

log = logging.getLogger(__name__)

NOT_AGAIN = "the login was refused before and is not repeated with the same user and password: {}"
ALONE = (
    "this unit takes one client at a time: while the bridge reads it, no control system can log in; "
    "options.stay_away = true leaves the place to it"
)

_Login = tuple[str, int, str, SecretStr | None]


class YamahaMaker:
    """Each base has a connection of its own; shared is what must not be tried or said twice."""

    def __init__(self) -> None:
        self._unknown = UnknownValues()
        self._refused: dict[_Login, str] = {}
        """Logins that a base refused, and its words."""
        self._warned: set[str] = set()
        """Hosts of which the log says that they take one client."""

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Connect, log in, find out who answers, disconnect; asks only. Raises `DriverError`."""
        async with self._open(where, _nobody, trace) as link:
            identity = await link.recognise()
        return [Sighting(NAME, where.host, identity, where.port)]

    def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """A base announces nothing that is documented: wait until cancelled."""
        return nothing_announced()

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Open a conversation; leaving the block frees the base's only place."""
        return self._open(where, listener, trace)

    @asynccontextmanager
    async def _open(self, where: Target, listener: Listener, trace: Trace | None) -> AsyncIterator[EliteLink]:
        options = where.options if isinstance(where.options, Options) else Options()
        login = (where.host, where.port or PORT, options.user, options.password)
        if login in self._refused:
            raise DriverError("auth_failed", NOT_AGAIN.format(self._refused[login]), again_s=None)
        if where.host not in self._warned and not options.stay_away:
            self._warned.add(where.host)
            log.warning(ALONE, extra={"host": where.host})
        link = EliteLink(where, listener, trace, self._unknown)
        try:
            try:
                await link.open()
            except DriverError as error:
                if link.login_failed:
                    self._refused[login] = error.detail
                raise
            yield link
        finally:
            await link.close()


class YamahaDriver:
    """Executive Elite 2, 4 and 8 on TCP 23."""

    name = NAME
    manufacturer = MANUFACTURER
    products: Sequence[Product] = PRODUCTS
    doors: Sequence[Door] = (Door("tcp", PORT, needs_secret=True),)
    more: Sequence[Key] = MORE
    options: type[BaseModel] | None = Options

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Maker]:
        """There is nothing to open."""
        return _open()

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        """What these lines of a unit mean. Raises `KeyError` for an unknown product."""
        return replay({each.name: each.parts or 0 for each in self.products}[product], data)


@asynccontextmanager
async def _open() -> AsyncIterator[Maker]:
    yield YamahaMaker()


def _nobody(readings: Sequence[Reading]) -> None:
    """Nobody listens: who answers is all that is wanted."""


driver = YamahaDriver()
