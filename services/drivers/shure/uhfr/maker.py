"""Owns the one socket that all UHF-R receivers share, looks at addresses and opens conversations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from services.drivers.nonsense import UnknownValues
from services.drivers.port import Gone, Link, Listener, Sighting, Surroundings, Target, Trace
from services.drivers.shure.uhfr.codec.lines import PORT
from services.drivers.shure.uhfr.link import HINT, UhfrLink
from services.drivers.transport.silence import nothing_announced
from services.drivers.transport.udp import SocketOnFirstUse


class UhfrMaker:
    """Speaks to any number of receivers through one socket; `services.drivers.port.Maker`.

    Receivers answer any source port. From which port they answer is proven nowhere, so what comes is sorted by the
    sender's address alone. The socket is opened when the first receiver is wanted.
    """

    def __init__(self, around: Surroundings, *, driver: str) -> None:
        self._driver = driver
        self._unknown = UnknownValues()
        self._socket = SocketOnFirstUse(around.interface)

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Ask one address who it is, by questions that change nothing. Raises `DriverError`."""
        async with self._open(where, lambda _readings: None, trace) as link:
            identity, name = await link.recognise()
        return [Sighting(self._driver, where.host, identity, where.port, name=name)]

    def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """Receivers announce nothing that this driver hears: wait until cancelled."""
        return nothing_announced()

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Open a conversation; leaving the block stops metering."""
        return self._open(where, listener, trace)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    @asynccontextmanager
    async def _open(self, where: Target, listener: Listener, trace: Trace | None) -> AsyncIterator[UhfrLink]:
        shared = await self._socket.get()
        link = UhfrLink(where, listener, self._unknown)
        port = where.port or PORT
        async with shared.peer(
            where.host, port, link.receive, any_port=True, failed=link.failed, trace=trace, hint=HINT
        ) as peer:
            link.use(peer)
            try:
                yield link
            finally:
                link.close()


@asynccontextmanager
async def open_maker(around: Surroundings, *, driver: str) -> AsyncIterator[UhfrMaker]:
    """A maker for the time of the block; ``driver`` is the name that its sightings carry."""
    maker = UhfrMaker(around, driver=driver)
    try:
        yield maker
    finally:
        maker.close()
