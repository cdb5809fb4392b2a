"""Owns the one socket that all units of the protocol share, looks at addresses and opens conversations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from services.drivers.nonsense import UnknownValues
from services.drivers.port import DriverError, Gone, Link, Listener, Sighting, Surroundings, Target, Trace
from services.drivers.sennheiser.media_control.codec.lines import PORT
from services.drivers.sennheiser.media_control.link import OLD_FIRMWARE, MediaControlLink
from services.drivers.transport.udp import DatagramSocket

RIVAL = "Sennheiser's Wireless Systems Manager or another controller"
"""What usually holds the port where it is taken."""
TAKEN_AGAIN_S = 15.0
"""Someone has to end the other program first."""
BIND_PAUSE_S = 2.0
"""A port that is taken is not tried again sooner: a search asks for it at each of thousands of addresses."""


class MediaControlMaker:
    """Speaks to any number of units through one socket; `services.drivers.port.Maker`.

    Units answer to source port 53212 alone, so there is one socket, bound to that port; what comes is sorted by the
    sender's address. It is bound when the first unit is wanted: a bridge without Sennheiser gear leaves the port to
    others, and a port that is taken is an error of the units that need it, which heals when the other program ends.
    """

    def __init__(self, around: Surroundings, *, driver: str) -> None:
        self._around = around
        self._driver = driver
        self._unknown = UnknownValues()
        self._stack = AsyncExitStack()
        self._shared: DatagramSocket | None = None
        self._turn = asyncio.Lock()
        self._taken: tuple[float, DriverError] | None = None
        """Until when the port is not tried again, and why."""

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Ask one address who it is, by questions that change nothing. Raises `DriverError`."""
        async with self._open(where, lambda _readings: None, trace) as link:
            identity, name = await link.recognise()
        return [Sighting(self._driver, where.host, identity, where.port, name=name)]

    async def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """Units of this protocol announce nothing: wait until cancelled."""
        await asyncio.get_running_loop().create_future()
        yield Gone(self._driver, "")  # never reached: a generator needs a yield

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Open a conversation; leaving the block asks the unit to send no more."""
        return self._open(where, listener, trace)

    async def close(self) -> None:
        """Close the socket."""
        self._shared = None
        await self._stack.aclose()

    @asynccontextmanager
    async def _open(self, where: Target, listener: Listener, trace: Trace | None) -> AsyncIterator[MediaControlLink]:
        shared = await self._socket()
        link = MediaControlLink(where, listener, self._unknown)
        port = where.port or PORT
        async with shared.peer(
            where.host, port, link.receive, any_port=True, failed=link.failed, trace=trace, hint=OLD_FIRMWARE
        ) as peer:
            link.use(peer)
            try:
                yield link
            finally:
                await link.close()

    async def _socket(self) -> DatagramSocket:
        async with self._turn:
            if self._shared is None:
                self._shared = await self._bound()
            return self._shared

    async def _bound(self) -> DatagramSocket:
        """The socket, bound. Raises `DriverError` (``local_port_unavailable``)."""
        now = asyncio.get_running_loop().time()
        if self._taken is not None and now < self._taken[0]:
            error = self._taken[1]
            raise DriverError(error.reason, error.detail, again_s=TAKEN_AGAIN_S)
        shared = DatagramSocket(self._around.interface, PORT, rival=RIVAL)
        try:
            return await self._stack.enter_async_context(shared)
        except DriverError as error:
            self._taken = now + BIND_PAUSE_S, DriverError(error.reason, error.detail)
            raise DriverError(error.reason, error.detail, again_s=TAKEN_AGAIN_S) from error


@asynccontextmanager
async def open_maker(around: Surroundings, *, driver: str) -> AsyncIterator[MediaControlMaker]:
    """A maker for the time of the block; ``driver`` is the name that its sightings carry."""
    maker = MediaControlMaker(around, driver=driver)
    try:
        yield maker
    finally:
        await maker.close()
