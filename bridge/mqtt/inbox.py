"""What arrived and waits for its reader, bounded in messages and in bytes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from typing import Final

from bridge.contract import Incoming

MESSAGES: Final = 2_000
"""Messages that may wait: four seconds of 500 commands each."""

BYTES: Final = 8 * 1024 * 1024
"""Bytes that may wait, topics and properties included: a hundred of the largest commands, or 2,000 usual ones."""

_HEAD_BYTES: Final = 200
"""What an empty message costs: the object, and its place in the queue."""


class Inbox:
    """A queue with one reader. Lives on the event loop's thread."""

    def __init__(self, largest: int) -> None:
        """``largest`` is the size of the largest payload that is kept, in bytes."""
        self._largest = largest
        self._waiting: deque[Incoming] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._closed = False

    def put(self, message: Incoming) -> bool:
        """Keep a message for the reader, without its payload where that is too much; ``False`` where it is gone."""
        if len(self._waiting) >= MESSAGES:
            return False
        if len(message.payload) > self._largest or message.dropped_bytes or self._bytes + _size(message) > BYTES:
            message = replace(message, payload=b"", dropped_bytes=len(message.payload) + message.dropped_bytes)
        if self._bytes + _size(message) > BYTES:  # topic and properties are too much as well
            return False
        self._waiting.append(message)
        self._bytes += _size(message)
        self._arrived.set()
        return True

    def close(self) -> None:
        """Nothing more will come: the reader ends after what waits."""
        self._closed = True
        self._arrived.set()

    async def messages(self) -> AsyncIterator[Incoming]:
        """What arrives, in order, until the inbox is closed."""
        while True:
            while self._waiting:
                message = self._waiting.popleft()
                self._bytes -= _size(message)
                yield message
            if self._closed:
                return
            self._arrived.clear()
            await self._arrived.wait()


class Look:
    """Topics that are looked at for a moment: what arrives there is for whoever looks, and for no other reader."""

    def __init__(self, topics: Collection[str]) -> None:
        self._topics = frozenset(topics)
        self.found: dict[str, Incoming] = {}
        """The newest message of each topic."""
        self.complete = asyncio.Event()
        """Something stands under every topic."""

    def take(self, message: Incoming) -> bool:
        """Keep a message, if it is under one of the topics."""
        if message.topic not in self._topics:
            return False
        self.found[message.topic] = message
        if len(self.found) == len(self._topics):
            self.complete.set()
        return True


def _size(message: Incoming) -> int:
    return (
        _HEAD_BYTES
        + len(message.topic)
        + len(message.payload)
        + len(message.response_topic or "")
        + len(message.correlation or b"")
    )
