"""Answers to commands on their way to the broker: each is handed over, waits in a bounded queue, or is counted as lost.

A broker with mosquitto's defaults takes twenty messages at once; a hundred commands that arrive together are answered
as fast as it takes the replies.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

from bridge.mqtt import BrokerError

log = logging.getLogger(__name__)

WAITING_BYTES: Final = 1024 * 1024
"""From so many bytes of waiting replies on, no further command is read: see `Replies.ready`."""

WAITING_MOST_BYTES: Final = 32 * 1024 * 1024
"""Replies of commands that were under way by then wait too, up to this; beyond it they are counted as lost."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, ready to be published."""

    topic: str
    payload: bytes
    correlation: bytes | None = None


class Sender(Protocol):
    """What replies need of a connection; see `bridge.mqtt.Connection`."""

    def publish_nowait(self, topic: str, payload: bytes, *, qos: int = 0, correlation: bytes | None = None) -> bool:
        """Send a message; ``False`` where the broker does not keep up."""

    async def ready(self) -> None:
        """Wait until messages are taken again. Raises `BrokerError` when the connection is lost."""


class Replies:
    """Publishes replies over the newest connection."""

    def __init__(self) -> None:
        self._connection: Sender | None = None
        self._waiting: deque[Reply] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._relieved = asyncio.Event()
        self._relieved.set()
        self.lost = 0
        """Replies that were never handed to a broker: there was no connection, or it did not keep up."""

    def put(self, reply: Reply) -> None:
        """Publish a reply now, or as soon as the broker takes it."""
        if self._connection is None:
            self._lose(1)  # the client has to ask again: a command is not kept over a lost connection
        elif not self._waiting and _publish(self._connection, reply):
            pass
        elif self._bytes + len(reply.payload) > WAITING_MOST_BYTES:
            self._lose(1)
        else:
            self._waiting.append(reply)
            self._bytes += len(reply.payload)
            self._arrived.set()
            if self._bytes >= WAITING_BYTES:
                self._relieved.clear()

    async def ready(self) -> None:
        """Wait until so few replies wait that further commands may be performed."""
        await self._relieved.wait()

    async def serve(self, connection: Sender) -> None:
        """Publish what waits, until cancelled or the connection is lost."""
        self._connection = connection
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                await self._publish_waiting(connection)
        except BrokerError as error:
            log.debug("replies end with their connection: %s", error)
        finally:
            self._connection = None
            self._lose(len(self._waiting))
            self._waiting.clear()
            self._bytes = 0
            self._relieved.set()

    async def _publish_waiting(self, connection: Sender) -> None:
        while self._waiting:
            if not _publish(connection, self._waiting[0]):
                await connection.ready()
                continue
            self._bytes -= len(self._waiting.popleft().payload)
            if self._bytes < WAITING_BYTES // 2:
                self._relieved.set()

    def _lose(self, count: int) -> None:
        if count and not self.lost:
            log.warning("replies to commands were lost with the connection, or because the broker does not keep up")
        self.lost += count


def _publish(connection: Sender, reply: Reply) -> bool:
    return connection.publish_nowait(reply.topic, reply.payload, qos=1, correlation=reply.correlation)
