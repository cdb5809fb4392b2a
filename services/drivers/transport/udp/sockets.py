r"""UDP: one shared socket for all units of a maker, with demultiplexing by sender and questions that survive loss.

    async with DatagramSocket(around.interface, port=53212) as shared:
        async with shared.peer("192.0.2.7", 53212, receive=link.receive) as peer:
            answer = await peer.ask(b"Name\r", lambda data: data.startswith(b"Name "), timeout=3.0)

A maker opens the socket and all of its links share it, so a scan of a whole network costs one descriptor (and one more
for IPv6). Nothing queues: what comes goes to a callback at once, what the system does not take is counted and, if it
was a question, sent again.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from services.drivers.port import DriverError, Trace
from services.drivers.transport.failures import failure
from services.drivers.transport.names import Unresolved, addresses_of
from services.drivers.transport.udp.endpoint import (
    Address,
    Counters,
    Endpoint,
    SocketAddress,
    address_of,
    port_owner,
)
from services.drivers.transport.udp.peer import Failed, Peer, Receive
from services.model import AvailabilityReason
from services.pace import Pace

log = logging.getLogger(__name__)

Unknown = Callable[[Address, bytes], None]
UNKNOWN_PER_S, UNKNOWN_BURST = 200, 200
"""Datagrams of unknown senders that reach the maker; the others are only counted."""

UNAVAILABLE: AvailabilityReason = "local_port_unavailable"

_ANYWHERE: dict[socket.AddressFamily, str] = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}  # noqa: S104 - as asked
_ANY_PORT = 0


class DatagramSocket:
    """A shared UDP socket, opened and closed with ``async with``.

    ``interface`` is the local address, empty for all; ``port`` the local port, 0 for any. ``rival`` names, for people,
    the program that usually holds that port. ``unknown`` gets datagrams of senders that no peer is registered for.
    """

    def __init__(self, interface: str = "", port: int = 0, *, rival: str = "", unknown: Unknown | None = None) -> None:
        self._interface = interface
        self._port = port
        self._rival = rival
        self._unknown = unknown
        self._unknown_pace = Pace(UNKNOWN_PER_S, UNKNOWN_BURST)
        self.counters = Counters()
        self._endpoints: dict[int, Endpoint] = {}
        self._peers: dict[Address, tuple[Peer, ...]] = {}
        self._open = False

    async def __aenter__(self) -> Self:
        """Bind. Raises `DriverError` (``local_port_unavailable``) where the address or port cannot be had."""
        self._loop = asyncio.get_running_loop()
        try:
            for family, local in self._locals():
                self._bind(family, local)
        except OSError as error:
            self._close_endpoints()
            raise await self._unbound(error) from error
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop; callers that wait get ``bridge_stopped``. Harmless when it is closed already."""
        self._open = False
        self._close_endpoints()
        peers = {peer for registered in self._peers.values() for peer in registered}
        self._peers.clear()
        for peer in peers:
            peer.end(f"we closed the socket that {peer.name} was asked through")

    @property
    def port(self) -> int:
        """The local port (of IPv4 where there are two); 0 when closed."""
        return next((endpoint.port for endpoint in self._endpoints.values()), 0)

    @asynccontextmanager
    async def peer(
        self,
        host: str,
        port: int,
        receive: Receive | None = None,
        *,
        any_port: bool = False,
        failed: Failed | None = None,
        trace: Trace | None = None,
        hint: str = "",
    ) -> AsyncIterator[Peer]:
        """Register an address for the time of the block. A name is resolved once, here; IPv4 goes before IPv6.

        ``receive`` gets each datagram that answers no question; it must return quickly. ``any_port``: datagrams from
        any port of the host belong to this peer, for units that answer from another. ``failed`` gets ``refused``
        for each ICMP port unreachable, and ``bridge_stopped`` when the socket closes. ``hint``: what people can do
        when nothing answers. An address may be registered several times; each registration gets everything that comes.

        Raises `DriverError` (``timeout``) where the name cannot be resolved or no local address fits.
        """
        to = await self._resolve(host, port)
        address = address_of(to)
        key = (address[0], _ANY_PORT) if any_port else address
        name = f"{host} UDP port {port}"
        peer = Peer(self, name, to, receive, failed=failed, trace=trace, hint=hint)
        if not self._open:
            peer.end(f"we closed the socket before {name} was asked")
        else:
            self._peers[key] = (*self._peers.get(key, ()), peer)
        try:
            yield peer
        finally:
            rest = tuple(other for other in self._peers.get(key, ()) if other is not peer)
            if rest:
                self._peers[key] = rest
            else:
                self._peers.pop(key, None)
            peer.leave()

    def transmit(self, data: bytes, to: SocketAddress) -> int:
        """Called by peers; the error's number or 0."""
        endpoint = self._endpoints.get(_family(to))
        return endpoint.send(data, to) if endpoint is not None else errno.EBADF

    def _locals(self) -> list[tuple[socket.AddressFamily, SocketAddress]]:
        """What to bind: the address that was asked for, or one socket a family."""
        if self._interface:
            entries = socket.getaddrinfo(
                self._interface, self._port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
            )
            return [(family, address) for family, _, _, _, address in entries[:1]]
        return [(family, (host, self._port)) for family, host in _ANYWHERE.items()]

    def _bind(self, family: socket.AddressFamily, local: SocketAddress) -> None:
        endpoint = Endpoint(self._received, self._failed, self.counters)
        try:
            endpoint.open(family, local)
        except OSError as error:
            # IPv6 beside IPv4 is a gift: systems without it are common, and units with IPv6 alone are not
            if self._interface or family != socket.AF_INET6:
                raise
            log.debug("no IPv6 for datagrams: %s", error)
            return
        self._endpoints[family] = endpoint

    def _close_endpoints(self) -> None:
        for endpoint in self._endpoints.values():
            endpoint.close()
        self._endpoints.clear()

    async def _unbound(self, error: OSError) -> DriverError:
        """Why the socket could not be bound, with the remedy."""
        where = f"UDP port {self._port}" + (f" of {self._interface}" if self._interface else "")
        if error.errno == errno.EADDRINUSE:
            owner = await asyncio.to_thread(port_owner, self._port)
            owner = owner or self._rival or "another program"
            remedy = (
                f"end it, or give it and the bridge a local address each (`ss -ulpn sport = :{self._port}` shows it)"
            )
            return failure(UNAVAILABLE, f"{where} of this machine is held by {owner}: {remedy}")
        if error.errno in {errno.EADDRNOTAVAIL, None} or isinstance(error, socket.gaierror):
            return failure(UNAVAILABLE, f"this machine has no address {self._interface}: correct the interface setting")
        if error.errno in {errno.EACCES, errno.EPERM}:
            return failure(UNAVAILABLE, f"{where} may not be opened: the bridge needs the right to bind it")
        return failure(UNAVAILABLE, f"cannot open {where}: {error.strerror or error}")

    async def _resolve(self, host: str, port: int) -> SocketAddress:
        """Where datagrams go to and come from: the first address that a socket of ours fits, IPv4 before IPv6."""
        addresses = await addresses_of(host)
        if isinstance(addresses, Unresolved):
            raise failure("timeout", addresses.detail)
        families = set(self._endpoints) or {socket.AF_INET, socket.AF_INET6}
        fitting = [entry for address in addresses for entry in _entries(address, port) if entry[0] in families]
        if not fitting:
            local = self._interface or "this machine's addresses"
            raise failure("timeout", f"{host} has no address that can be reached from {local}: IPv4 and IPv6 differ")
        return min(fitting, key=lambda entry: entry[0] != socket.AF_INET)[1]

    def _received(self, data: bytes, sender: Address) -> None:
        peers = self._peers.get(sender, ()) + self._peers.get((sender[0], _ANY_PORT), ())
        for peer in peers:
            peer.take(data)
        if peers:
            return
        self.counters.unknown += 1
        if self._unknown is not None and self._unknown_pace.take(self._loop.time()):
            try:
                self._unknown(sender, data)
            except Exception:
                log.exception("cannot process a datagram of an unknown sender", extra={"host": sender[0]})

    def _failed(self, number: int, about: Address) -> None:
        for peer in self._peers.get(about, ()) + self._peers.get((about[0], _ANY_PORT), ()):
            if peer.address == about:
                peer.fail(number)


def _family(address: SocketAddress) -> socket.AddressFamily:
    return socket.AF_INET if len(address) == 2 else socket.AF_INET6  # noqa: PLR2004 - see SocketAddress


def _entries(address: str, port: int) -> list[tuple[int, SocketAddress]]:
    """Family and socket address of a literal address; this asks no name server."""
    entries = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    return [(entry[0], entry[4]) for entry in entries]
