"""Owns the one socket that all units of the protocol share, looks at addresses and opens conversations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from services.drivers.nonsense import UnknownValues
from services.drivers.port import Gone, Link, Listener, Sighting, Surroundings, Target, Trace
from services.drivers.sennheiser.media_control.codec.lines import PORT
from services.drivers.sennheiser.media_control.link import OLD_FIRMWARE, MediaControlLink
from services.drivers.transport.silence import nothing_announced
from services.drivers.transport.udp import SocketOnFirstUse

RIVAL = "Sennheiser's Wireless Systems Manager or another controller"
"""What usually holds the port where it is taken."""


class MediaControlMaker:
    """Speaks to any number of units through one socket; `services.drivers.port.Maker`.

    Units answer to source port 53212 alone, so there is one socket, bound to that port; what comes is sorted by the
    sender's address. It is bound when the first unit is wanted: a bridge without Sennheiser gear leaves the port to
    others, and a port that is taken is an error of the units that need it, which heals when the other program ends.
    """

    def __init__(self, around: Surroundings, *, driver: str) -> None:
        self._driver = driver
        self._unknown = UnknownValues()
        self._socket = SocketOnFirstUse(around.interface, PORT, rival=RIVAL)

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Ask one address who it is, by questions that change nothing. Raises `DriverError`."""
        async with self._open(where, lambda _readings: None, trace) as link:
            identity, name = await link.recognise()
        return [Sighting(self._driver, where.host, identity, where.port, name=name)]

    def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """Units of this protocol announce nothing: wait until cancelled."""
        return nothing_announced()

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Open a conversation; leaving the block asks the unit to send no more."""
        return self._open(where, listener, trace)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    @asynccontextmanager
    async def _open(self, where: Target, listener: Listener, trace: Trace | None) -> AsyncIterator[MediaControlLink]:
        shared = await self._socket.get()
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


@asynccontextmanager
async def open_maker(around: Surroundings, *, driver: str) -> AsyncIterator[MediaControlMaker]:
    """A maker for the time of the block; ``driver`` is the name that its sightings carry."""
    maker = MediaControlMaker(around, driver=driver)
    try:
        yield maker
    finally:
        maker.close()
