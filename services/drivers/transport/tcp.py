"""Moves bytes over TCP, without any meaning: connect in time, hand over what comes, report in plain words why it ended.

Built on `asyncio.Protocol`: no task, no queue and no copy a connection. Every failure is a `DriverError` with a word
of the closed list, and has the operating system's error as its cause.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from services.drivers.port import DriverError
from services.drivers.transport.names import Unresolved, addresses_of

KEEPALIVE_IDLE_S = 15
"""Quiet seconds before the system asks the peer; sessions ask earlier, this is the net below them."""
KEEPALIVE_EVERY_S = 5
KEEPALIVE_TRIES = 3

CLOSE_S = 1.0
"""How long a close may wait for the peer to take what was written."""

ADDRESSES_MOST = 4
"""Addresses of a name that are tried."""

_RESET = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})


def _ignore(_data: bytes) -> None:
    """Nobody receives bytes of a connection that has ended."""


def _nothing() -> None:
    """Nobody waits for the end of a connection twice."""


class Connection(asyncio.Protocol):
    """One TCP connection. ``receive`` is called on the event loop with whatever one read brought."""

    def __init__(self, peer: str, receive: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self.peer = peer
        self.data_received = receive  # type: ignore[assignment]  # no frame of ours between loop and framer
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[DriverError] = self._loop.create_future()
        """Done when the connection has ended, with the reason."""
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, seconds in (
            (socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S),
            (socket.TCP_KEEPINTVL, KEEPALIVE_EVERY_S),
            (socket.TCP_KEEPCNT, KEEPALIVE_TRIES),
        ):
            sock.setsockopt(socket.IPPROTO_TCP, option, seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop, once, for FIN, RST, a failed keep-alive and our own close alike."""
        if not self.closed.done():
            self.closed.set_result(self._why(exc))
        self._ended()
        self.data_received, self._ended = _ignore, _nothing  # type: ignore[assignment]  # leaves no circle behind

    def _why(self, exc: Exception | None) -> DriverError:
        if self._closing:
            return DriverError("bridge_stopped", f"we closed the connection to {self.peer}")
        if exc is None:
            return DriverError("closed_by_device", f"{self.peer} closed the connection")
        if isinstance(exc, OSError) and exc.errno in _RESET:
            error = DriverError(
                "reset_by_device", f"{self.peer} reset the connection, as a unit does that was restarted or is overrun"
            )
        else:
            error = DriverError("timeout", f"the connection to {self.peer} broke: {exc}; check network and power")
        error.__cause__ = exc.with_traceback(None)  # it would hold the transport, and so this connection
        return error

    @property
    def open(self) -> bool:
        """Whether bytes can still go out."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, data: bytes) -> None:
        """Write; bytes for a connection that has ended are dropped, `closed` has the reason."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    async def close(self) -> None:
        """Close politely and wait until it is done, but never long; harmless when it has ended already."""
        if self._transport is None or self.closed.done():
            return
        self._closing = True
        self._transport.close()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await asyncio.shield(self.closed)
        finally:
            self._transport.abort()


async def connect(
    host: str,
    port: int,
    *,
    timeout: float,
    receive: Callable[[bytes], None],
    ended: Callable[[], None] = lambda: None,
    interface: str = "",
    refused_hint: str = "",
) -> Connection:
    """Connect within ``timeout`` seconds, from the local address ``interface`` if one is given.

    Each address of a name gets its share of the time. ``refused_hint`` is what people can do where the peer refuses.
    Raises `DriverError`: ``refused`` or ``timeout``.
    """
    peer = f"{host} port {port}"
    addresses = await addresses_of(host, timeout)
    if isinstance(addresses, Unresolved):
        raise DriverError("timeout", f"{peer}: {addresses.detail}")
    addresses = addresses[:ADDRESSES_MOST]
    failures: list[DriverError] = []
    for address in addresses:
        try:
            return await _connect_to(
                address, port, peer, timeout / len(addresses), receive, ended, interface, refused_hint
            )
        except DriverError as error:
            failures.append(error)
    try:
        # one that refuses is there, which tells more than silence
        raise next((error for error in failures if error.reason == "refused"), failures[0])
    finally:
        failures.clear()  # an error holds this frame, and the frame the error: nothing may wait for the collector


async def _connect_to(
    address: str,
    port: int,
    peer: str,
    timeout: float,
    receive: Callable[[bytes], None],
    ended: Callable[[], None],
    interface: str,
    refused_hint: str,
) -> Connection:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            _, connection = await loop.create_connection(
                lambda: Connection(peer, receive, ended),
                address,
                port,
                local_addr=(interface, 0) if interface else None,
            )
    except TimeoutError as error:
        raise DriverError(
            "timeout", f"no answer from {peer} within {timeout:g} s: check address, cable, power and network"
        ) from error
    except ConnectionRefusedError as error:
        hint = refused_hint or "nothing listens there, or controller access is blocked in the unit's menu"
        raise DriverError("refused", f"{peer} refused the connection: {hint}") from error
    except OSError as error:
        raise DriverError("timeout", f"cannot connect to {peer}{_from(interface)}: {_words(error)}") from error
    return connection


def _from(interface: str) -> str:
    return f" from local address {interface}" if interface else ""


def _words(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
