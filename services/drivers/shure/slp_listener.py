"""Receives the adverts of Shure units, on every interface: control and audio networks differ."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from services.drivers.port import Gone, Sighting
from services.drivers.shure.adverts import sighting_of
from services.drivers.shure.codec import slp

log = logging.getLogger(__name__)

WAITING_MOST = 1000
"""Adverts that wait to be taken; further ones are dropped, for each unit repeats its own every 2 s."""

JOIN_AGAIN_S = 20.0
"""How often it is looked whether interfaces came, went or returned."""

NOWHERE = "no interface takes part in multicast: receivers' adverts cannot be received until one does"


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, received: asyncio.Queue[Sighting]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        advert = sighting_of(data, str(addr[0]))
        if advert is not None and not self._received.full():
            self._received.put_nowait(advert)

    def error_received(self, exc: Exception) -> None:
        log.debug("adverts: %s", exc)


async def receive_adverts(interface: str) -> AsyncIterator[Sighting | Gone]:
    """Adverts as they come, from one local address or from all (empty).

    Where interfaces came, went or returned, another socket takes the place of the first one: the kernel allows a socket
    twenty memberships and keeps those of interfaces that are gone.

    Raises `OSError` where the port cannot be listened on, which only a program that does not share it can cause.
    """
    loop = asyncio.get_running_loop()
    received: asyncio.Queue[Sighting] = asyncio.Queue(WAITING_MOST)
    listening = await _listen(interface, received)
    if not listening.joined:
        log.warning(NOWHERE)
    try:
        look_at = loop.time() + JOIN_AGAIN_S
        while True:
            try:
                async with asyncio.timeout_at(look_at):
                    if loop.time() >= look_at:  # adverts that always wait would keep the time limit from coming
                        raise TimeoutError
                    sighting = await received.get()
            except TimeoutError:
                look_at = loop.time() + JOIN_AGAIN_S
                if listening.joined and listening.interfaces == socket.if_nameindex():
                    continue
                before, listening = listening, await _listen(interface, received)
                before.transport.close()
                if before.joined and not listening.joined:
                    log.warning(NOWHERE)
            else:
                yield sighting
    finally:
        listening.transport.close()


@dataclass(frozen=True, slots=True)
class _Listening:
    transport: asyncio.BaseTransport
    interfaces: Sequence[tuple[int, str]]
    """All that there were when it joined: index and name."""
    joined: Sequence[str]


async def _listen(interface: str, received: asyncio.Queue[Sighting]) -> _Listening:
    """A socket bound to the group's port, which Wireless Workbench shares, that takes part wherever it is possible."""
    interfaces = socket.if_nameindex()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((slp.GROUP, slp.PORT))  # the group's address keeps other datagrams to this port out
        joined = [name for name, request in _memberships(interface, interfaces) if _join(sock, name, request)]
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Receiver(received), sock=sock)
    except BaseException:
        sock.close()
        raise
    return _Listening(transport, interfaces, joined)


def _memberships(interface: str, interfaces: Sequence[tuple[int, str]]) -> Iterator[tuple[str, bytes]]:
    """One ``struct ip_mreqn`` (group, local address, interface index) for each interface that is to be joined."""
    group, anywhere = socket.inet_aton(slp.GROUP), socket.inet_aton("0.0.0.0")  # noqa: S104 - the index decides
    if interface:
        yield interface, struct.pack("@4s4si", group, socket.inet_aton(interface), 0)
        return
    for index, name in interfaces:
        yield name, struct.pack("@4s4si", group, anywhere, index)


def _join(sock: socket.socket, name: str, request: bytes) -> bool:
    try:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    except OSError as error:
        log.debug("cannot join the group of adverts on %s: %s", name, error)
        return False
    return True
