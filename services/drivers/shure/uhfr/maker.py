"""Owns the one socket that all UHF-R receivers share, looks at addresses and opens conversations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from services.drivers.nonsense import UnknownValues
from services.drivers.port import Gone, Link, Listener, Sighting, Surroundings, Target, Trace
from services.drivers.shure.uhfr.codec.lines import PORT
from services.drivers.shure.uhfr.link import HINT, UhfrLink
from services.drivers.transport.udp import DatagramSocket


class UhfrMaker:
    """Speaks to any number of receivers through one socket; `services.drivers.port.Maker`.

    Receivers answer any source port. From which port they answer is proven nowhere, so what comes is sorted by the
    sender's address alone. The socket is opened when the first receiver is wanted.
    """

    def __init__(self, around: Surroundings, *, driver: str) -> None:
        self._around = around
        self._driver = driver
        self._unknown = UnknownValues()
        self._stack = AsyncExitStack()
        self._shared: DatagramSocket | None = None
        self._turn = asyncio.Lock()

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Ask one address who it is, by questions that change nothing. Raises `DriverError`."""
        async with self._open(where, lambda _readings: None, trace) as link:
            identity, name = await link.recognise()
        return [Sighting(self._driver, where.host, identity, where.port, name=name)]

    async def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """Receivers announce nothing that this driver hears: wait until cancelled."""
        await asyncio.get_running_loop().create_future()
        yield Gone(self._driver, "")  # never reached: a generator needs a yield

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Open a conversation; leaving the block stops metering."""
        return self._open(where, listener, trace)

    async def close(self) -> None:
        """Close the socket."""
        self._shared = None
        await self._stack.aclose()

    @asynccontextmanager
    async def _open(self, where: Target, listener: Listener, trace: Trace | None) -> AsyncIterator[UhfrLink]:
        shared = await self._socket()
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

    async def _socket(self) -> DatagramSocket:
        async with self._turn:
            if self._shared is None:
                self._shared = await self._stack.enter_async_context(DatagramSocket(self._around.interface))
            return self._shared


@asynccontextmanager
async def open_maker(around: Surroundings, *, driver: str) -> AsyncIterator[UhfrMaker]:
    """A maker for the time of the block; ``driver`` is the name that its sightings carry."""
    maker = UhfrMaker(around, driver=driver)
    try:
        yield maker
    finally:
        await maker.close()
