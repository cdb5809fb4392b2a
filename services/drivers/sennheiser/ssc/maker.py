"""Owns the one socket that all units of the protocol share, looks at addresses and opens conversations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial

from services.drivers.nonsense import UnknownValues
from services.drivers.port import Gone, Link, Listener, Sighting, Surroundings, Target, Trace
from services.drivers.sennheiser.announcements import receive
from services.drivers.sennheiser.ssc.families.catalogue import PORTS
from services.drivers.sennheiser.ssc.finding import SWITCHED_OFF
from services.drivers.sennheiser.ssc.link import SscLink
from services.drivers.transport.udp import SocketOnFirstUse

READS_MOST = 12
"""Units that are read whole at once: 125 that began together lost 5,300 datagrams to the socket's full buffer."""


class SscMaker:
    """Speaks to any number of units through one socket at any port; `services.drivers.port.Maker`.

    The socket is opened when the first unit is wanted.
    """

    def __init__(self, around: Surroundings, *, driver: str) -> None:
        self._around = around
        self._driver = driver
        self._unknown = UnknownValues()
        self._reads = asyncio.Semaphore(READS_MOST)
        self._socket = SocketOnFirstUse(around.interface)

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Ask one address who it is, by questions that change nothing. Raises `DriverError`."""
        async with self._open(where, lambda _readings: None, trace) as link:
            identity, name = await link.recognise()
            found = link.port
        port = where.port if where.port is not None or not found else PORTS[found]
        evidence = {"product": identity.model or ""}
        return [Sighting(self._driver, where.host, identity, port, name=name, evidence=evidence)]

    def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """What units of this protocol and of its successor announce by multicast DNS. Raises `OSError`."""
        return receive(self._around.interface, self._driver)

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Open a conversation; leaving the block ends its subscriptions."""
        return self._open(where, listener, trace)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    @asynccontextmanager
    async def _open(self, where: Target, listener: Listener, trace: Trace | None) -> AsyncIterator[SscLink]:
        shared = await self._socket.get()
        link = SscLink(where, listener, self._unknown, self._reads)
        ports = PORTS if where.port is None else (where.port,)
        async with AsyncExitStack() as stack:
            peers = [
                await stack.enter_async_context(
                    shared.peer(
                        where.host,
                        port,
                        partial(link.receive, place),
                        failed=partial(link.failed, place),
                        trace=trace,
                        hint=SWITCHED_OFF,
                    )
                )
                for place, port in enumerate(ports)
            ]
            link.use(peers)
            try:
                yield link
            finally:
                await link.close()


@asynccontextmanager
async def open_maker(around: Surroundings, *, driver: str) -> AsyncIterator[SscMaker]:
    """A maker for the time of the block; ``driver`` is the name that its sightings carry."""
    maker = SscMaker(around, driver=driver)
    try:
        yield maker
    finally:
        maker.close()
