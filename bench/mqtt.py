"""The smallest MQTT 3.1.1 client that can measure: a library between socket and clock would be measured too."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import cast

_CONNECT, _CONNACK, _PUBLISH, _PUBACK, _SUBSCRIBE, _SUBACK = 0x10, 0x20, 0x30, 0x40, 0x82, 0x90
_CLEAN_SESSION = 0x02
_VERSION_3_1_1 = 4
_RETAIN = 0x01

Listener = Callable[[bytes, bytes, bool, int], None]
"""Topic, payload, retained, and when the socket brought it: nanoseconds of the monotonic clock."""


def _string(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


def _packet(kind: int, body: bytes) -> bytes:
    length, digits = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes((kind, *digits)) + body


class Client(asyncio.Protocol):
    """One connection, without keep-alive."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._tail = b""
        self._transport: asyncio.Transport
        self._next_id = 0
        self._answers: dict[int, asyncio.Future[None]] = {}
        self._acknowledged = 0
        self._progress = asyncio.Event()
        self.messages = 0
        self.bytes = 0

    @classmethod
    async def connect(cls, port: int, name: str, listener: Listener) -> Client:
        """Connect with a clean session."""
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(lambda: cls(listener), "127.0.0.1", port)
        await client.introduce(name)
        return client

    async def introduce(self, name: str) -> None:
        """Say who we are, and wait until the broker has taken us in."""
        head = _string(b"MQTT") + bytes((_VERSION_3_1_1, _CLEAN_SESSION)) + (0).to_bytes(2, "big")
        answer = self._expect(0)
        self._transport.write(_packet(_CONNECT, head + _string(name.encode())))
        await answer

    async def subscribe(self, *topics: str, qos: int = 1) -> None:
        """Subscribe, and wait until the broker has."""
        number = self._number()
        wanted = b"".join(_string(topic.encode()) + bytes((qos,)) for topic in topics)
        answer = self._expect(number)
        self._transport.write(_packet(_SUBSCRIBE, number.to_bytes(2, "big") + wanted))
        await answer

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1, without waiting."""
        body = _string(topic.encode()) + self._number().to_bytes(2, "big") + payload
        self._transport.write(_packet(_PUBLISH | 0x02 | (_RETAIN if retain else 0), body))

    async def acknowledged(self, count: int) -> None:
        """Wait until the broker has acknowledged so many messages since the beginning."""
        while self._acknowledged < count:
            self._progress.clear()
            await self._progress.wait()

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def _number(self) -> int:
        self._next_id = self._next_id % 0xFFFF + 1
        return self._next_id

    def _expect(self, number: int) -> asyncio.Future[None]:
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        return answer

    # -- the event loop's side ---------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Without Nagle's delay."""
        self._transport = cast("asyncio.Transport", transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Whole packets are handled, the rest waits."""
        now = time.monotonic_ns()
        self.bytes += len(data)
        if self._tail:
            data = self._tail + data
        at, end = 0, len(data)
        acknowledgements: list[bytes] = []
        while True:
            length, shift, start = 0, 0, at + 1
            while start < end and data[start] & 0x80:
                length |= (data[start] & 0x7F) << shift
                shift += 7
                start += 1
            if start >= end:
                break
            length |= data[start] << shift
            start += 1
            if start + length > end:
                break
            self._handle(data[at], data[start : start + length], now, acknowledgements)
            at = start + length
        self._tail = data[at:]
        if acknowledgements:
            self._transport.write(b"".join(acknowledgements))

    def _handle(self, head: int, body: bytes, now: int, acknowledgements: list[bytes]) -> None:
        kind = head & 0xF0
        if kind == _PUBLISH:
            at = 2 + int.from_bytes(body[:2], "big")
            topic = body[2:at]
            if head & 0x06:
                acknowledgements.append(b"\x40\x02" + body[at : at + 2])
                at += 2
            self.messages += 1
            self._listener(topic, body[at:], bool(head & _RETAIN), now)
        elif kind == _PUBACK:
            self._acknowledged += 1
            self._progress.set()
        elif kind in (_CONNACK, _SUBACK):
            answer = self._answers.pop(0 if kind == _CONNACK else int.from_bytes(body[:2], "big"))
            refused = body[1] if kind == _CONNACK else any(code > 2 for code in body[2:])
            if refused:
                answer.set_exception(ConnectionRefusedError("the broker refused us"))
            else:
                answer.set_result(None)
