"""A door in front of a real broker: everything passes, packet by packet, but for what a test changes or holds back.

For what mosquitto cannot be made to do: refuse a subscription, acknowledge nothing, name a keep-alive of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

CONNECT: Final = 0x10
CONNACK: Final = 0x20
PUBLISH: Final = 0x30
PUBACK: Final = 0x40
SUBSCRIBE: Final = 0x80
SUBACK: Final = 0x90
PINGREQ: Final = 0xC0
DISCONNECT: Final = 0xE0

Packet = bytes
"""A whole MQTT packet, its fixed header included."""

Hook = Callable[[Packet], Packet | None]
"""Gives what goes on in the packet's place; ``None`` for nothing."""


def kind(packet: Packet) -> int:
    return packet[0] & 0xF0


def body(packet: Packet) -> bytes:
    """What follows the fixed header."""
    at = 1
    while packet[at] & 0x80:
        at += 1
    return packet[at + 1 :]


def packet(first: int, content: bytes) -> Packet:
    """A packet of fewer than 16,384 bytes."""
    length = len(content)
    return (
        bytes((first, length)) + content
        if length < 128
        else bytes((first, length % 128 + 128, length // 128)) + content
    )


class Door:
    """Listens on a port of its own."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self.to_broker: Hook = lambda packet: packet
        self.to_client: Hook = lambda packet: packet
        self.passed: list[Packet] = []
        """What clients sent."""
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self._broker_port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, behind_writer, self._from_client))
                group.create_task(self._pass(behind_reader, writer, self._from_broker))
        finally:
            writer.transport.abort()
            behind_writer.transport.abort()  # as the client did it: a will is spoken where no DISCONNECT came

    def _from_client(self, packet: Packet) -> Packet | None:
        self.passed.append(packet)
        return self.to_broker(packet)

    def _from_broker(self, packet: Packet) -> Packet | None:
        return self.to_client(packet)  # the hook of this moment

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hook: Hook) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                packet = hook(await _read_packet(reader))
                if packet is not None:
                    writer.write(packet)
                    await writer.drain()
        writer.transport.abort()


async def _read_packet(reader: asyncio.StreamReader) -> Packet:
    head = await reader.readexactly(2)
    length, shift, digit = head[1] & 0x7F, 7, head[1]
    while digit & 0x80:
        more = await reader.readexactly(1)
        head += more
        digit = more[0]
        length |= (digit & 0x7F) << shift
        shift += 7
    return head + await reader.readexactly(length)
