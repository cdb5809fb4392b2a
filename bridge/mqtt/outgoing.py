"""What is on its way to the broker: packets that wait for the socket, and QoS 1 messages that wait for their answer.

Knows no library and no socket: bytes go to ``wake`` and `take`, acknowledgements come to `acknowledge`. Nothing here
grows without bound: `publish_nowait` returns ``False`` when it is full.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial
from operator import add
from typing import Final

from bridge.mqtt import packets
from bridge.mqtt.endpoint import BrokerError, PublishRefusedError, Version
from bridge.mqtt.refusals import FAILED, SUCCESS, TOO_LARGE, Refusals

BACKLOG_BYTES: Final = 256 * 1024
"""What may wait for the socket: half a second of a thousand channels' telemetry."""
WAITING_BYTES: Final = 256 * 1024
"""What may wait for a place in the window of QoS 1 messages: some hundred states."""
Acked = Callable[[int], None]
"""Called with the reason code when the broker acknowledged a message: below 0x80 it took it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What this broker allows (MQTT 5 brokers send it in their CONNACK)."""

    in_flight: int
    packet_bytes: int = packets.MOST_BYTES
    qos_1: bool = True


@dataclass(slots=True)
class Counters:
    """What went over one connection."""

    sent: int = 0
    sent_bytes: int = 0
    acked: int = 0
    refused: int = 0
    dropped: int = 0
    """QoS 0 messages that were not sent because the broker does not keep up."""
    too_large: int = 0
    """Messages that were not sent because the broker takes none so large."""
    received: int = 0
    received_dropped: int = 0
    """Messages that arrived while too many others waited for their reader."""

    def __add__(self, other: Counters) -> Counters:
        return Counters(*map(add, astuple(self), astuple(other)))


@dataclass(frozen=True, slots=True)
class _Waiting:
    topic: str
    payload: bytes
    retain: bool
    properties: bytes
    acked: Acked | None


