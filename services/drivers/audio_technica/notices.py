"""Hears what units tell by multicast where somebody switched that on; one ear for all units.

Datagrams are lost and anybody can send them, so a notice is worth what an answer is, and only for the unit at the
address that it came from.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from services.drivers.audio_technica.codec.lines import END, Joiner, Message, parse

log = logging.getLogger(__name__)

GROUP, PORT = "239.0.0.100", 17000
"""The default; another one stands in the unit's own settings, and is not heard."""
DATAGRAM_MOST = 2048
JOIN_AGAIN_S = 20.0
"""How often it is looked whether interfaces came or went."""
STRANGERS_MOST = 256
"""Notices of hosts that nobody reads, which wait to become sightings; the rest is dropped."""
SPEAKERS_MOST = 1000
"""Hosts whose divided messages are put together."""

Hears = Callable[[Message], None]


class Notices:
    """Passes on notices by the address of their sender."""

    def __init__(self, interface: str) -> None:
        self._interface = interface
        self._hears: dict[str, tuple[Hears, ...]] = {}
        self._strangers: asyncio.Queue[tuple[str, Message]] | None = None
        self._joiners: dict[str, Joiner] = {}
        self._task: asyncio.Task[None] | None = None

    async def strangers(self) -> AsyncIterator[tuple[str, Message]]:
        """Address and notice of units that nobody reads, as they come. Raises `OSError` where nobody can listen."""
        transport = await self._listen()
        transport.close()  # whoever waits here is told now that it is in vain; the ear below only tries again
        self._strangers = asyncio.Queue(STRANGERS_MOST)
        self._begin()
        try:
            while True:
                yield await self._strangers.get()
        finally:
            self._strangers = None

    @contextmanager
    def of(self, hosts: list[str], hears: Hears) -> Iterator[None]:
        """Pass on notices of these addresses while the block lasts."""
        self._begin()
        for host in hosts:
            self._hears[host] = (*self._hears.get(host, ()), hears)
        try:
            yield
        finally:
            for host in hosts:
                rest = tuple(each for each in self._hears.get(host, ()) if each is not hears)
                if rest:
                    self._hears[host] = rest
                else:
                    self._hears.pop(host, None)

    async def close(self) -> None:
        """Hear no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def receive(self, data: bytes, host: str) -> None:
        """One datagram; may hold several lines."""
        if len(data) > DATAGRAM_MOST:
            return
        for line in data.split(END):
            piece = parse(line) if line.strip(b"\n") else None
            if piece is None or not piece.notice:
                continue
            if host not in self._joiners and len(self._joiners) >= SPEAKERS_MOST:
                self._joiners.clear()
            message = self._joiners.setdefault(host, Joiner()).take(piece)
            if message is not None:
                self._pass_on(host, message)

    def _pass_on(self, host: str, message: Message) -> None:
        hears = self._hears.get(host, ())
        for each in hears:
            each(message)
        if not hears and self._strangers is not None and not self._strangers.full():
            self._strangers.put_nowait((host, message))

    # -- the ear ---------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._hear(), name="audio-technica notices")

    async def _hear(self) -> None:
        """Listen until cancelled; anew where interfaces came or went, for the system forgets what they had joined."""
        said = False
        while True:
            try:
                transport = await self._listen()
            except OSError as error:
                if not said:
                    words = "notices of Audio-Technica units cannot be heard: units are polled all the same"
                    log.warning(words, extra={"why": str(error)})
                said = True
                await asyncio.sleep(JOIN_AGAIN_S)
                continue
            said, interfaces = False, socket.if_nameindex()
            try:
                while interfaces == socket.if_nameindex():  # noqa: ASYNC110 - the system tells nobody
                    await asyncio.sleep(JOIN_AGAIN_S)
            finally:
                transport.close()

    async def _listen(self) -> asyncio.BaseTransport:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind((GROUP, PORT))  # the group's address keeps other datagrams to this port out
            for name, request in _memberships(self._interface):
                try:
                    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
                except OSError as error:
                    log.debug("cannot join the group of notices on %s: %s", name, error)
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(lambda: _Ear(self.receive), sock=sock)
        except BaseException:
            sock.close()
            raise
        return transport


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, receive: Callable[[bytes, str], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        self._receive(data, str(addr[0]))

    def error_received(self, exc: Exception) -> None:
        log.debug("notices: %s", exc)


def _memberships(interface: str) -> Iterator[tuple[str, bytes]]:
    """One ``struct ip_mreqn`` (group, local address, interface index) for each interface that is to be joined."""
    group, anywhere = socket.inet_aton(GROUP), socket.inet_aton("0.0.0.0")  # noqa: S104 - the index decides
    if interface:
        yield interface, struct.pack("@4s4si", group, socket.inet_aton(interface), 0)
        return
    for index, name in socket.if_nameindex():
        yield name, struct.pack("@4s4si", group, anywhere, index)
