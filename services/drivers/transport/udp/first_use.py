"""The socket that all units of a protocol share, opened when the first of them is wanted."""

from __future__ import annotations

import asyncio

from services.drivers.port import DriverError
from services.drivers.transport.udp.sockets import DatagramSocket

TAKEN_AGAIN_S = 15.0
"""Someone has to end the other program first."""
BIND_PAUSE_S = 2.0
"""A port that is taken is not tried again sooner: a search asks for it at each of thousands of addresses."""


class SocketOnFirstUse:
    """A bridge without such units leaves the port to others, and a port that is taken heals when the other ends."""

    def __init__(self, interface: str, port: int = 0, *, rival: str = "") -> None:
        """``rival`` is what usually holds the port where it is taken."""
        self._interface, self._port, self._rival = interface, port, rival
        self._open: DatagramSocket | None = None
        self._turn = asyncio.Lock()
        self._taken: tuple[float, DriverError] | None = None
        """Until when the port is not tried again, and why."""

    async def get(self) -> DatagramSocket:
        """The socket, bound. Raises `DriverError` (``local_port_unavailable``)."""
        async with self._turn:
            if self._open is None:
                self._open = await self._bound()
            return self._open

    def close(self) -> None:
        """Close it; harmless where it was never wanted."""
        shared, self._open = self._open, None
        if shared is not None:
            shared.close()

    async def _bound(self) -> DatagramSocket:
        now = asyncio.get_running_loop().time()
        if self._taken is not None and now < self._taken[0]:
            error = self._taken[1]
            raise DriverError(error.reason, error.detail, again_s=TAKEN_AGAIN_S)
        try:
            return await DatagramSocket(self._interface, self._port, rival=self._rival).__aenter__()
        except DriverError as error:
            self._taken = now + BIND_PAUSE_S, DriverError(error.reason, error.detail)
            raise DriverError(error.reason, error.detail, again_s=TAKEN_AGAIN_S) from error