class Outgoing:
    """The sending half of a connection. Lives on the event loop's thread."""

    def __init__(
        self, version: Version, limits: Limits, *, name: str, wake: Callable[[], None], next_id: Callable[[], int]
    ) -> None:
        self.counters = Counters()
        self.limits = limits
        self.refusals = Refusals(name)
        self._wake = wake
        self._next_id = next_id
        self._is_5 = version == "5"
        self._no_properties = packets.NO_PROPERTIES if version == "5" else b""
        self._buffer = bytearray()
        self._writing = False
        self._window: dict[int, tuple[str, Acked | None]] = {}
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._relieved = asyncio.Event()
        self._relieved.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self.lost: asyncio.Future[BrokerError] = asyncio.get_running_loop().create_future()
        """Done when the connection is gone, with the reason."""

    @property
    def congested(self) -> bool:
        """Whether the broker does not keep up, with bytes or with acknowledgements: see `ready`."""
        return len(self._buffer) >= BACKLOG_BYTES or self._waiting_bytes >= WAITING_BYTES

    @property
    def in_flight(self) -> int:
        """QoS 1 messages that the broker has not acknowledged, those that wait for their turn included."""
        return len(self._window) + len(self._waiting)

    def publish_nowait(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 0,
        retain: bool = False,
        expiry_s: int | None = None,
        correlation: bytes | None = None,
        acked: Acked | None = None,
        beyond_limits: bool = False,
    ) -> bool:
        """Send a message with this turn of the event loop; never blocks.

        ``False`` means that it was not taken because the broker does not keep up: wait for `ready` and come again with
        what is newest then (QoS 0 is counted as dropped). Expiry and correlation exist with MQTT 5 only and are left
        out otherwise. ``acked`` is called for QoS 1 alone, and never once the connection is lost; a broker without
        QoS 1 acknowledges nothing, so there it is called when the message has been taken. ``beyond_limits`` is for
        the one message after which no other comes.
        """
        if not beyond_limits and (len(self._buffer) >= BACKLOG_BYTES or (qos and self._waiting_bytes >= WAITING_BYTES)):
            self._relieved.clear()
            if qos == 0:
                self.counters.dropped += 1
            return False
        properties = self._no_properties
        if properties and (expiry_s is not None or correlation is not None):
            properties = packets.properties(expiry_s, correlation)
        if qos == 0 or not self.limits.qos_1:
            packet = packets.publish(topic.encode(), payload, None, retain=retain, properties=properties)
            self._send(topic, packet, acked=acked if qos else None)
        elif len(self._window) < self.limits.in_flight:
            self._send_counted(_Waiting(topic, payload, retain, properties, acked))
        else:
            self._waiting.append(_Waiting(topic, payload, retain, properties, acked))
            self._waiting_bytes += len(payload)
        return True

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry_s: int | None = None,
        correlation: bytes | None = None,
        beyond_limits: bool = False,
    ) -> None:
        """Send with QoS 1 and wait until the broker has it. Raises `PublishRefusedError`, `BrokerError` when lost."""
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def acked(reason: int) -> None:
            if not answer.done():
                answer.set_result(reason)

        send = partial(
            self.publish_nowait, topic, payload, qos=1, retain=retain, expiry_s=expiry_s, correlation=correlation
        )
        while not send(acked=acked, beyond_limits=beyond_limits):
            await self.ready()
        await asyncio.wait((answer, self.lost), return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise self.lost.result().afresh()
        if answer.result() >= FAILED:
            raise PublishRefusedError(topic, answer.result())

    async def ready(self) -> None:
        """Wait until messages are taken again. Raises `BrokerError` when the connection is lost instead."""
        self._raise_if_lost()
        if self.congested:
            self._relieved.clear()
        await self._relieved.wait()
        self._raise_if_lost()

    async def drained(self) -> None:
        """Wait until everything is written and every QoS 1 message acknowledged. Raises `BrokerError` when lost."""
        await self._idle.wait()
        self._raise_if_lost()

    # -- the connection's side -----------------------------------------------------------------------------------

    def take(self) -> bytearray:
        """Everything that waits for the socket, in one piece; the caller calls `written` when it is out."""
        chunk, self._buffer = self._buffer, bytearray()
        self._writing = True
        return chunk

    def written(self) -> None:
        """All that was taken is out."""
        self._writing = False
        self._relieve()

    @property
    def has_bytes(self) -> bool:
        """Whether there is something to take."""
        return bool(self._buffer)

    def acknowledge(self, packet_id: int, reason: int) -> None:
        """The broker answered a QoS 1 message."""
        topic, acked = self._window.pop(packet_id, ("", None))
        if reason < FAILED:
            self.counters.acked += 1
            if self.refusals and self._is_5:  # MQTT 3.1.1 acknowledges what it throws away
                self.refusals.taken(topic)
        else:
            self.counters.refused += 1
            self.refusals.note(topic, reason)
        if acked is not None:
            acked(reason)
        while self._waiting and len(self._window) < self.limits.in_flight:
            message = self._waiting.popleft()
            self._waiting_bytes -= len(message.payload)
            self._send_counted(message)
        self._relieve()

    def lose(self, reason: BrokerError) -> None:
        """The connection is gone: wake all who wait with the error; nothing is acknowledged any more."""
        if not self.lost.done():
            self.lost.set_result(reason)
            self._relieved.set()
            self._idle.set()

    def _send(self, topic: str, packet: bytes, packet_id: int | None = None, acked: Acked | None = None) -> None:
        if len(packet) > self.limits.packet_bytes:
            self._refuse_too_large(topic, len(packet), acked)
            return
        if packet_id is not None:
            self._window[packet_id] = (topic, acked)
        self.counters.sent += 1
        self.counters.sent_bytes += len(packet)
        if not self._buffer:
            self._idle.clear()
            self._wake()
        self._buffer += packet
        if packet_id is None and acked is not None:
            acked(SUCCESS)

    def _send_counted(self, message: _Waiting) -> None:
        packet_id = self._next_id()
        while packet_id in self._window:
            packet_id = self._next_id()
        packet = packets.publish(
            message.topic.encode(), message.payload, packet_id, retain=message.retain, properties=message.properties
        )
        self._send(message.topic, packet, packet_id, message.acked)

    def _refuse_too_large(self, topic: str, size: int, acked: Acked | None) -> None:
        """Not sent: the broker would end the connection for it, again and again (MQTT 5, 3.2.2.3.6)."""
        self.counters.too_large += 1
        self.refusals.note(topic, TOO_LARGE, size)
        if acked is not None:
            acked(TOO_LARGE)

    def _relieve(self) -> None:
        if len(self._buffer) <= BACKLOG_BYTES // 2 and self._waiting_bytes <= WAITING_BYTES // 2:
            self._relieved.set()
        if not (self._buffer or self._writing or self._window or self._waiting):
            self._idle.set()

    def _raise_if_lost(self) -> None:
        if self.lost.done():
            raise self.lost.result().afresh()
