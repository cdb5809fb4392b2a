"""Receives the adverts of Shure units, on every interface: control and audio networks differ."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator

from services.drivers.port import Gone, Sighting
from services.drivers.shure.adverts import sighting_of
from services.drivers.shure.codec import slp

log = logging.getLogger(__name__)

WAITING_MOST = 1000
"""Adverts that wait to be taken; further ones are dropped, for each unit repeats its own every 2 s."""

JOIN_AGAIN_S = 20.0
"""How often interfaces that came up later, or again, are joined."""


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

    Raises `OSError` where the port cannot be listened on, which only a program that does not share it can cause.
    """
    loop = asyncio.get_running_loop()
    sock = _socket(interface)
    received: asyncio.Queue[Sighting] = asyncio.Queue(WAITING_MOST)
    try:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Receiver(received), sock=sock)
    except BaseException:
        sock.close()
        raise
    try:
        join_at = loop.time() + JOIN_AGAIN_S
        while True:
            try:
                async with asyncio.timeout_at(join_at):
                    sighting = await received.get()
            except TimeoutError:
                join_at = loop.time() + JOIN_AGAIN_S
                _join_all(sock, interface)
            else:
                yield sighting
    finally:
        transport.close()


def _socket(interface: str) -> socket.socket:
    """Bound to the group's port, which Wireless Workbench shares, and joined wherever it is possible."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((slp.GROUP, slp.PORT))  # the group's address keeps other datagrams to this port out
        if not _join_all(sock, interface):
            log.warning("no interface takes part in multicast: receivers' adverts cannot be received")
    except BaseException:
        sock.close()
        raise
    return sock


def _join_all(sock: socket.socket, interface: str) -> list[str]:
    """Take part in the group wherever it is possible and not done yet; the interfaces that are new."""
    return [name for name, request in _memberships(interface) if _join(sock, name, request)]


def _memberships(interface: str) -> list[tuple[str, bytes]]:
    """One ``struct ip_mreqn`` (group, local address, interface index) for each interface that is to be joined."""
    group, anywhere = socket.inet_aton(slp.GROUP), socket.inet_aton("0.0.0.0")  # noqa: S104 - the index decides
    if interface:
        return [(interface, struct.pack("@4s4si", group, socket.inet_aton(interface), 0))]
    return [(name, struct.pack("@4s4si", group, anywhere, index)) for index, name in socket.if_nameindex()]


def _join(sock: socket.socket, name: str, request: bytes) -> bool:
    try:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    except OSError as error:
        log.debug("cannot join the group of adverts on %s: %s", name, error)
        return False
    return True
