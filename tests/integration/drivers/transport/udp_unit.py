"""A unit that speaks UDP on a real socket, and as badly as a test wishes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

Answering = Callable[[bytes], Iterable[bytes]]


def echo(data: bytes) -> Iterable[bytes]:
    yield data


class UdpUnit(asyncio.DatagramProtocol):
    """Answers each datagram with those that ``answering`` makes of it, and keeps what came and from where."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self.senders: list[tuple[str, int]] = []
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.received.put_nowait(data)
        self.senders.append((addr[0], addr[1]))
        for answer in self.answering(data):
            self.send(answer, addr)

    def send(self, data: bytes, to: Any) -> None:
        assert self._transport is not None
        self._transport.sendto(data, to)

    @property
    def port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    @property
    def address(self) -> tuple[str, int]:
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return host, port


@asynccontextmanager
async def running(answering: Answering = echo, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[UdpUnit]:
    loop = asyncio.get_running_loop()
    transport, unit = await loop.create_datagram_endpoint(lambda: UdpUnit(answering), local_addr=(host, port))
    try:
        yield unit
    finally:
        transport.close()


def is_(expected: bytes) -> Callable[[bytes], bool]:
    return lambda data: data == expected


async def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
